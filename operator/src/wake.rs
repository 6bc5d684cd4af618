//! Which objects a change of another one concerns. In: the changed object. Out: those to look at again. Must not: read the cluster.

use crate::service::check::bus::has_events;
use kube::core::error_boundary::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use rerp_crds::{DatabaseSplitMigration, Events, RerpService, SplitPhase};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// What each service calls, by namespace and name, with the UID of the service.
type Known = HashMap<(String, String), (Option<String>, BTreeSet<String>)>;

/// Whose requests each service lets in follows from the dependencies of the others. This remembers them, so that a service that
/// is no longer called is told as well, and nobody is woken by changes of anything else (status changes often). A caller that is
/// deleted wakes nobody: it has no pods left, and the next regular visit forgets it.
#[derive(Default)]
pub(crate) struct Callers(Mutex<Known>);

impl Callers {
    /// Services that `caller` has begun to call, or called before and doesn't any more, since it was last seen.
    pub(crate) fn changed(
        &self,
        caller: &DeserializeGuard<RerpService>,
    ) -> Vec<ObjectRef<DeserializeGuard<RerpService>>> {
        let (Ok(service), Some(namespace)) = (&caller.0, caller.namespace()) else { return Vec::new() };
        let calls = service.spec.dependencies.iter().map(|to| to.name.clone()).collect();
        let concerned = self.replace((namespace.clone(), caller.name_any()), caller.uid(), calls);
        concerned.iter().map(|name| ObjectRef::new(name).within(&namespace)).collect()
    }

    /// Remembers what `caller` calls and returns the difference to before.
    fn replace(&self, caller: (String, String), uid: Option<String>, calls: BTreeSet<String>) -> BTreeSet<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (before_uid, before) = known.remove(&caller).unwrap_or_default();
        // One that was made again is another: those it calls may have forgotten it in between.
        let difference = if before_uid == uid { &before ^ &calls } else { &before | &calls };
        // An entry without calls would only take room.
        if !calls.is_empty() {
            known.insert(caller, (uid, calls));
        }
        difference
    }
}

/// What others read of a service's events: which service it is, what it declares, what it was let announce.
type Says = (Option<String>, Events, Vec<String>);

/// What the event bus lets each service do follows from the events of all, and so does who may announce a type. This remembers them, by
/// namespace and name of the service. A service that is deleted wakes nobody, as with [`Callers`].
#[derive(Default)]
pub(crate) struct Announcers(Mutex<HashMap<(String, String), Says>>);

impl Announcers {
    /// Whom a change of `other` concerns, `bus` being the name of event buses: the bus, if the events of `other` have changed, and who
    /// declares to announce the same; of a bus everybody with events, for pods are told whether there is one.
    pub(crate) fn concerned(
        &self,
        store: &Store<DeserializeGuard<RerpService>>,
        other: &DeserializeGuard<RerpService>,
        bus: &str,
    ) -> Vec<ObjectRef<DeserializeGuard<RerpService>>> {
        if other.name_any() == bus {
            return referring(store, other, |service: &RerpService, _| has_events(service));
        }
        let (Some(types), Some(namespace)) = (self.changed(other), other.namespace()) else { return Vec::new() };
        let mut concerned = referring(store, other, |service: &RerpService, name| {
            let mut announced = service.spec.events.iter().flat_map(|events| &events.publishes);
            service.name_any() != name && announced.any(|one| types.contains(one))
        });
        concerned.push(ObjectRef::new(bus).within(&namespace));
        concerned
    }

    /// Types that `service` announces or announced, if anything about its events has changed since it was last seen.
    fn changed(&self, service: &DeserializeGuard<RerpService>) -> Option<BTreeSet<String>> {
        let (namespace, object) = (service.namespace()?, service.0.as_ref().ok()?);
        let resolved = object.status.as_ref().and_then(|status| status.resolved.as_ref());
        let told = resolved.map(|resolved| resolved.publishes.clone()).unwrap_or_default();
        let now: Says = (object.uid(), object.spec.events.clone().unwrap_or_default(), told);
        let key = (namespace, object.name_any());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.remove(&key).unwrap_or_default();
        let silent = |(_, events, told): &Says| *events == Events::default() && told.is_empty();
        let same = before == now || (silent(&before) && silent(&now));
        let types = [&before, &now].into_iter().flat_map(|(_, events, told)| events.publishes.iter().chain(told));
        let types = types.cloned().collect();
        // An entry without events would only take room.
        if !silent(&now) {
            known.insert(key, now);
        }
        (!same).then_some(types)
    }
}

/// What others read of a migration: which one it is, what it asks for, and how far it is.
type Stage = (Option<String>, Option<i64>, Option<SplitPhase>);

/// A live migration reports progress every second, and none of that concerns its service or the migrations that wait for it. This remembers
/// the rest, by namespace and name of the migration. One that goes without having been let go of by us is found by the next regular visit.
#[derive(Default)]
pub(crate) struct Moves(Mutex<HashMap<(String, String), Stage>>);

impl Moves {
    /// The service that `migration` moves, if anything that concerns it has changed since it was last seen.
    pub(crate) fn changed(
        &self,
        migration: &DeserializeGuard<DatabaseSplitMigration>,
    ) -> Option<ObjectRef<DeserializeGuard<RerpService>>> {
        let (namespace, split) = (migration.namespace()?, migration.0.as_ref().ok()?);
        self.went_on(migration).then(|| ObjectRef::new(&split.spec.service_ref.name).within(&namespace))
    }

    /// Whether a migration is at another stage than when it was last seen. One that can't be read concerns nobody.
    pub(crate) fn went_on(&self, migration: &DeserializeGuard<DatabaseSplitMigration>) -> bool {
        let (Some(namespace), Ok(split)) = (migration.namespace(), &migration.0) else { return false };
        let key = (namespace, migration.name_any());
        let stage = (split.uid(), split.metadata.generation, split.status.as_ref().and_then(|status| status.phase));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Its last event looks like the one before it, so whatever comes while it goes is told.
        if split.metadata.deletion_timestamp.is_some() {
            known.remove(&key);
            return true;
        }
        known.insert(key, stage.clone()).as_ref() != Some(&stage)
    }
}

/// The object of ours that a label names, in the same namespace.
pub(crate) fn labelled<K, C>(child: &C, label: &str) -> Option<ObjectRef<DeserializeGuard<K>>>
where
    C: ResourceExt,
    K: Resource<DynamicType = ()>,
{
    let (name, namespace) = (child.labels().get(label)?, child.namespace()?);
    Some(ObjectRef::new(name).within(&namespace))
}

/// The object of ours with this name beside the changed object, whether there is one or not.
pub(crate) fn beside<K, C>(changed: &C, name: &str) -> Option<ObjectRef<DeserializeGuard<K>>>
where
    C: ResourceExt,
    K: Resource<DynamicType = ()>,
{
    Some(ObjectRef::new(name).within(&changed.namespace()?))
}

/// All objects in the changed object's namespace that refer to it.
pub(crate) fn referring<K, C>(
    store: &Store<DeserializeGuard<K>>,
    changed: &C,
    refers: impl Fn(&K, &str) -> bool,
) -> Vec<ObjectRef<DeserializeGuard<K>>>
where
    C: ResourceExt,
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let (name, namespace) = (changed.name_any(), changed.namespace());
    store
        .state()
        .iter()
        .filter(|guard| guard.meta().namespace == namespace)
        .filter(|guard| guard.0.as_ref().is_ok_and(|object| refers(object, &name)))
        .map(|guard| ObjectRef::from_obj(guard.as_ref()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_crds::service::ResolvedService;
    use rerp_crds::{DatabaseSplitMigrationStatus, ObjectRef as Reference, RerpServiceSpec, RerpServiceStatus};

    fn caller(uid: &str, calls: &[&str]) -> DeserializeGuard<RerpService> {
        let dependencies = calls.iter().map(|&name| Reference::new(name)).collect();
        let mut service = RerpService::new("marketing", RerpServiceSpec { dependencies, ..RerpServiceSpec::default() });
        service.metadata.namespace = Some("rerp".to_owned());
        service.metadata.uid = Some(uid.to_owned());
        DeserializeGuard(Ok(service))
    }

    fn split() -> DatabaseSplitMigration {
        let spec = serde_json::json!({
            "serviceRef": {"name": "identity"},
            "source": {"databaseRef": {"name": "identity-shared"}},
            "target": {"databaseRef": {"name": "identity"}, "schema": "identity"},
        });
        let mut split = DatabaseSplitMigration::new("move", serde_json::from_value(spec).unwrap());
        split.metadata.namespace = Some("rerp".to_owned());
        split.metadata.uid = Some("one".to_owned());
        split.metadata.generation = Some(1);
        split
    }

    fn woken(callers: &Callers, caller: &DeserializeGuard<RerpService>) -> Vec<String> {
        let path = |one: ObjectRef<_>| format!("{}/{}", one.namespace.unwrap_or_default(), one.name);
        callers.changed(caller).into_iter().map(path).collect()
    }

    #[test]
    fn who_is_called_no_more_is_told_and_nobody_is_told_twice() {
        let callers = Callers::default();
        assert_eq!(woken(&callers, &caller("1", &["account", "identity"])), ["rerp/account", "rerp/identity"]);
        assert_eq!(woken(&callers, &caller("1", &["account", "identity"])), [""; 0]);
        assert_eq!(woken(&callers, &caller("1", &["identity", "billing"])), ["rerp/account", "rerp/billing"]);
        assert_eq!(woken(&callers, &caller("1", &[])), ["rerp/billing", "rerp/identity"]);
    }

    #[test]
    fn the_bus_is_told_of_events_and_of_nothing_else() {
        let announcers = Announcers::default();
        let says = |publishes: &[&str], told: &[&str], image: &str| {
            let owned = |types: &[&str]| types.iter().map(ToString::to_string).collect::<Vec<_>>();
            let mut service = caller("1", &["account"]).0.unwrap();
            service.spec.image = image.to_owned();
            service.spec.events = Some(Events { publishes: owned(publishes), consumes: vec![] });
            let resolved = Some(ResolvedService { publishes: owned(told), ..ResolvedService::default() });
            service.status = Some(RerpServiceStatus { resolved, ..RerpServiceStatus::default() });
            let types = announcers.changed(&DeserializeGuard(Ok(service)));
            types.map(|types| types.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(announcers.changed(&caller("1", &["account"])), None, "it has no events");
        assert_eq!(says(&["a.done.v1"], &[], "x:1").as_deref(), Some("a.done.v1"));
        assert_eq!(says(&["a.done.v1"], &[], "x:2"), None);
        assert_eq!(says(&["a.done.v1"], &["a.done.v1"], "x:2").as_deref(), Some("a.done.v1"));
        assert_eq!(says(&["a.left.v1"], &["a.done.v1"], "x:2").as_deref(), Some("a.done.v1 a.left.v1"));
        assert_eq!(says(&[], &[], "x:2").as_deref(), Some("a.done.v1 a.left.v1"), "what it ceased to announce is free");
        assert_eq!(says(&[], &[], "x:3"), None);
    }

    #[test]
    fn a_service_is_woken_by_the_phases_of_its_migration_not_by_its_progress() {
        let (moves, mut split) = (Moves::default(), split());
        let woken = |split: &DatabaseSplitMigration| moves.changed(&DeserializeGuard(Ok(split.clone()))).is_some();
        assert!(woken(&split));
        for phase in [SplitPhase::Copy, SplitPhase::Observe] {
            split.status = Some(DatabaseSplitMigrationStatus { phase: Some(phase), ..Default::default() });
            assert!(woken(&split));
            split.status.as_mut().unwrap().observed_generation = Some(4);
            assert!(!woken(&split), "told of progress in {phase:?}");
        }
        split.metadata.generation = Some(2);
        assert!(woken(&split));
        split.metadata.uid = Some("another".to_owned());
        assert!(woken(&split));
    }

    #[test]
    fn every_event_of_a_migration_that_goes_is_told() {
        let (moves, mut split) = (Moves::default(), split());
        split.metadata.deletion_timestamp = Some(serde_json::from_str("\"2026-11-26T08:00:00Z\"").unwrap());
        for _ in 0..2 {
            let service = moves.changed(&DeserializeGuard(Ok(split.clone()))).unwrap();
            assert_eq!((service.name.as_str(), service.namespace.as_deref()), ("identity", Some("rerp")));
        }
    }

    #[test]
    fn a_caller_made_again_is_a_new_one() {
        let callers = Callers::default();
        woken(&callers, &caller("1", &["account", "identity"]));
        assert_eq!(woken(&callers, &caller("2", &["identity"])), ["rerp/account", "rerp/identity"]);
    }
}
