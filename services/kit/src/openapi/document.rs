//! A service's descriptions beside its table. In: both. Out: the document, and what one of them has and the other doesn't.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::operation::{Operation, Taken};
use super::parameter::{Place as In, of_query};
use super::responses::responses;
use super::schemas::Schemas;
use crate::access::{May, Place, Rule};

/// The version of the specification that documents follow.
const OPENAPI: &str = "3.1.0";

/// A service's interface.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service's name.
    pub service: &'static str,
    /// What it is for, one sentence for people.
    pub about: &'static str,
    /// Who may call what.
    pub rules: &'static [Rule],
    /// What is called, one for each route among the rules.
    pub operations: Vec<Operation>,
}

impl Api {
    /// The document.
    #[must_use]
    pub fn document(&self) -> Value {
        self.build().0
    }

    /// The document as it is checked in: text, a line for each thing.
    #[must_use]
    pub fn text(&self) -> String {
        // `{:#}` of a JSON value is the indented form, and can't fail.
        format!("{:#}\n", self.document())
    }

    /// What doesn't fit together: nothing, in a service that is described.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        let mut strays = self.build().1;
        for rule in self.rules {
            let Place::Route(verb, path) = rule.place else { continue };
            match self.operations.iter().filter(|one| (one.verb, one.path) == (verb, path)).count() {
                1 => {}
                0 => strays.push(format!("{} {path} has a row and no description", verb.name())),
                _ => strays.push(format!("{} {path} is described twice", verb.name())),
            }
        }
        let mut ids = BTreeSet::new();
        for one in &self.operations {
            let name = format!("{} {}", one.verb.name(), one.path);
            if self.rule(one).is_none() {
                strays.push(format!("{name} is described and has no row"));
            }
            if !ids.insert(one.id) {
                strays.push(format!("{name}: another route is called {} too", one.id));
            }
            if let Some(flaw) = &one.flaw {
                strays.push(format!("{name}: the example is none: {flaw}"));
            }
            if one.given.is_empty() {
                strays.push(format!("{name} has problems only"));
            }
            let told: BTreeSet<_> =
                one.parameters.iter().filter(|one| one.place == In::Path).map(|one| one.name).collect();
            if told != in_braces(one.path) {
                strays.push(format!("{name}: the parameters of the path are not those that are described"));
            }
        }
        strays
    }

    fn rule(&self, operation: &Operation) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.place == Place::Route(operation.verb, operation.path))
    }

    /// The document, and names of schemas that would stand for two.
    fn build(&self) -> (Value, Vec<String>) {
        let (mut schemas, mut paths) = (Schemas::new(), Map::new());
        for operation in &self.operations {
            let Some(rule) = self.rule(operation) else { continue };
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            path[operation.verb.name().to_lowercase()] = described(operation, rule, &mut schemas);
        }
        let (schemas, twice) = schemas.finish();
        let document = json!({
            "openapi": OPENAPI,
            "info": {
                "title": self.service,
                "description": self.about,
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "paths": paths,
            "components": { "schemas": schemas, "securitySchemes": schemes(), "headers": { "RequestId": request_id() } },
        });
        (document, twice.into_iter().map(|name| format!("the name {name} stands for two schemas")).collect())
    }
}

/// The names in braces.
fn in_braces(path: &'static str) -> BTreeSet<&'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

fn described(operation: &Operation, rule: &Rule, schemas: &mut Schemas) -> Value {
    let mut parameters: Vec<Value> = operation.parameters.iter().map(|one| one.document()).collect();
    if let Some(query) = operation.query {
        parameters.extend(of_query(&schemas.taken(query)));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses(operation, rule, schemas),
        "security": security(rule.may),
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = taken(body, schemas);
    }
    if let Some(exposure) = exposure(rule.may) {
        described["x-exposure"] = exposure.into();
    }
    described
}

fn taken(body: &Taken, schemas: &mut Schemas) -> Value {
    let mut media =
        json!({ "schema": body.shape.map_or_else(|| json!({ "type": "object" }), |shape| schemas.taken(shape)) });
    if let Some(example) = &body.example {
        media["example"] = example.clone();
    }
    json!({ "description": body.what, "required": true, "content": { "application/json": media } })
}

/// Who may call it from outside, by way of the gateway; none: nobody.
fn exposure(may: May) -> Option<&'static str> {
    match may {
        May::Public => Some("public"),
        May::Person => Some("person"),
        May::Staff => Some("staff"),
        May::Service => None,
    }
}

fn security(may: May) -> Value {
    match may {
        May::Public => json!([]),
        May::Person | May::Staff => json!([{ "token": [] }]),
        May::Service => json!([{ "certificate": [] }]),
    }
}

fn schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The token of whoever is signed in, given to the gateway. `x-exposure` says who may: `person` is everybody who is \
                            signed in, for what is theirs, and staff; `staff` is staff. Staff need a second factor.",
        },
        "certificate": {
            "type": "mutualTLS",
            "description": "The certificate of another service of the platform. The gateway has no way here.",
        },
    })
}

fn request_id() -> Value {
    json!({ "description": "Finds the request in the logs", "required": true, "schema": { "type": "string" } })
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
