//! The three ways in which a body becomes part of an object: server-side apply, merge patch, and nothing at all. Pure.
//! Lists are replaced whole, as they are where no key is declared; two managers never apply one field here.

use serde_json::{Map, Value};

/// Server-side apply: what the manager applied last and doesn't apply any more goes, the rest of its body comes on top.
pub(super) fn apply(live: &mut Value, before: &Value, body: &Value) {
    drop_missing(live, before, body);
    overlay(live, body);
}

fn drop_missing(live: &mut Value, before: &Value, body: &Value) {
    let (Some(fields), Some(known)) = (live.as_object_mut(), before.as_object()) else { return };
    for (key, old) in known {
        let Some(inside) = fields.get_mut(key) else { continue };
        match body.get(key) {
            Some(new) => drop_missing(inside, old, new),
            None => {
                // What others have put into it keeps it.
                drop_missing(inside, old, &Value::Null);
                if !old.is_object() || inside.as_object().is_some_and(Map::is_empty) {
                    fields.remove(key);
                }
            }
        }
    }
}

fn overlay(live: &mut Value, body: &Value) {
    match (live, body) {
        (Value::Object(fields), Value::Object(new)) => {
            for (key, value) in new.iter().filter(|(_, value)| !value.is_null()) {
                overlay(fields.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (live, Value::Object(new)) => {
            *live = Value::Object(Map::new());
            overlay(live, &Value::Object(new.clone()));
        }
        (live, body) => *live = body.clone(),
    }
}

/// RFC 7386: a null removes, an object goes inside, everything else replaces.
pub(super) fn patch(live: &mut Value, body: &Value) {
    let Value::Object(new) = body else {
        *live = body.clone();
        return;
    };
    if !live.is_object() {
        *live = Value::Object(Map::new());
    }
    let Some(fields) = live.as_object_mut() else { return };
    for (key, value) in new {
        if value.is_null() {
            fields.remove(key);
        } else {
            patch(fields.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[test]
fn an_apply_takes_back_what_it_no_longer_says_and_leaves_what_others_say() {
    use serde_json::json;
    let mut live =
        json!({"spec": {"a": 1, "list": [1, 2], "theirs": true, "map": {"x": 1, "y": 2}}, "status": {"n": 1}});
    let before = json!({"spec": {"a": 1, "list": [1, 2], "map": {"x": 1}}});
    apply(&mut live, &before, &json!({"spec": {"list": [2], "b": {"c": 3}}}));
    assert_eq!(
        live,
        json!({"spec": {"list": [2], "theirs": true, "map": {"y": 2}, "b": {"c": 3}}, "status": {"n": 1}})
    );
}

#[test]
fn a_merge_patch_removes_with_null() {
    use serde_json::json;
    let mut live = json!({"metadata": {"finalizers": ["a"], "name": "x"}, "spec": {"a": 1}});
    patch(&mut live, &json!({"metadata": {"finalizers": []}, "spec": {"a": null, "b": 2}}));
    assert_eq!(live, json!({"metadata": {"finalizers": [], "name": "x"}, "spec": {"b": 2}}));
}
