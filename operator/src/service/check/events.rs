//! Events that a service announces: does nobody else? Pure.

use super::Verdict;
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::{Reason, RerpService};

/// What a service may announce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Names that nobody else has a better right to.
    pub names: Vec<String>,
    /// Whether these are all that it declares. A name too many is refused by itself: the rest of the service goes on.
    pub verdict: Verdict,
}

/// One service announces a type of events, or readers would take two sequences for one. Who announces it already stays; among newcomers the older
/// one wins.
pub fn announced(object: &RerpService, services: &[RerpService]) -> Announced {
    let (mut names, mut refused) = (Vec::new(), None);
    for name in declared(object) {
        match elsewhere(object, services, name) {
            None => names.push(name.to_owned()),
            Some(other) => {
                refused.get_or_insert_with(|| {
                    format!(
                        "{name} in spec.events.publishes is announced by RerpService {other}; remove it here, or give what this service tells a name of its own"
                    )
                });
            }
        }
    }
    let verdict = match refused {
        Some(message) => Verdict::Off(Outcome::refused(Reason::EventPublishedElsewhere, message)),
        None => Verdict::Fine(Reason::AsExpected, String::new()),
    };
    Announced { names, verdict }
}

/// Who else has the better right to a name.
fn elsewhere(object: &RerpService, services: &[RerpService], name: &str) -> Option<String> {
    let others = services.iter().filter(|one| one.metadata.name != object.metadata.name);
    let first = others.filter(|one| declared(one).chain(told(one)).any(|other| other == name));
    let first = first.map(|one| rank(one, name)).min()?;
    (first < rank(object, name)).then_some(first.2)
}

fn rank(service: &RerpService, name: &str) -> (bool, Option<jiff::Timestamp>, String) {
    let established = told(service).any(|other| other == name);
    (!established, service.creation_timestamp().map(|time| time.0), service.name_any())
}

fn declared(service: &RerpService) -> impl Iterator<Item = &str> {
    service.spec.events.iter().flat_map(|events| events.publishes.iter().map(String::as_str))
}

/// What a service was let announce when it was last looked at.
fn told(service: &RerpService) -> impl Iterator<Item = &str> {
    let resolved = service.status.as_ref().and_then(|status| status.resolved.as_ref());
    resolved.into_iter().flat_map(|resolved| resolved.publishes.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use rerp_crds::service::ResolvedService;
    use rerp_crds::{Events, RerpServiceSpec, RerpServiceStatus};

    fn service(name: &str, second: i64, publishes: &[&str]) -> RerpService {
        let publishes = publishes.iter().map(ToString::to_string).collect();
        let events = Some(Events { publishes, consumes: Vec::new() });
        let mut service = RerpService::new(name, RerpServiceSpec { events, ..RerpServiceSpec::default() });
        service.metadata.creation_timestamp = jiff::Timestamp::from_second(second).ok().map(Time);
        service
    }

    fn established(mut service: RerpService) -> RerpService {
        let publishes = service.spec.events.iter().flat_map(|events| events.publishes.clone()).collect();
        let resolved = Some(ResolvedService { publishes, ..ResolvedService::default() });
        service.status = Some(RerpServiceStatus { resolved, ..RerpServiceStatus::default() });
        service
    }

    fn all(names: &[&str]) -> Announced {
        let names = names.iter().map(ToString::to_string).collect();
        Announced { names, verdict: Verdict::Fine(Reason::AsExpected, String::new()) }
    }

    #[test]
    fn the_older_one_announces() {
        let services = [service("a", 2, &["x.done.v1", "x.left.v1"]), service("b", 1, &["x.left.v1"])];
        let Announced { names, verdict } = announced(&services[0], &services);
        assert_eq!(names, ["x.done.v1"], "what isn't contested stays");
        let Verdict::Off(refused) = verdict else { panic!("{verdict:?}") };
        assert_eq!(refused.reason(), Reason::EventPublishedElsewhere);
        assert!(refused.message().contains("x.left.v1") && refused.message().contains("RerpService b;"));
        assert_eq!(announced(&services[1], &services), all(&["x.left.v1"]));
        let apart = [service("a", 2, &["x.left.v2"]), service("b", 1, &["x.left.v1"])];
        assert_eq!(announced(&apart[0], &apart), all(&["x.left.v2"]));
    }

    #[test]
    fn who_announces_already_stays() {
        let services = [established(service("young", 9, &["x.done.v1"])), service("old", 1, &["x.done.v1"])];
        assert_eq!(announced(&services[0], &services), all(&["x.done.v1"]));
        assert_eq!(announced(&services[1], &services).names, Vec::<String>::new());
    }
}
