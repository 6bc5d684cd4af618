//! What a route may answer. In: its description and its row. Out: answers and problems by status.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::operation::{Given, Operation};
use super::schemas::{Schemas, named};
use crate::access::{May, Rule};
use crate::problem::Document;
use crate::problem::catalogue::{
    BASE, CALLER_NOT_ALLOWED, DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, Kind, MALFORMED_HEADER, NO_SUCH_ROUTE,
    NOT_PERMITTED, NOT_SIGNED_IN, OUTCOME_UNKNOWN,
};

/// What can happen to every request.
const EVERYWHERE: [Kind; 6] =
    [MALFORMED_HEADER, CALLER_NOT_ALLOWED, INTERNAL, DATABASE_UNAVAILABLE, OUTCOME_UNKNOWN, DEADLINE_EXCEEDED];
/// What is said to whoever isn't signed in, or not as one who may.
const SIGNED_IN: [Kind; 2] = [NOT_SIGNED_IN, NOT_PERMITTED];

/// By status, as the document has them.
pub(super) fn responses(operation: &Operation, rule: &Rule, schemas: &mut Schemas) -> Value {
    let mut all = Map::new();
    for given in &operation.given {
        all.insert(given.status.to_string(), answer(given, schemas));
    }
    for (status, kinds) in by_status(operation, rule) {
        all.insert(status.to_string(), problem(status, &kinds, schemas));
    }
    Value::Object(all)
}

/// The headers that an answer has: its own, and the one that all have.
fn headers(own: &[(&'static str, &'static str, bool)]) -> Value {
    let mut headers = Map::new();
    headers.insert("X-Request-Id".to_owned(), json!({ "$ref": "#/components/headers/RequestId" }));
    for (name, what, always) in own {
        let header = json!({ "description": what, "required": always, "schema": { "type": "string" } });
        headers.insert((*name).to_owned(), header);
    }
    Value::Object(headers)
}

fn answer(given: &Given, schemas: &mut Schemas) -> Value {
    let mut answer = json!({ "description": given.what, "headers": headers(&given.headers) });
    let mut content = Map::new();
    for (media, shape) in &given.content {
        let entry = match shape {
            Some(shape) => json!({ "schema": schemas.given(*shape) }),
            None if media.ends_with("+json") => json!({ "schema": { "type": "object" } }),
            None => json!({}),
        };
        content.insert((*media).to_owned(), entry);
    }
    if !content.is_empty() {
        answer["content"] = Value::Object(content);
    }
    answer
}

/// The kinds of problems that it may answer with, each once.
fn by_status(operation: &Operation, rule: &Rule) -> BTreeMap<u16, Vec<Kind>> {
    let signed_in: &[Kind] = if rule.may == May::Public { &[] } else { &SIGNED_IN };
    // An empty part of a path leads elsewhere, where nothing may be.
    let elsewhere: &[Kind] = if operation.path.contains('{') { &[NO_SUCH_ROUTE] } else { &[] };
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in EVERYWHERE.iter().chain(signed_in).chain(elsewhere).chain(&operation.problems) {
        let kinds = by_status.entry(kind.status().as_u16()).or_default();
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    by_status
}

fn problem(status: u16, kinds: &[Kind], schemas: &mut Schemas) -> Value {
    let types: Vec<String> = kinds.iter().map(|kind| format!("{BASE}{}", kind.slug)).collect();
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title).collect();
    let these = json!({ "properties": { "type": { "enum": types }, "status": { "const": status } } });
    let schema = json!({ "allOf": [schemas.given(named::<Document<'static>>()), these] });
    let again = [("Retry-After", "Seconds after which trying again may help", false)];
    let own: &[_] = if matches!(status, 409 | 429 | 503) { &again } else { &[] };
    json!({
        "description": titles.join(". "),
        "headers": headers(own),
        "content": { "application/problem+json": { "schema": schema } },
    })
}
