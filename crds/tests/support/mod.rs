//! Reads the cases of `tests/bad`: a good object per file, and patches that make it bad. In: a folder. Out: cases.
//!
//! Used by the rule tests here and by the tests that send the same objects to a real apiserver.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// One file of `tests/bad`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// An object that is accepted.
    pub(crate) base: Value,
    /// What must be refused.
    pub(crate) cases: Vec<Case>,
}

/// One bad object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// For people.
    pub(crate) name: String,
    /// JSON merge patch (RFC 7396) that turns the base into the bad object.
    pub(crate) patch: Value,
    /// Part of the answer: the advice of a rule, or the path of a field that breaks its schema.
    pub(crate) expect: String,
    /// Whether it is bad only as an update of the base.
    #[serde(default)]
    pub(crate) update: bool,
    /// Whether the rule looks at the status, which an object that has just been made has none of.
    #[serde(default, rename = "needsStatus")]
    #[allow(dead_code, reason = "the rules' own tests give their objects one")]
    pub(crate) needs_status: bool,
}

impl File {
    /// The bad object of a case.
    pub(crate) fn object(&self, case: &Case) -> Value {
        let mut object = self.base.clone();
        merge(&mut object, &case.patch);
        object
    }
}

/// Every file of `folder`, by name.
pub(crate) fn load(folder: &Path) -> Vec<(String, File)> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let file = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), file)
        })
        .collect()
}

/// JSON merge patch: null removes, objects merge, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        *target = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Object(Default::default())), value);
        }
    }
}
