//! Who else uses what moves, as far as it is known.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who else than the service uses the moving tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Evidence {
    /// Since when it is counted: right before the copy.
    pub since: Timestamp,
    /// When somebody last looked; absent before the first look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// Why statements can't be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Why the switch waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Statements and sessions of others, the last ones first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
}

/// A statement of somebody else on the moving tables, or sessions with locks on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Use {
    /// Who.
    pub role: String,
    /// The name that the sessions give themselves; absent for a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// `queryid` of the statement, by which its text is found on the source; absent for sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// How often since the beginning; looks, for sessions.
    pub calls: u64,
    /// What the statistics had counted at the last look.
    #[serde(alias = "before")]
    pub counted: u64,
    /// When it was last seen that there were more; absent if there weren't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}
