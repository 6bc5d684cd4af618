//! Reading variables. In come names and defaults; out go values and, at the end, every mistake at once.
//! Must not decide what a setting means: that is `settings.rs`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use url::Url;

/// One variable that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Name of the variable.
    pub variable: String,
    /// What is wrong and what would be right. Holds no value: a value may be a secret.
    pub advice: String,
}

/// Every mistake found in the configuration, so that a person fixes them in one go.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError(pub Vec<Mistake>);

impl Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the configuration can't be used:")?;
        for mistake in &self.0 {
            write!(f, " {}: {};", mistake.variable, mistake.advice)?;
        }
        Ok(())
    }
}

/// The environment of the process, or a map in tests.
#[derive(Debug, Default)]
pub struct Env {
    values: BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl Env {
    /// The variables of this process. One that isn't UTF-8 counts as absent.
    #[must_use]
    pub fn of_process() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { values, mistakes: Vec::new() }
    }

    /// Variables given one by one.
    #[must_use]
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { values, mistakes: Vec::new() }
    }

    /// The text of a variable; one that is set but blank counts as absent, as it does in a container specification
    /// that leaves a value out.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A variable of a parsed type, or `default` when it is absent. A mistake is kept for [`Env::finish`].
    pub fn parse<T>(&mut self, name: &str, default: T, expected: &str) -> T
    where
        T: FromStr,
    {
        match self.text(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.mistake(name, format!("expected {expected}"));
                default
            }
        }
    }

    /// A duration such as `500ms`, `10s` or `2m`, between `least` and `most`.
    pub fn duration(&mut self, name: &str, default: Duration, least: Duration, most: Duration) -> Duration {
        let Some(text) = self.text(name) else { return default };
        let parsed = text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
        match parsed {
            Some(value) if (least..=most).contains(&value) => value,
            _ => {
                self.mistake(name, format!("expected a duration such as 500ms or 10s, from {least:?} to {most:?}"));
                default
            }
        }
    }

    /// The base address of another service, from `RERP_<NAME>_URL`. Absent is a mistake.
    pub fn dependency(&mut self, name: &str) -> Option<Url> {
        let variable = format!("RERP_{}_URL", name.to_uppercase().replace('-', "_"));
        let Some(text) = self.text(&variable) else {
            self.mistake(&variable, format!("not set; name `{name}` under spec.dependencies of this service"));
            return None;
        };
        match Url::parse(text) {
            Ok(url) if url.scheme() == "https" && self.text("RERP_TLS_DIR").is_none() => {
                self.mistake("RERP_TLS_DIR", format!("not set; {variable} needs the directory of the certificate"));
                None
            }
            Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => Some(url),
            _ => {
                self.mistake(&variable, "expected an address such as https://name.namespace.svc:8080");
                None
            }
        }
    }

    /// The same of a service that this one can do without. None where no dependency of this name is named.
    pub fn optional_dependency(&mut self, name: &str) -> Option<Url> {
        let variable = format!("RERP_{}_URL", name.to_uppercase().replace('-', "_"));
        self.text(&variable)?;
        self.dependency(name)
    }

    /// Keeps a mistake that a caller found.
    pub fn mistake(&mut self, variable: &str, advice: impl Into<String>) {
        self.mistakes.push(Mistake { variable: variable.to_owned(), advice: advice.into() });
    }

    /// # Errors
    /// Every mistake found since the start.
    pub fn finish(&mut self) -> Result<(), ConfigError> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(ConfigError(std::mem::take(&mut self.mistakes))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut env = Env::of([("A", "x"), ("B", "1 fortnight"), ("RERP_IDENTITY_URL", "identity:8080")]);
        assert_eq!(env.parse("A", 7_u16, "a port"), 7);
        let second = Duration::from_secs(1);
        assert_eq!(env.duration("B", second, Duration::ZERO, second), second);
        assert!(env.dependency("identity").is_none());
        assert!(env.dependency("who-else").is_none());
        let text = env.finish().unwrap_err().to_string();
        for name in ["A:", "B:", "RERP_IDENTITY_URL:", "RERP_WHO_ELSE_URL: not set"] {
            assert!(text.contains(name), "{text}");
        }
        assert!(env.finish().is_ok());
    }

    #[test]
    fn what_a_service_can_do_without_may_be_absent_and_not_wrong() {
        let mut env = Env::of([("RERP_BILLING_URL", "billing"), ("RERP_FTE_URL", "http://fte:8080")]);
        assert!(env.optional_dependency("identity").is_none());
        assert!(env.optional_dependency("fte").is_some() && env.optional_dependency("billing").is_none());
        assert_eq!(env.finish().unwrap_err().0.len(), 1, "the one that can't be read");
    }

    #[test]
    fn a_call_over_tls_needs_a_certificate() {
        let address = ("RERP_IDENTITY_URL", "https://identity.rerp.svc:8080");
        let mut env = Env::of([address, ("RERP_TLS_DIR", "/etc/rerp/tls")]);
        assert!(env.dependency("identity").is_some() && env.finish().is_ok());
        let mut env = Env::of([address]);
        assert!(env.dependency("identity").is_none());
        assert!(env.finish().unwrap_err().to_string().contains("RERP_TLS_DIR"));
    }

    #[test]
    fn durations_have_units_and_bounds() {
        let mut env = Env::of([("A", "1500ms"), ("B", "2m"), ("C", "-1s"), ("D", "15")]);
        let read = |env: &mut Env, name| env.duration(name, Duration::MAX, Duration::ZERO, Duration::from_secs(600));
        assert_eq!(read(&mut env, "A"), Duration::from_millis(1500));
        assert_eq!(read(&mut env, "B"), Duration::from_secs(120));
        assert_eq!(read(&mut env, "C"), Duration::MAX);
        assert_eq!(read(&mut env, "D"), Duration::MAX);
        assert_eq!(env.finish().unwrap_err().0.len(), 2);
    }
}
