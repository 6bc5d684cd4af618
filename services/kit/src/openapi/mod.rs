//! A service's interface as an OpenAPI 3.1 document. In: its table of who may call what, and for each route a description with the types that it
//! takes and gives. Out: the document, and what doesn't fit together. Pure. Must not repeat what a row or a type says already.
//!
//! | room | holds |
//! |---|---|
//! | `operation` | the description of one route |
//! | `parameter` | what stands in paths, queries and headers |
//! | `schemas` | schemas of types, under their names |
//! | `responses` | answers and problems by status, those that every route may give among them |
//! | `document` | a service's descriptions beside its table, and the document of both |
//!
//! Schemas come from the types by derive; what a type can't say of a text (`name` is at most 200 characters) stands in its `schemars` attributes.
//! See `docs/adr/0029-openapi.md`.

mod document;
mod operation;
mod parameter;
mod responses;
mod schemas;

pub use document::Api;
pub use operation::Operation;
