//! Every rule accepts one object, refuses one, and refuses one update, without a cluster; and every refusal says what to do instead.
// Helpers of tests may panic as tests do; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/mod.rs"]
mod cases;
#[path = "support/schema.rs"]
mod schema;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use cases::{Case, File};
use kube_cel::Validator;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files() -> Vec<(String, File)> {
    cases::load(&folder("tests/bad"))
}

/// The schema of the kind of `object`.
fn schema_of(object: &Value) -> Value {
    let (_, crd) =
        rerp_crds::all().into_iter().find(|(_, crd)| crd.spec.names.kind == object["kind"].as_str().unwrap()).unwrap();
    serde_json::to_value(crd).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// What the apiserver would say against `object`, as an update of `old` if there is one. Empty: accepted.
fn refusals(object: &Value, old: Option<&Value>) -> Vec<String> {
    let schema = schema_of(object);
    let bounds = schema::violations(&schema, object);
    let rules =
        Validator::new().validate(&schema, object, old).err().map(|errors| errors.into_vec()).unwrap_or_default();
    bounds.into_iter().chain(rules.iter().map(ToString::to_string)).collect()
}

fn expect_refusal(file: &str, case: &Case, said: &[String], how: &str) {
    assert!(
        said.iter().any(|line| line.contains(&case.expect)),
        "{file}: {}: {how} should be refused with '{}', got {said:#?}",
        case.name,
        case.expect
    );
}

#[test]
fn good_objects_are_accepted() {
    for (name, file) in files() {
        assert_eq!(refusals(&file.base, None), Vec::<String>::new(), "{name}");
        assert_eq!(refusals(&file.base, Some(&file.base)), Vec::<String>::new(), "{name}, unchanged");
    }
}

#[test]
fn good_objects_survive_the_types() {
    for (name, file) in files() {
        let again = match file.base["kind"].as_str().unwrap() {
            "RerpService" => round_trip::<rerp_crds::RerpService>(&file.base),
            "ServiceDatabase" => round_trip::<rerp_crds::ServiceDatabase>(&file.base),
            _ => round_trip::<rerp_crds::DatabaseSplitMigration>(&file.base),
        };
        assert_eq!(again, file.base, "{name}: a field of the schema is missing in the type, or the other way round");
    }
}

fn round_trip<T: serde::de::DeserializeOwned + serde::Serialize>(object: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap()
}

#[test]
fn bad_objects_are_refused_with_advice() {
    let mut count = 0;
    for (name, file) in files() {
        for case in file.cases.iter().filter(|case| !case.update) {
            expect_refusal(&name, case, &refusals(&file.object(case), None), "the object");
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} bad objects");
}

#[test]
fn bad_updates_are_refused_with_advice() {
    for (name, file) in files() {
        for case in &file.cases {
            let object = file.object(case);
            expect_refusal(&name, case, &refusals(&object, Some(&file.base)), "the update");
            if case.update {
                assert_eq!(
                    refusals(&object, None),
                    Vec::<String>::new(),
                    "{name}: {}: fine as a new object",
                    case.name
                );
            }
        }
    }
}

#[test]
fn every_rule_has_a_bad_case_and_advice() {
    let files = files();
    let mut tried = BTreeSet::new();
    for (_, file) in &files {
        for case in &file.cases {
            let schema = schema_of(&file.base);
            let errors = Validator::new().validate(&schema, &file.object(case), Some(&file.base)).err();
            tried.extend(errors.into_iter().flat_map(|e| e.into_vec()).map(|e| e.rule));
        }
    }
    for (name, file) in &files {
        for rule in rules(&schema_of(&file.base)) {
            let text = rule["rule"].as_str().unwrap().to_owned();
            let message = rule["message"].as_str().unwrap_or_default();
            assert!(message.len() >= 40 && !message.contains('\n'), "{name}: rule without advice: {text}");
            assert!(tried.contains(&text), "{name}: no case in tests/bad breaks the rule {text}");
        }
    }
}

/// Every rule in a schema.
fn rules(schema: &Value) -> Vec<Value> {
    match schema {
        Value::Object(map) => {
            let own = map.get("x-kubernetes-validations").and_then(Value::as_array).cloned().unwrap_or_default();
            own.into_iter().chain(map.values().flat_map(rules)).collect()
        }
        Value::Array(list) => list.iter().flat_map(rules).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn samples_are_accepted() {
    let mut folders = vec![folder("../manifests")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                seen += check_sample(&path);
            }
        }
    }
    println!("{seen} objects of our kinds in manifests/");
}

/// Checks every object of our kinds in a file and returns how many there are.
fn check_sample(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let ours: Vec<_> = documents.iter().filter(|d| d["apiVersion"] == "rerp.dev/v1alpha1").collect();
    for object in &ours {
        assert_eq!(refusals(object, None), Vec::<String>::new(), "{} {}", path.display(), object["metadata"]["name"]);
    }
    ours.len()
}
