//! Settings of the sandbox. In: the environment. Out: checked values, or every mistake at once.

use crate::supabase::settings::Settings as Supabase;
use rerp_kit::config::{Env, Settings};
use serde_json::Value;

/// Largest body unless `RERP_BODY_LIMIT` says otherwise: the largest request for patterns, with prices of 17 digits.
const BODY_LIMIT: usize = 1024 * 1024;
/// What is set of the project at Supabase: a JSON object with some of its settings.
const SUPABASE: &str = "RERP_SUPABASE_SETTINGS";

/// What every service has: addresses, limits, the certificate. Nothing of a database is used. And what is set of Supabase.
///
/// Mistakes stay in `env` until its `finish`.
pub fn read(env: &mut Env) -> (Settings, Supabase) {
    let mut settings = Settings::read(env, "sandbox");
    if env.text("RERP_BODY_LIMIT").is_none() {
        settings.http.body_limit = BODY_LIMIT;
    }
    let supabase = match env.text(SUPABASE).map(set) {
        None => Supabase::default(),
        Some(Ok(supabase)) => supabase,
        Some(Err(why)) => {
            env.mistake(SUPABASE, why);
            Supabase::default()
        }
    };
    (settings, supabase)
}

fn set(text: &str) -> Result<Supabase, String> {
    // What serde says of a value that doesn't fit may repeat it, and secrets of hooks are among them.
    let unusable = "expected a JSON object with settings of the stand-in for Supabase";
    let changes: Value = serde_json::from_str(text).map_err(|_| unusable.to_owned())?;
    Supabase::default().with(&changes).map_err(|_| unusable.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_may_be_larger_than_elsewhere_unless_told() {
        let mut env = Env::of([]);
        let (settings, supabase) = read(&mut env);
        assert_eq!((settings.http.body_limit, supabase), (BODY_LIMIT, Supabase::default()));
        assert!(env.finish().is_ok());
        assert_eq!(read(&mut Env::of([("RERP_BODY_LIMIT", "100")])).0.http.body_limit, 100);
    }

    #[test]
    fn supabase_is_set_from_the_environment() {
        let mut env = Env::of([(SUPABASE, r#"{"issuer": "http://sandbox/supabase/auth/v1"}"#)]);
        assert_eq!(read(&mut env).1.issuer, "http://sandbox/supabase/auth/v1");
        assert!(env.finish().is_ok());
        for bad in ["{", "[]", r#"{"issuer": 7}"#, r#"{"who": 7}"#] {
            let mut env = Env::of([(SUPABASE, bad)]);
            read(&mut env);
            assert!(env.finish().unwrap_err().to_string().contains(SUPABASE), "{bad}");
        }
    }
}
