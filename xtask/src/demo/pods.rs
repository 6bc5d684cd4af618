//! Which pods there are and whether they are still the same. In: two looks at the pods. Out: what changed in between. Pure but for the look.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Error;
use super::kube::{Kube, name};

/// A pod's name, and what changes when it is replaced or restarted.
pub(super) type Pods = BTreeMap<String, Pod>;

/// Identity and restarts of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pod {
    uid: String,
    restarts: u64,
}

/// The pods that run now; those that have done their work are left out.
pub(super) fn look(kube: Kube<'_>) -> Result<Pods, Error> {
    Ok(running(&kube.list("pods")?))
}

/// What happened to pods: gone, replaced or restarted ones, and new ones that restarted.
pub(super) fn disturbed(before: &Pods, after: &Pods) -> Vec<String> {
    let mut found: Vec<String> = before
        .iter()
        .filter_map(|(name, pod)| match after.get(name) {
            None => Some(format!("{name} is gone")),
            Some(now) if now.uid != pod.uid => Some(format!("{name} was replaced")),
            Some(now) if now.restarts != pod.restarts => Some(format!("{name} restarted")),
            Some(_) => None,
        })
        .collect();
    let fresh = after.iter().filter(|(name, pod)| !before.contains_key(*name) && pod.restarts > 0);
    found.extend(fresh.map(|(name, _)| format!("{name} is new and restarted")));
    found
}

fn running(pods: &[Value]) -> Pods {
    let done = |pod: &&Value| !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    pods.iter().filter(done).map(|pod| (name(pod).to_owned(), of(pod))).collect()
}

fn of(pod: &Value) -> Pod {
    let statuses = pod["status"]["containerStatuses"].as_array();
    let restarts = statuses.map(|all| all.iter().filter_map(|c| c["restartCount"].as_u64()).sum()).unwrap_or_default();
    Pod { uid: pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned(), restarts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pods(list: &[(&str, &str, u64)]) -> Pods {
        let json: Vec<Value> = list
            .iter()
            .map(|(name, uid, restarts)| {
                json!({ "metadata": { "name": name, "uid": uid }, "status": { "phase": "Running",
                        "containerStatuses": [{ "restartCount": restarts }] } })
            })
            .collect();
        running(&json)
    }

    #[test]
    fn what_stays_and_what_comes_is_no_disturbance() {
        let before = pods(&[("a", "1", 0), ("b", "2", 1)]);
        let after = pods(&[("a", "1", 0), ("b", "2", 1), ("worker", "3", 0)]);
        assert!(disturbed(&before, &after).is_empty());
    }

    #[test]
    fn gone_replaced_and_restarted_pods_are_named() {
        let before = pods(&[("a", "1", 0), ("b", "2", 0), ("c", "3", 0)]);
        let after = pods(&[("b", "9", 0), ("c", "3", 1), ("worker", "4", 2)]);
        let found = disturbed(&before, &after);
        assert_eq!(found, ["a is gone", "b was replaced", "c restarted", "worker is new and restarted"]);
    }

    #[test]
    fn finished_jobs_are_left_out() {
        let done = json!({ "metadata": { "name": "seed", "uid": "1" }, "status": { "phase": "Succeeded" } });
        assert!(running(&[done]).is_empty());
    }
}
