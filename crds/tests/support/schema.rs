//! Enough of OpenAPI v3 to refuse what our bounds refuse. In: a schema and a value. Out: one line per violation, path first.
//! Must not: judge rules; and an unknown keyword is simply not checked.

use regex::Regex;
use serde_json::Value;

/// Violations of `value` against `schema`, each beginning with the path as the apiserver writes it.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{path}: not one of {allowed:?}"));
    }
    match value {
        Value::String(text) => check_text(schema, text, path, found),
        Value::Number(number) => check_number(schema, number.as_f64().unwrap(), path, found),
        Value::Array(list) => check_list(schema, list, path, found),
        Value::Object(map) => check_map(schema, map, path, found),
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_text(schema: &Value, text: &str, path: &str, found: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    if schema["maxLength"].as_u64().is_some_and(|max| length > max)
        || schema["minLength"].as_u64().is_some_and(|min| length < min)
    {
        found.push(format!("{path}: {length} characters"));
    }
    if schema["pattern"].as_str().is_some_and(|pattern| !Regex::new(pattern).unwrap().is_match(text)) {
        found.push(format!("{path}: '{text}' should match {}", schema["pattern"]));
    }
    if !schema["type"].is_null() && schema["type"] != "string" {
        found.push(format!("{path}: not a {}", schema["type"]));
    }
}

fn check_number(schema: &Value, number: f64, path: &str, found: &mut Vec<String>) {
    let beyond = schema["maximum"].as_f64().is_some_and(|max| number > max);
    if beyond || schema["minimum"].as_f64().is_some_and(|min| number < min) {
        found.push(format!("{path}: {number} is out of range"));
    }
}

fn check_list(schema: &Value, list: &[Value], path: &str, found: &mut Vec<String>) {
    let length = list.len() as u64;
    if schema["maxItems"].as_u64().is_some_and(|max| length > max)
        || schema["minItems"].as_u64().is_some_and(|min| length < min)
    {
        found.push(format!("{path}: {length} items"));
    }
    let identity = |item: &Value| match schema["x-kubernetes-list-map-keys"].as_array() {
        Some(keys) => keys.iter().map(|key| item[key.as_str().unwrap()].to_string()).collect(),
        None => item.to_string(),
    };
    let unique = ["map", "set"].contains(&schema["x-kubernetes-list-type"].as_str().unwrap_or_default());
    for (index, item) in list.iter().enumerate() {
        if unique && list[..index].iter().any(|other| identity(other) == identity(item)) {
            found.push(format!("{path}[{index}]: duplicate"));
        }
        check(&schema["items"], item, &format!("{path}[{index}]"), found);
    }
}

fn check_map(schema: &Value, map: &serde_json::Map<String, Value>, path: &str, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for required in schema["required"].as_array().into_iter().flatten() {
        let key = required.as_str().unwrap();
        if !map.contains_key(key) {
            found.push(format!("{}: required", below(key)));
        }
    }
    for (key, value) in map {
        if let Some(schema) = schema["properties"].get(key) {
            check(schema, value, &below(key), found);
        } else if schema["additionalProperties"].is_object() {
            check(&schema["additionalProperties"], value, &below(key), found);
        } else if path.starts_with("spec") {
            found.push(format!("{}: unknown field", below(key)));
        }
    }
}
