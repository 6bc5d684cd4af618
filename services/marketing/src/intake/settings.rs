//! Settings of the intake. In comes the environment; out go keys and a lifetime, or mistakes that the kit tells together.
//! Must not open anything.

use std::time::Duration;

use rerp_kit::config::Env;

use crate::domain::intake::Keys;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What taking in addresses without Identity needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// They seal and open.
    pub keys: Keys,
    /// How long an address waits for Identity at most.
    pub lifetime: Duration,
}

impl Settings {
    /// `RERP_INTAKE_KEYS` and `RERP_INTAKE_LIFETIME`. None without keys: what Identity can't be asked about is refused then.
    pub fn read(env: &mut Env) -> Option<Self> {
        let keys = Keys::of(env.text("RERP_INTAKE_KEYS")?);
        let lifetime = env.duration("RERP_INTAKE_LIFETIME", 7 * DAY, MINUTE, 30 * DAY);
        match keys {
            Ok(keys) => Some(Self { keys, lifetime }),
            Err(error) => {
                env.mistake("RERP_INTAKE_KEYS", error.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intake_is_off_or_has_keys() {
        let mut env = Env::of([]);
        assert!(Settings::read(&mut env).is_none() && env.finish().is_ok());
        let mut env = Env::of([("RERP_INTAKE_KEYS", "k:short"), ("RERP_INTAKE_LIFETIME", "1s")]);
        assert!(Settings::read(&mut env).is_none());
        let mistakes = env.finish().unwrap_err().to_string();
        assert!(mistakes.contains("RERP_INTAKE_KEYS:") && mistakes.contains("RERP_INTAKE_LIFETIME:"), "{mistakes}");
        let mut env = Env::of([("RERP_INTAKE_KEYS", "k:0123456789abcdef0123456789abcdef")]);
        assert_eq!(Settings::read(&mut env).unwrap().lifetime, Duration::from_secs(604_800));
    }
}
