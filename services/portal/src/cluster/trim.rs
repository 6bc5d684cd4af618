//! What of an object a browser gets. In: an object as the apiserver gives it. Out: name, times and versions, the spec without what may hold a secret, the
//! status. Pure.
//!
//! Nobody is meant to write a password into a spec, and somebody does: values of variables, arguments and commands stay here, and so do annotations, one of
//! which holds the whole object as it was applied.

use serde_json::{Map, Value, json};

/// What is told of an object's metadata.
const METADATA: [&str; 9] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "labels",
    "ownerReferences",
];

/// One object.
pub(super) fn object(mut given: Value) -> Value {
    let mut told = Map::new();
    for part in ["metadata", "spec", "status"] {
        if let Some(value) = given.get_mut(part) {
            told.insert(part.to_owned(), value.take());
        }
    }
    if let Some(metadata) = told.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| METADATA.contains(&name.as_str()));
    }
    if let Some(spec) = told.get_mut("spec").and_then(Value::as_object_mut) {
        hide(spec);
    }
    Value::Object(told)
}

/// A list, and whether there is more than it has.
pub(super) fn list(mut given: Value) -> Value {
    let more = given["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty());
    let items = match given.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    json!({ "items": items.into_iter().map(object).collect::<Vec<_>>(), "more": more })
}

fn hide(spec: &mut Map<String, Value>) {
    for whole in ["args", "migrate"] {
        spec.remove(whole);
    }
    for variable in spec.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        *variable = json!({ "name": variable.get_mut("name").map(Value::take) });
    }
    if let Some(pod) = spec.get_mut("pod").and_then(Value::as_object_mut) {
        pod.remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_secret_is_told() {
        let given = json!({
            "apiVersion": "rerp.dev/v1alpha1", "kind": "RerpService",
            "metadata": {
                "name": "identity", "resourceVersion": "7", "managedFields": [{ "manager": "kubectl" }],
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "hush" },
            },
            "spec": {
                "image": "a:1", "args": ["--key=hush"], "migrate": { "command": ["hush"] },
                "env": [{ "name": "KEY", "value": "hush" }, { "name": "B", "valueFrom": { "secretKeyRef": { "name": "hush" } } }],
                "pod": { "annotations": { "a": "hush" }, "labels": { "a": "b" } },
            },
            "status": { "certificate": { "notAfter": "2026-01-01T00:00:00Z" } },
        });
        let told = list(json!({ "metadata": { "continue": "" }, "items": [given] }));
        assert_eq!(
            told,
            json!({ "more": false, "items": [{
                "metadata": { "name": "identity", "resourceVersion": "7" },
                "spec": { "image": "a:1", "env": [{ "name": "KEY" }, { "name": "B" }], "pod": { "labels": { "a": "b" } } },
                "status": { "certificate": { "notAfter": "2026-01-01T00:00:00Z" } },
            }] })
        );
    }

    #[test]
    fn a_list_says_whether_it_is_whole() {
        assert_eq!(list(json!({ "metadata": { "continue": "x" }, "items": [] })), json!({ "items": [], "more": true }));
        assert_eq!(list(json!({})), json!({ "items": [], "more": false }));
    }
}
