//! Secrets and ConfigMaps that a spec names: do they exist, with the keys it names? Pure.

use super::Verdict;
use crate::outcome::Outcome;
use rerp_crds::pod::KeyRef;
use rerp_crds::{Reason, RerpServiceSpec};
use std::collections::{BTreeMap, BTreeSet};

/// Keys by name of the object; none for an object that does not exist.
pub type Keys = BTreeMap<String, Option<BTreeSet<String>>>;

/// Fine if everything is there; else refused, naming the first thing that is missing.
pub fn verdict(spec: &RerpServiceSpec, secrets: &Keys, config_maps: &Keys) -> Verdict {
    let sources = || spec.env.iter().filter_map(|one| Some((one.name.as_str(), one.value_from.as_ref()?)));
    let secret_key =
        sources().find_map(|(variable, from)| lacks("Secret", variable, from.secret_key_ref.as_ref()?, secrets));
    let config_key = || {
        sources()
            .find_map(|(variable, from)| lacks("ConfigMap", variable, from.config_map_key_ref.as_ref()?, config_maps))
    };
    let whole = || absent("Secret", secrets).or_else(|| absent("ConfigMap", config_maps));
    match secret_key.or_else(config_key).or_else(whole) {
        Some(message) => Verdict::Off(Outcome::refused(Reason::ConfigMissing, message)),
        None => Verdict::Fine(Reason::AsExpected, String::new()),
    }
}

fn lacks(kind: &str, variable: &str, from: &KeyRef, found: &Keys) -> Option<String> {
    let KeyRef { name, key } = from;
    match found.get(name) {
        Some(Some(keys)) if keys.contains(key) => None,
        Some(Some(_)) => Some(format!("{kind} {name} has no key {key}, which spec.env {variable} names; add the key")),
        _ => {
            Some(format!("{kind} {name} does not exist; create it with the key {key}, which spec.env {variable} names"))
        }
    }
}

fn absent(kind: &str, found: &Keys) -> Option<String> {
    let name = found.iter().find_map(|(name, keys)| keys.is_none().then_some(name))?;
    Some(format!("{kind} {name} does not exist; create it or remove it from the spec"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_crds::pod::{ConfigRef, EnvFrom, EnvSource, EnvVar};

    fn spec() -> RerpServiceSpec {
        let key = KeyRef { name: "vendor".into(), key: "token".into() };
        let from = EnvSource { secret_key_ref: Some(key), ..EnvSource::default() };
        RerpServiceSpec {
            env: vec![EnvVar { name: "TOKEN".into(), value_from: Some(from), ..EnvVar::default() }],
            env_from: vec![EnvFrom { config_map_ref: Some(ConfigRef { name: "flags".into() }), ..EnvFrom::default() }],
            ..RerpServiceSpec::default()
        }
    }

    fn keys(name: &str, keys: Option<&[&str]>) -> Keys {
        [(name.to_owned(), keys.map(|keys| keys.iter().map(ToString::to_string).collect()))].into()
    }

    fn message(verdict: Verdict) -> String {
        match verdict {
            Verdict::Fine(..) => String::new(),
            Verdict::Off(outcome) => outcome.message().to_owned(),
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let flags = keys("flags", Some(&[]));
        assert_eq!(message(verdict(&spec(), &keys("vendor", Some(&["token"])), &flags)), "");
        let said = message(verdict(&spec(), &keys("vendor", None), &flags));
        assert!(said.contains("Secret vendor does not exist") && said.contains("spec.env TOKEN"), "{said}");
        let said = message(verdict(&spec(), &keys("vendor", Some(&["other"])), &flags));
        assert!(said.contains("Secret vendor has no key token"), "{said}");
        let said = message(verdict(&spec(), &keys("vendor", Some(&["token"])), &keys("flags", None)));
        assert!(said.contains("ConfigMap flags does not exist"), "{said}");
    }
}
