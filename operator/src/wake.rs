//! Which objects a change of another one concerns. In: the changed object. Out: those to look at again. Must not: read the cluster.

use kube::core::error_boundary::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use rerp_crds::RerpService;
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

/// The object of ours that a label names, in the same namespace.
pub(crate) fn labelled<K, C>(child: &C, label: &str) -> Option<ObjectRef<DeserializeGuard<K>>>
where
    C: ResourceExt,
    K: Resource<DynamicType = ()>,
{
    let (name, namespace) = (child.labels().get(label)?, child.namespace()?);
    Some(ObjectRef::new(name).within(&namespace))
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
    use rerp_crds::{ObjectRef as Reference, RerpServiceSpec};

    fn caller(uid: &str, calls: &[&str]) -> DeserializeGuard<RerpService> {
        let dependencies = calls.iter().map(|&name| Reference::new(name)).collect();
        let mut service = RerpService::new("marketing", RerpServiceSpec { dependencies, ..RerpServiceSpec::default() });
        service.metadata.namespace = Some("rerp".to_owned());
        service.metadata.uid = Some(uid.to_owned());
        DeserializeGuard(Ok(service))
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
    fn a_caller_made_again_is_a_new_one() {
        let callers = Callers::default();
        woken(&callers, &caller("1", &["account", "identity"]));
        assert_eq!(woken(&callers, &caller("2", &["identity"])), ["rerp/account", "rerp/identity"]);
    }
}
