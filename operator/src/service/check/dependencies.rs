//! Services that a service calls: do they exist, do they work, do they form a circle? Pure.

use super::Verdict;
use crate::graph::{Edges, path};
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::{ConditionType, ObjectRef, Reason, RerpService, condition};
use std::collections::BTreeSet;
use std::time::Duration;

/// Look again at a dependency that isn't ready; a watch usually comes first.
const AGAIN: Duration = Duration::from_secs(15);

/// Refuses a service that depends on itself by way of others, naming the circle.
pub fn no_circle<'a>(name: &str, services: &'a [RerpService]) -> Result<(), Outcome> {
    let named = |one: &'a RerpService| {
        let calls = one.spec.dependencies.iter().map(|to| to.name.as_str()).collect::<Vec<_>>();
        (one.metadata.name.as_deref().unwrap_or_default(), calls)
    };
    let edges: Edges<'a> = services.iter().map(named).collect();
    match path(name, name, &edges) {
        None => Ok(()),
        Some(circle) => Err(Outcome::refused(
            Reason::DependencyCycle,
            format!(
                "dependencies form a circle: {name} -> {}; remove one of them, or let one service publish what the other needs",
                circle.join(" -> ")
            ),
        )),
    }
}

/// Services that name `name` in their dependencies: its list of callers and its NetworkPolicy let in the same ones.
pub fn callers(name: &str, services: &[RerpService]) -> BTreeSet<String> {
    let calls = |one: &&RerpService| one.spec.dependencies.iter().any(|to| to.name == name);
    services.iter().filter(calls).map(ResourceExt::name_any).collect()
}

/// DependenciesReady. A missing dependency needs a person, one that isn't ready needs time.
pub fn verdict(dependencies: &[ObjectRef], services: &[RerpService]) -> Verdict {
    if dependencies.is_empty() {
        return Verdict::Fine(Reason::NotNeeded, "the service declares no dependencies".to_owned());
    }
    let find = |name: &str| services.iter().find(|one| one.metadata.name.as_deref() == Some(name));
    let missing = names(dependencies, |name| find(name).is_none());
    if !missing.is_empty() {
        let message = format!(
            "RerpService {missing} in spec.dependencies does not exist; create it or remove it from spec.dependencies"
        );
        return Verdict::Off(Outcome::refused(Reason::DependencyMissing, message));
    }
    let waiting = names(dependencies, |name| !find(name).is_some_and(is_ready));
    if !waiting.is_empty() {
        return Verdict::Off(Outcome::waiting(
            Reason::DependencyNotReady,
            format!("RerpService {waiting} is not ready"),
            AGAIN,
        ));
    }
    Verdict::Fine(Reason::AsExpected, format!("RerpService {} is ready", names(dependencies, |_| true)))
}

fn names(dependencies: &[ObjectRef], keep: impl Fn(&str) -> bool) -> String {
    dependencies.iter().map(|one| one.name.as_str()).filter(|name| keep(name)).collect::<Vec<_>>().join(", ")
}

fn is_ready(service: &RerpService) -> bool {
    let conditions = service.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    condition::is_true(conditions, ConditionType::Ready, service.metadata.generation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_crds::RerpServiceSpec;

    fn service(name: &str, dependencies: &[&str]) -> RerpService {
        let dependencies = dependencies.iter().map(|to| ObjectRef::new(*to)).collect();
        RerpService::new(name, RerpServiceSpec { dependencies, ..RerpServiceSpec::default() })
    }

    #[test]
    fn a_circle_is_named_and_a_diamond_is_none() {
        let services = [service("a", &["b", "c"]), service("b", &["d"]), service("c", &["d"]), service("d", &[])];
        assert_eq!(no_circle("a", &services), Ok(()));
        let services = [service("a", &["b"]), service("b", &["c"]), service("c", &["x", "a"])];
        let refused = no_circle("a", &services).unwrap_err();
        assert_eq!(refused.reason(), Reason::DependencyCycle);
        assert!(refused.message().contains("a -> b -> c -> a;"), "{}", refused.message());
    }

    #[test]
    fn a_circle_elsewhere_does_not_concern_others() {
        let services = [service("a", &["b"]), service("b", &["c"]), service("c", &["b"])];
        assert_eq!(no_circle("a", &services), Ok(()));
        assert!(no_circle("b", &services).is_err());
    }

    #[test]
    fn missing_ones_are_named() {
        let Verdict::Off(outcome) = verdict(&[ObjectRef::new("account")], &[service("a", &[])]) else {
            panic!("expected a refusal")
        };
        assert!(outcome.message().contains("RerpService account"), "{}", outcome.message());
        assert_eq!(outcome.reason(), Reason::DependencyMissing);
    }
}
