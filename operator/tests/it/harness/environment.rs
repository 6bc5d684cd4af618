//! Everybody in the cluster but users and the operator: the controllers of Deployments and StatefulSets, the kubelet, the
//! garbage collector. In: the API server. Out: one step of each. At rest a step changes nothing.

use crate::apiserver::ApiServer;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// An image whose name ends so can't be pulled.
pub(crate) const NO_SUCH_TAG: &str = ":missing";

/// One step of everybody.
pub(crate) fn step(api: &ApiServer) {
    api.collect_garbage();
    for path in api.paths() {
        let Some(object) = api.object(&path) else { continue };
        match path.rsplit('/').nth(1) {
            Some("deployments") => deployment(api, &path, &object),
            Some("statefulsets") => stateful_set(api, &path, &object),
            _ => {}
        }
    }
}

/// All pods of the newest template run, or one waits and says why.
fn deployment(api: &ApiServer, path: &str, object: &Value) {
    let trouble = trouble(api, path, &object["spec"]["template"]["spec"]);
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let available = if trouble.is_some() { 0 } else { wanted };
    api.edit(path, |live| {
        live["status"] = json!({"observedGeneration": live["metadata"]["generation"], "replicas": wanted,
            "updatedReplicas": wanted, "readyReplicas": available, "availableReplicas": available});
    });
    let pod = sibling(path, "pods", &format!("{}-pod", name(object)));
    match trouble {
        None => {
            api.remove(&pod);
        }
        Some(reason) => waiting_pod(api, &pod, object, reason),
    }
}

fn waiting_pod(api: &ApiServer, pod: &str, deployment: &Value, reason: &str) {
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let status = json!({"containerStatuses": [{
        "name": container["name"], "image": container["image"], "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": "as it is"}},
    }]});
    if api.object(pod).is_some_and(|live| live["status"] == status) {
        return;
    }
    let metadata = &deployment["metadata"];
    let owner = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"], "controller": true});
    api.put(
        pod,
        json!({
            "metadata": {"namespace": metadata["namespace"], "ownerReferences": [owner],
                "labels": deployment["spec"]["template"]["metadata"]["labels"]},
            "status": status,
        }),
    );
}

/// What keeps the pods of a template from running.
fn trouble(api: &ApiServer, path: &str, pod: &Value) -> Option<&'static str> {
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let containers: Vec<Value> = [each(&pod["initContainers"]), each(&pod["containers"])].concat();
    if containers.iter().any(|one| one["image"].as_str().is_some_and(|image| image.ends_with(NO_SUCH_TAG))) {
        return Some("ImagePullBackOff");
    }
    let has = |plural: &str, name: &Value, key: &Value| {
        let object = name.as_str().and_then(|name| api.object(&sibling(path, plural, name)));
        object.is_some_and(|object| key.as_str().is_none_or(|key| !object["data"][key].is_null()))
    };
    let named = |plural: &str, from: &Value| from.is_null() || has(plural, &from["name"], &from["key"]);
    let fed = containers.iter().all(|one| {
        let keys = each(&one["env"]).into_iter().map(|variable| variable["valueFrom"].clone());
        keys.into_iter()
            .all(|from| named("secrets", &from["secretKeyRef"]) && named("configmaps", &from["configMapKeyRef"]))
            && each(&one["envFrom"])
                .iter()
                .all(|from| named("secrets", &from["secretRef"]) && named("configmaps", &from["configMapRef"]))
    });
    let mounted = each(&pod["volumes"]).iter().all(|volume| {
        let secret = &volume["secret"]["secretName"];
        secret.is_null() || has("secrets", secret, &Value::Null)
    });
    (!fed || !mounted).then_some("CreateContainerConfigError")
}

/// Its pod serves on its volume.
fn stateful_set(api: &ApiServer, path: &str, object: &Value) {
    api.edit(path, |live| {
        live["status"] = json!({"observedGeneration": live["metadata"]["generation"], "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1});
    });
    let claim = sibling(path, "persistentvolumeclaims", &format!("data-{}-0", name(object)));
    if api.object(&claim).is_some() {
        return;
    }
    // Only then does the claim go with its StatefulSet.
    let goes = object["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete";
    let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": object["metadata"]["name"], "uid": object["metadata"]["uid"]});
    let metadata = json!({"namespace": object["metadata"]["namespace"], "ownerReferences": if goes { json!([owner]) } else { json!([]) }});
    api.put(&claim, json!({"metadata": metadata, "status": {"phase": "Bound"}}));
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().expect("a name")
}

/// An object of the same namespace, in the core group.
fn sibling(path: &str, plural: &str, name: &str) -> String {
    let namespace = path.split("/namespaces/").nth(1).and_then(|rest| rest.split('/').next()).expect("a namespace");
    format!("/api/v1/namespaces/{namespace}/{plural}/{name}")
}

/// The value behind a key of a Secret, as text.
pub(crate) fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().expect("text")).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}
