//! The roles of a service.

use serde::{Deserialize, Serialize};

/// The roles of a service on one side, by what they may do. Group roles: logins inherit from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Owns schema and tables.
    pub owner: String,
    /// Changes the schema.
    #[serde(default)]
    pub migrate: Vec<String>,
    /// Reads and writes rows.
    #[serde(default)]
    pub app: Vec<String>,
    /// Reads rows.
    #[serde(default)]
    pub read: Vec<String>,
}

impl Roles {
    /// Every role that serves the service, the owner left out.
    pub fn service(&self) -> impl Iterator<Item = &str> {
        self.migrate.iter().chain(&self.app).chain(&self.read).map(String::as_str)
    }
}
