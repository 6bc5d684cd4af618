//! What sessions take. In: the environment. Out: checked values; or none where none of them is set. Half of them is a mistake.

use axum::http::HeaderValue;
use rerp_kit::config::Env;
use url::{Host, Url};

use super::seal::Seal;

/// The project at Supabase.
const URL: &str = "RERP_AUTH_PROJECT";
/// A key of the project. A publishable one opens its door and proves nobody; with a secret one the project counts by the visitor's address.
const API_KEY: &str = "RERP_AUTH_KEY";
/// What refresh tokens are sealed with.
const SESSION_KEY: &str = "RERP_SESSION_KEY";

/// Checked settings.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// The project's address, without `/auth/v1`.
    pub auth: Url,
    /// Its key, as a header that no log shows.
    pub api_key: HeaderValue,
    /// Seals refresh tokens.
    pub seal: Seal,
}

impl SessionSettings {
    /// None where nothing is set. Mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Option<Self> {
        let given = |name| env.text(name).map(str::to_owned);
        let (auth, api_key, keys) = (given(URL), given(API_KEY), given(SESSION_KEY));
        if auth.is_none() && api_key.is_none() && keys.is_none() {
            return None;
        }
        for (name, value) in [(URL, &auth), (API_KEY, &api_key), (SESSION_KEY, &keys)] {
            if value.is_none() {
                env.mistake(name, format!("not set; sessions need {URL}, {API_KEY} and {SESSION_KEY}"));
            }
        }
        let auth = auth.as_deref().and_then(|text| {
            let url = Url::parse(text).ok().filter(may_be_told_passwords);
            if url.is_none() {
                let expected = "expected an address such as https://project.supabase.co, without /auth/v1; http:// for a name inside the cluster only";
                env.mistake(URL, expected);
            }
            url
        });
        let api_key = api_key.as_deref().and_then(|text| {
            let key = HeaderValue::from_str(text).ok();
            if key.is_none() {
                env.mistake(API_KEY, "expected a key of the project, such as sb_publishable_…");
            }
            key.map(|mut key| {
                key.set_sensitive(true);
                key
            })
        });
        let seal = keys.as_deref().and_then(|text| match Seal::of(text) {
            Ok(seal) => Some(seal),
            Err(wrong) => {
                env.mistake(SESSION_KEY, wrong.to_string());
                None
            }
        });
        Some(Self { auth: auth?, api_key: api_key?, seal: seal? })
    }
}

/// Whether nobody on the way reads along: over TLS, or to a name that means nothing outside of the cluster or machine.
fn may_be_told_passwords(url: &Url) -> bool {
    let is_inside = match url.host() {
        Some(Host::Domain(name)) => {
            let ends = [".svc", ".svc.cluster.local", ".localhost"];
            !name.contains('.') || ends.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_inside
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a key that all pods have and nobody else";

    #[test]
    fn all_or_nothing_is_set() {
        let mut env = Env::of([]);
        assert!(SessionSettings::read(&mut env).is_none() && env.finish().is_ok());
        let all = [(URL, "http://sandbox:8080/supabase"), (API_KEY, "sb_publishable_a"), (SESSION_KEY, KEY)];
        let mut env = Env::of(all);
        assert!(SessionSettings::read(&mut env).is_some() && env.finish().is_ok());
        for left in 0..all.len() {
            let mut some = all;
            some[left].1 = "";
            let mut env = Env::of(some);
            assert!(SessionSettings::read(&mut env).is_none());
            let mistakes = env.finish().unwrap_err().to_string();
            assert!(mistakes.contains(&format!("{}: not set", all[left].0)), "{mistakes}");
        }
    }

    #[test]
    fn what_can_not_be_is_a_mistake_and_not_shown() {
        for (url, api_key, key) in [
            ("sandbox:8080", "sb_publishable_a", KEY),
            ("http://sandbox", "sb_publishable_a", "short"),
            ("http://sandbox", "sb_publishable_a", ""),
            ("http://sandbox", "sb_secret\u{7f}short", KEY),
        ] {
            let mut env = Env::of([(URL, url), (API_KEY, api_key), (SESSION_KEY, key)]);
            assert!(SessionSettings::read(&mut env).is_none());
            let mistakes = env.finish().unwrap_err().to_string();
            assert!(!mistakes.contains("short") && !mistakes.contains(KEY), "{mistakes}");
        }
    }

    #[test]
    fn passwords_go_in_the_clear_to_nobody_outside() {
        let fits = |text: &str| may_be_told_passwords(&Url::parse(text).unwrap());
        for inside in
            ["sandbox:8080/supabase", "auth.rerp.svc", "auth.rerp.svc.cluster.local", "127.0.0.1:1", "[::1]:1"]
        {
            assert!(fits(&format!("http://{inside}")) && fits(&format!("https://{inside}")), "{inside}");
        }
        for outside in ["project.supabase.co", "192.0.2.1", "10.0.0.1", "svc.example.com"] {
            assert!(!fits(&format!("http://{outside}")) && fits(&format!("https://{outside}")), "{outside}");
        }
        assert!(!fits("ftp://sandbox"));
    }

    #[test]
    fn no_key_is_shown() {
        let mut env = Env::of([(URL, "http://sandbox"), (API_KEY, "sb_secret_abc"), (SESSION_KEY, KEY)]);
        let shown = format!("{:?}", SessionSettings::read(&mut env).unwrap());
        assert!(!shown.contains("sb_secret_abc") && !shown.contains(KEY), "{shown}");
    }
}
