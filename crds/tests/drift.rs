//! The committed YAML is what the types say, installs everywhere, and defaults nothing.
// Helpers of tests may panic as tests do; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use serde_json::Value;

fn committed(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml").join(file)).unwrap()
}

#[test]
fn committed_yaml_is_generated_from_the_types() {
    for (file, crd) in rerp_crds::all() {
        let fresh = rerp_crds::yaml::file(&crd).unwrap();
        assert!(fresh == committed(file), "crds/yaml/{file} is stale; run `cargo xtask generate`");
    }
}

#[test]
fn committed_yaml_reads_back_as_the_types() {
    for (file, crd) in rerp_crds::all() {
        let read: Value = serde_saphyr::from_str(&committed(file)).unwrap();
        assert_eq!(read, serde_json::to_value(crd).unwrap(), "{file}");
    }
}

#[test]
fn client_side_apply_fits() {
    // The annotation that client-side apply writes ends at 262,144 bytes.
    for (file, crd) in rerp_crds::all() {
        assert!(serde_json::to_string(&crd).unwrap().len() < 262_144, "{file}");
    }
}

#[test]
fn the_apiserver_defaults_nothing_and_warns_of_nothing() {
    for (file, crd) in rerp_crds::all() {
        let crd = serde_json::to_value(crd).unwrap();
        visit(&crd["spec"]["versions"][0]["schema"], &mut |path, schema| {
            assert!(
                schema.get("default").is_none(),
                "{file}: {path} has a default; compute it in code and show it in status.resolved"
            );
            let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
            assert!(
                ["", "int32", "int64", "double", "date-time"].contains(&format),
                "{file}: {path} has format {format}"
            );
        });
    }
}

#[test]
fn everything_under_spec_is_bounded() {
    for (file, crd) in rerp_crds::all() {
        let crd = serde_json::to_value(crd).unwrap();
        let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        visit(spec, &mut |path, schema| {
            // Tolerations are a type of Kubernetes; no rule looks at them.
            if path.contains("tolerations") && path.contains("items") {
                return;
            }
            let has = |key: &str| schema.get(key).is_some();
            match schema.get("type").and_then(Value::as_str) {
                Some("string") => assert!(has("maxLength") || has("enum"), "{file}: {path} is unbounded"),
                Some("array") => assert!(has("maxItems"), "{file}: {path} is unbounded"),
                Some("integer") => assert!(has("maximum"), "{file}: {path} is unbounded"),
                Some("object") if has("additionalProperties") => {
                    assert!(has("maxProperties"), "{file}: {path} is unbounded")
                }
                _ => {}
            }
        });
    }
}

/// Calls `look` with the path and the schema of everything below `schema`.
fn visit(schema: &Value, look: &mut impl FnMut(&str, &serde_json::Map<String, Value>)) {
    fn walk(path: &str, value: &Value, look: &mut impl FnMut(&str, &serde_json::Map<String, Value>)) {
        match value {
            Value::Object(map) => {
                // A property may itself be called `default` or `type`; only schemas are looked at.
                if !path.ends_with("/properties") {
                    look(path, map);
                }
                for (key, value) in map {
                    walk(&format!("{path}/{key}"), value, look);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(path, value, look)),
            _ => {}
        }
    }
    walk("", schema, look);
}
