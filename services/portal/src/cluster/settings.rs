//! What the view of the platform takes. In: the environment. Out: checked values; or none where no issuer is named. Half of them is a mistake.

use rerp_kit::bearer::Trust;
use rerp_kit::config::Env;

/// Whose tokens are believed; says that the view is wanted.
const ISSUER: &str = "RERP_TOKEN_ISSUER";
/// Where the pod runs. The operator says it to every service.
const NAMESPACE: &str = "RERP_NAMESPACE";

/// Checked settings.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// Whose tokens are believed.
    pub trust: Trust,
    /// The namespace whose resources are shown.
    pub namespace: String,
}

impl ClusterSettings {
    /// None where nothing is set. Mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Option<Self> {
        env.text(ISSUER)?;
        let trust = Trust::read(env);
        let namespace = env.text(NAMESPACE).map(str::to_owned);
        let namespace = namespace.filter(|name| is_label(name));
        if namespace.is_none() {
            env.mistake(NAMESPACE, "expected the namespace of the pod; the operator sets it");
        }
        Some(Self { trust: trust?, namespace: namespace? })
    }
}

/// Whether this can name a namespace or one of our resources (RFC 1123), and so stands in a path for itself.
pub(super) fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 5] = [
        ("RERP_TOKEN_KEYS_ADDRESS", "http://sandbox:8080/keys"),
        (ISSUER, "http://sandbox:8080"),
        ("RERP_PERSON_AUDIENCE", "authenticated"),
        ("RERP_STAFF_AUDIENCE", "staff"),
        (NAMESPACE, "rerp"),
    ];

    #[test]
    fn all_or_nothing_is_set() {
        let mut env = Env::of([(NAMESPACE, "rerp")]);
        assert!(ClusterSettings::read(&mut env).is_none() && env.finish().is_ok());
        let mut env = Env::of(ALL);
        assert_eq!(ClusterSettings::read(&mut env).unwrap().namespace, "rerp");
        assert!(env.finish().is_ok());
        for left in [0, 2, 3, 4] {
            let mut some = ALL;
            some[left].1 = "";
            let mut env = Env::of(some);
            assert!(ClusterSettings::read(&mut env).is_none());
            let mistakes = env.finish().unwrap_err().to_string();
            assert!(mistakes.contains(some[left].0), "{mistakes}");
        }
    }

    #[test]
    fn a_name_stands_for_itself_in_a_path() {
        for name in ["a", "identity-2", &"a".repeat(63)] {
            assert!(is_label(name), "{name}");
        }
        for name in ["", "A", "a/b", "..", "a.b", "-a", "a-", "a?b", "a%2fb", &"a".repeat(64)] {
            assert!(!is_label(name), "{name}");
        }
    }
}
