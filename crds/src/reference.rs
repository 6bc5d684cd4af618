//! References between objects of one namespace. They are always `{name: …}`, so that fields can be added later.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// An object of a kind the field names, in the namespace of the object that refers to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ObjectRef {
    /// Its `metadata.name`.
    #[schemars(schema_with = "bounds::object_name")]
    pub name: String,
}

impl ObjectRef {
    /// A reference to `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}
