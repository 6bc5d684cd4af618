//! What the scripted API server holds, and what a real one does when something is stored: versions, generations, UIDs,
//! deletion that waits for finalizers, garbage collection by owner. In: whole objects. Out: objects as stored.

use super::merge;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One stored version of one object.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) path: String,
    /// None: it went away.
    pub(crate) object: Option<Value>,
}

/// All objects by path, and how they came to be.
#[derive(Clone, Default)]
pub(super) struct Store {
    /// Part of every UID, so that worlds that share a PostgreSQL share no name on it.
    pub(super) token: String,
    objects: BTreeMap<String, Value>,
    /// What each field manager applied last, by path and manager.
    applied: BTreeMap<(String, String), Value>,
    history: Vec<Version>,
    version: u64,
}

impl Store {
    pub(super) fn objects(&self) -> &BTreeMap<String, Value> {
        &self.objects
    }

    pub(super) fn applied(&self) -> &BTreeMap<(String, String), Value> {
        &self.applied
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn history(&self) -> &[Version] {
        &self.history
    }

    /// Stores an object, or nothing if it is what is stored already.
    pub(super) fn commit(&mut self, path: &str, object: Value) -> Value {
        if self.objects.get(path) == Some(&object) {
            return object;
        }
        let stored = self.stamp(path, object);
        if !stored["metadata"]["deletionTimestamp"].is_null() && !is_held(&stored) {
            self.remove(path);
        } else {
            self.history.push(Version { number: self.version, path: path.to_owned(), object: Some(stored.clone()) });
            self.objects.insert(path.to_owned(), stored.clone());
        }
        stored
    }

    /// Server-side apply by `manager`; of the subresource alone, if there is one.
    pub(super) fn apply(&mut self, path: &str, manager: &str, subresource: Option<&str>, mut body: Value) -> Value {
        let mut object = self.objects.get(path).cloned().unwrap_or_else(|| json!({}));
        if let Some(metadata) = body["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
        }
        let key = (format!("{path}/{}", subresource.unwrap_or_default()), manager.to_owned());
        let before = self.applied.insert(key, body.clone()).unwrap_or(Value::Null);
        match subresource {
            Some(part) => merge::apply(&mut object[part], &before[part], &body[part]),
            None => merge::apply(&mut object, &before, &body),
        }
        self.commit(path, object)
    }

    /// Deletes as a real server does: at once, or once the finalizers are gone. None if there is no such object.
    pub(super) fn delete(&mut self, path: &str) -> Option<Value> {
        let mut object = self.objects.get(path)?.clone();
        if is_held(&object) {
            if object["metadata"]["deletionTimestamp"].is_null() {
                object["metadata"]["deletionTimestamp"] = json!("2026-06-01T00:00:00Z");
            }
            return Some(self.commit(path, object));
        }
        self.remove(path)
    }

    /// Takes an object away, whatever holds it.
    pub(super) fn remove(&mut self, path: &str) -> Option<Value> {
        let removed = self.objects.remove(path)?;
        self.version += 1;
        self.history.push(Version { number: self.version, path: path.to_owned(), object: None });
        self.applied.retain(|(key, _), _| !key.starts_with(&format!("{path}/")));
        Some(removed)
    }

    /// Deletes what names owners of which none exists any more.
    pub(super) fn collect(&mut self) {
        loop {
            let uids: BTreeSet<&str> =
                self.objects.values().filter_map(|one| one["metadata"]["uid"].as_str()).collect();
            let orphan = |object: &Value| {
                let owners = object["metadata"]["ownerReferences"].as_array().filter(|all| !all.is_empty());
                owners
                    .is_some_and(|all| !all.iter().any(|one| one["uid"].as_str().is_some_and(|uid| uids.contains(uid))))
            };
            let orphans: Vec<String> =
                self.objects.iter().filter(|(_, object)| orphan(object)).map(|(path, _)| path.clone()).collect();
            if orphans.is_empty() {
                return;
            }
            for path in orphans {
                self.delete(&path);
            }
        }
    }

    /// What a real server adds. The generation counts changes outside metadata and status.
    fn stamp(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        let before = self.objects.get(path).cloned().unwrap_or(Value::Null);
        let generation =
            before["metadata"]["generation"].as_i64().unwrap_or(0) + i64::from(core(&before) != core(&object));
        let metadata = &mut object["metadata"];
        let fresh = || format!("uid-{}-{}", self.token, self.version);
        let uid = before["metadata"]["uid"].as_str().map_or_else(fresh, ToOwned::to_owned);
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(uid);
        }
        metadata["generation"] = json!(generation);
        metadata["resourceVersion"] = json!(self.version.to_string());
        if metadata["name"].is_null() {
            metadata["name"] = json!(path.rsplit('/').next());
        }
        object
    }
}

fn core(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("metadata");
        fields.remove("status");
    }
    object
}

fn is_held(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty())
}
