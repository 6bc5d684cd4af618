//! What a document says of rows, types and words, and what is found where they don't fit.

use serde::{Deserialize, Serialize};

use super::*;
use crate::access::Verb::{Get, Post};
use crate::problem::catalogue::ENDED;

const RULES: &[Rule] = &[
    Rule::route(Get, "/things", May::Person),
    Rule::route(Post, "/things", May::Staff),
    Rule::route(Post, "/inside/{id}", May::Service),
    Rule::calls("rerp.Things"),
];

/// A thing that somebody wants.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewThing")]
#[allow(dead_code, reason = "only the schema matters")]
struct Body {
    /// What it is called.
    #[schemars(length(min = 1, max = 5))]
    name: String,
    size: Option<i32>,
}

/// A thing that is there.
#[derive(Serialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only the schema matters")]
struct Thing {
    name: String,
    size: Option<i32>,
}

fn list() -> Operation {
    Operation::new(Get, "/things", "list_things", "Things").pages::<Thing>("A page of things")
}

fn add() -> Operation {
    let operation = Operation::new(Post, "/things", "add_thing", "Adds a thing").keyed();
    operation.body::<Body>("The thing", json!({ "name": "a" })).answers::<Thing>(201, "Added").problems(&[ENDED])
}

fn inside() -> Operation {
    let operation = Operation::new(Post, "/inside/{id}", "inside", "Nobody's outside");
    operation.identifier("id", "Which", "0191f7a1-3f0c-7000-8000-000000000001").empty(204, "Done")
}

fn api(operations: Vec<Operation>) -> Api {
    Api { service: "things", about: "Things.", rules: RULES, operations }
}

#[test]
fn rows_types_and_words_come_together() {
    let api = api(vec![list(), add(), inside()]);
    assert_eq!(api.strays(), Vec::<String>::new());
    let document = api.document();
    let at = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {document:#}"));
    let exposed = |path: &str, verb: &str| document["paths"][path][verb]["x-exposure"].as_str();
    assert_eq!((exposed("/things", "get"), exposed("/things", "post")), (Some("person"), Some("staff")));
    assert_eq!(exposed("/inside/{id}", "post"), None);
    let taken = at("/components/schemas/NewThing");
    assert_eq!((&taken["additionalProperties"], &taken["required"]), (&json!(false), &json!(["name"])));
    assert_eq!(&taken["properties"]["name"]["maxLength"], &json!(5));
    assert_eq!(at("/components/schemas/Thing/required"), &json!(["name", "size"]), "what is none is answered as null");
    let page = "/paths/~1things/get/responses/200/content/application~1json/schema/$ref";
    assert!(at(page).as_str().is_some_and(|name| name.ends_with("/schemas/PageOfThing")));
    let problems =
        "/paths/~1things/post/responses/409/content/application~1problem+json/schema/allOf/1/properties/type/enum";
    let told = at(problems).to_string();
    assert!(told.contains("/ended") && told.contains("request-in-progress") && !told.contains("not-found"), "{told}");
    assert_eq!(at("/paths/~1inside~1{id}/post/security"), &json!([{ "certificate": [] }]));
    assert!(document.pointer("/paths/~1things/get/responses/401").is_some());
}

#[test]
fn what_does_not_fit_is_named() {
    let named = |operations: Vec<Operation>, word: &str| {
        let strays = api(operations).strays();
        assert!(strays.iter().any(|stray| stray.contains(word)), "{word}: {strays:?}");
    };
    named(vec![list(), inside()], "POST /things has a row and no description");
    named(vec![list(), list(), add(), inside()], "described twice");
    named(vec![list(), list(), add(), inside()], "is called list_things too");
    let nowhere = Operation::new(Get, "/nowhere", "nowhere", "Nothing").empty(204, "Nothing");
    named(vec![list(), add(), inside(), nowhere], "/nowhere is described and has no row");
    let wrong = add().body::<Body>("The thing", json!({ "name": 1 }));
    named(vec![list(), wrong, inside()], "the example is none");
    let untold = Operation::new(Post, "/inside/{id}", "inside", "Nobody's outside").empty(204, "Done");
    named(vec![list(), add(), untold], "parameters of the path");
    named(vec![list(), add(), Operation::new(Post, "/inside/{id}", "inside", "Nothing")], "has problems only");
}

#[test]
fn a_name_stands_for_one_schema() {
    mod other {
        /// Another thing of the same name.
        #[derive(serde::Serialize, schemars::JsonSchema)]
        pub(super) struct Thing {
            pub(super) weight: i32,
        }
    }
    let twice = inside().answers::<other::Thing>(200, "Another thing");
    let strays = api(vec![list(), add(), twice]).strays();
    assert_eq!(strays, ["the name Thing2 stands for two schemas"], "{}", other::Thing { weight: 1 }.weight);
}
