//! The description of one route: what a caller has to know beyond what its row and its types say. In: words, types, an example. Out: a value for
//! the document. Must not say who may call: the row does.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::parameter::{Parameter, Place};
use super::schemas::{Shape, named, written_out};
use crate::access::Verb;
use crate::audit::HEADER;
use crate::http::{Page, Paging};
use crate::problem::catalogue::{
    CHANGED_MEANWHILE, ID_TAKEN, IN_PROGRESS, INVALID_BODY, INVALID_VALUE, KEY_REUSED, Kind, MALFORMED_ADDRESS,
    MALFORMED_JSON, NOT_FOUND, NOT_JSON, TOO_LARGE, VERSION_REQUIRED,
};

/// The media type of nearly everything.
const JSON: &str = "application/json";

/// A body that a route takes.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// None: any JSON object, whose bytes count.
    pub(super) shape: Option<Shape>,
    pub(super) what: &'static str,
    pub(super) example: Option<Value>,
}

/// An answer that is no problem.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) status: u16,
    pub(super) what: &'static str,
    /// Media types, each with its shape if it is JSON.
    pub(super) content: Vec<(&'static str, Option<Shape>)>,
    /// Names, what they are, and whether the answer always has them.
    pub(super) headers: Vec<(&'static str, &'static str, bool)>,
}

/// The description of one route.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(super) verb: Verb,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) query: Option<Shape>,
    pub(super) body: Option<Taken>,
    pub(super) given: Vec<Given>,
    pub(super) problems: Vec<Kind>,
    /// Why the example is none.
    pub(super) flaw: Option<String>,
}

impl Operation {
    /// A route, by method and path as in the service's table; the name that programs give it, unique in the service, and one sentence for people.
    #[must_use]
    pub fn new(verb: Verb, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let (parameters, given, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { verb, path, id, summary, parameters, query: None, body: None, given, problems, flaw: None }
    }

    /// A part of the path that is an identifier. What is none names nothing: 404.
    #[must_use]
    pub fn identifier(self, name: &'static str, what: &'static str, example: &'static str) -> Self {
        self.segment(name, what, json!({ "type": "string", "format": "uuid", "examples": [example] }))
    }

    /// Another part of the path, with its schema.
    #[must_use]
    pub fn segment(mut self, name: &'static str, what: &'static str, schema: Value) -> Self {
        self.parameters.push(Parameter { place: Place::Path, name, what, required: true, schema });
        self.problems(&[MALFORMED_ADDRESS, NOT_FOUND])
    }

    /// A header, which may be left out unless it is `required`, with its schema.
    #[must_use]
    pub fn header(mut self, name: &'static str, what: &'static str, schema: Value, required: bool) -> Self {
        self.parameters.push(Parameter { place: Place::Header, name, what, required, schema });
        self
    }

    /// A query, as its type reads it.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(written_out::<T>());
        self.problems(&[MALFORMED_ADDRESS])
    }

    /// A JSON body, with an example of one that is right.
    #[must_use]
    pub fn body<T: JsonSchema + DeserializeOwned>(mut self, what: &'static str, example: Value) -> Self {
        self.flaw = serde_json::from_value::<T>(example.clone()).err().map(|error| error.to_string());
        self.body = Some(Taken { shape: Some(named::<T>()), what, example: Some(example) });
        self.problems(&[MALFORMED_JSON, NOT_JSON, TOO_LARGE, INVALID_BODY])
    }

    /// A JSON body of somebody else's form, of which we look at little, and whose bytes count.
    #[must_use]
    pub fn foreign_body(mut self, what: &'static str) -> Self {
        self.body = Some(Taken { shape: None, what, example: None });
        self.problems(&[MALFORMED_JSON, TOO_LARGE, INVALID_BODY])
    }

    /// Takes an `Idempotency-Key`.
    #[must_use]
    pub fn keyed(self) -> Self {
        let what = "The same request with the same key has its effect once and gets the same answer, for 24 hours. A UUID becomes the \
                    identifier of what is made";
        let schema = json!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
        self.header("Idempotency-Key", what, schema, false).problems(&[IN_PROGRESS, KEY_REUSED, ID_TAKEN])
    }

    /// Is for staff who say why they ask: takes the header of [`crate::audit::HEADER`].
    #[must_use]
    pub fn reasoned(self) -> Self {
        let what = "Why, in one line; it is on record with who asks";
        let pattern = "^[!-~][ -~]{1,498}[!-~]$";
        let schema = json!({ "type": "string", "pattern": pattern, "examples": ["ticket 4711"] });
        self.header(HEADER, what, schema, true).problems(&[INVALID_VALUE])
    }

    /// Changes what the caller has read: takes `If-Match`.
    #[must_use]
    pub fn changes(self) -> Self {
        let what = "The ETag of what was read, or `*` for whatever is there";
        self.header("If-Match", what, tags(), true).problems(&[CHANGED_MEANWHILE, VERSION_REQUIRED])
    }

    /// Takes `If-None-Match`, and answers 304 to whoever has what there is.
    #[must_use]
    pub fn revalidated(self) -> Self {
        let tag = self.header("If-None-Match", "The ETag of what is there already", tags_or_none(), false);
        tag.empty(304, "Unchanged").with("ETag", "The version", true)
    }

    /// A list in pages of this type, with the query that asks for one.
    #[must_use]
    pub fn pages<T: JsonSchema>(self, what: &'static str) -> Self {
        self.query::<Paging>().answers::<Page<T>>(200, what)
    }

    /// An answer in JSON.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: u16, what: &'static str) -> Self {
        self.give(status, what, vec![(JSON, Some(named::<T>()))])
    }

    /// An answer of other media types; what ends in `+json` is an object.
    #[must_use]
    pub fn media(self, status: u16, what: &'static str, media: &[&'static str]) -> Self {
        self.give(status, what, media.iter().map(|one| (*one, None)).collect())
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(self, status: u16, what: &'static str) -> Self {
        self.give(status, what, Vec::new())
    }

    fn give(mut self, status: u16, what: &'static str, content: Vec<(&'static str, Option<Shape>)>) -> Self {
        self.given.push(Given { status, what, content, headers: Vec::new() });
        self
    }

    /// A header of the answer that was named last; whether it `always` has it.
    #[must_use]
    pub fn with(mut self, name: &'static str, what: &'static str, always: bool) -> Self {
        if let Some(given) = self.given.last_mut() {
            given.headers.push((name, what, always));
        }
        self
    }

    /// Problems that it may answer with, beside those that follow from the rest.
    #[must_use]
    pub fn problems(mut self, kinds: &[Kind]) -> Self {
        self.problems.extend_from_slice(kinds);
        self
    }
}

/// Entity tags, as `http/version.rs` reads them.
fn tags() -> Value {
    let pattern = r#"^(\*|(W/)?"[!#-+.-~-]*"([ \t]*,[ \t]*(W/)?"[!#-+.-~-]*")*)$"#;
    json!({ "type": "string", "pattern": pattern, "examples": ["*"] })
}

/// The same, or none: a list of nothing is read as no header (RFC 9110, 5.6.1.2).
fn tags_or_none() -> Value {
    let pattern = r#"^(\*|((W/)?"[!#-+.-~-]*")?([ \t]*,[ \t]*((W/)?"[!#-+.-~-]*")?)*)$"#;
    json!({ "type": "string", "pattern": pattern, "examples": ["*"] })
}
