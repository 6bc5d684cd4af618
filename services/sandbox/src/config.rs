//! Settings of the sandbox. In: the environment. Out: checked values, or every mistake at once.

use rerp_kit::config::{Env, Settings};

/// Largest body unless `RERP_BODY_LIMIT` says otherwise: the largest request for patterns, with prices of 17 digits.
const BODY_LIMIT: usize = 1024 * 1024;

/// What every service has: addresses, limits, the certificate. Nothing of a database is used.
///
/// Mistakes stay in `env` until its `finish`.
pub fn read(env: &mut Env) -> Settings {
    let mut settings = Settings::read(env, "sandbox");
    if env.text("RERP_BODY_LIMIT").is_none() {
        settings.http.body_limit = BODY_LIMIT;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_may_be_larger_than_elsewhere_unless_told() {
        let mut env = Env::of([]);
        assert_eq!(read(&mut env).http.body_limit, BODY_LIMIT);
        assert!(env.finish().is_ok());
        assert_eq!(read(&mut Env::of([("RERP_BODY_LIMIT", "100")])).http.body_limit, 100);
    }
}
