//! The few things the demo asks of an API server. In: a cluster and names. Out: JSON. Must not decide anything.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::api::Api;
use crate::cluster::Cluster;

/// Namespace of the platform.
pub(super) const NAMESPACE: &str = "rerp";
/// A read of one object or list.
const READ: Duration = Duration::from_secs(30);

/// The cluster, with the demo's way of speaking to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kube<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) api: &'a Api,
}

impl Kube<'_> {
    /// `kubectl get ARGS -n rerp -o json`; an empty list where nothing is.
    pub(super) fn list(&self, what: &str) -> Result<Vec<Value>, Error> {
        let json = self.cluster.kubectl().args(["get", what, "-n", NAMESPACE, "-o", "json"]).limit(READ).quiet()?;
        let list: Value = parse(what, &json)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// One object of our group, or `None` where it does not exist.
    pub(super) fn ours(&self, plural: &str, name: &str) -> Result<Option<Value>, Error> {
        let path = format!("/apis/rerp.dev/v1alpha1/namespaces/{NAMESPACE}/{plural}/{name}");
        self.api.get(&path)?.map(|json| parse(&path, &json)).transpose()
    }

    /// Runs kubectl in the namespace and returns what it printed.
    pub(super) fn run(&self, args: &[&str], limit: Duration) -> Result<String, Error> {
        Ok(self.cluster.kubectl().args(["-n", NAMESPACE]).args(args).limit(limit).quiet()?)
    }

    /// GET through the API server's proxy to a Service.
    pub(super) fn proxy_get(&self, service: &str, path: &str) -> Result<String, Error> {
        let path = proxy(service, path);
        self.api.get(&path)?.ok_or(Error::NotThere(path))
    }

    /// POST of a JSON document through the same proxy.
    pub(super) fn proxy_post(&self, service: &str, path: &str, body: &Value) -> Result<String, Error> {
        self.api.post(&proxy(service, path), body)
    }

    /// Applies a manifest of the checkout after `change` has seen it.
    pub(super) fn apply_changed(&self, manifest: &Path, change: impl FnOnce(&mut Value)) -> Result<(), Error> {
        let args = ["create", "--dry-run=client", "-n", NAMESPACE, "-o", "json", "-f"];
        let json = self.cluster.kubectl().args(args).arg(manifest).limit(READ).quiet()?;
        let mut object: Value = parse("a manifest", &json)?;
        change(&mut object);
        let file = tempfile::NamedTempFile::new().map_err(Error::Scratch)?;
        fs::write(file.path(), object.to_string()).map_err(Error::Scratch)?;
        self.cluster.kubectl().args(["apply", "-f"]).arg(file.path()).limit(READ).quiet()?;
        Ok(())
    }
}

/// Reads JSON and says what it was.
pub(super) fn parse<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|source| Error::Json { what: what.to_owned(), source })
}

/// Status of a condition of an object: `True`, `False`, `Unknown`, or empty where there is none.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    find_condition(object, kind).and_then(|c| c["status"].as_str()).unwrap_or_default()
}

/// Since when a condition is as it is (RFC 3339).
pub(super) fn since<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    find_condition(object, kind)?["lastTransitionTime"].as_str()
}

/// `Reason: message` of a condition.
pub(super) fn why(object: &Value, kind: &str) -> String {
    match find_condition(object, kind) {
        Some(c) => format!("{}: {}", c["reason"].as_str().unwrap_or("?"), c["message"].as_str().unwrap_or_default()),
        None => "no condition yet".to_owned(),
    }
}

/// `metadata.name`.
pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn find_condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == kind)
}

fn proxy(service: &str, path: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/services/{service}:http/proxy{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_are_found_by_type() {
        let object = json!({ "status": { "conditions": [
            { "type": "Reconciling", "status": "False", "reason": "Done", "message": "" },
            { "type": "Ready", "status": "Unknown", "reason": "Waiting", "message": "for a volume" },
        ] } });
        assert_eq!(condition(&object, "Ready"), "Unknown");
        assert_eq!(why(&object, "Ready"), "Waiting: for a volume");
        assert_eq!(condition(&json!({}), "Ready"), "");
    }
}
