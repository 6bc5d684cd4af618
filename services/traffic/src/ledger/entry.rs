//! One line of the ledger. Data only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A write that the platform acknowledged: from here on it must exist exactly once, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Number of the request within its run, from 0; gaps are requests that failed.
    pub n: u64,
    /// Path that was posted to.
    pub path: String,
    /// Id of the row as answered.
    pub row: Uuid,
    /// Address as sent; nobody else sends the same one.
    pub email: String,
    /// The address as a registry of canonical addresses has to store it.
    pub canonical: String,
    /// Id of the address as answered.
    pub email_address_id: Uuid,
    /// The company that was named, as a registry of canonical names has to compare it.
    #[serde(default)]
    pub company: Option<String>,
    /// Id of the company as answered; none while nobody can say which one it is.
    #[serde(default)]
    pub company_id: Option<Uuid>,
    /// When the request should have left, in microseconds of the run's clock.
    pub due_us: u64,
    /// When it left.
    pub sent_us: u64,
    /// When its address was in the registry: `ack_us` less what the answer says came after it, in microseconds.
    pub written_us: u64,
    /// When its answer had been read to the end.
    pub ack_us: u64,
    /// Wall-clock time of `ack_us`.
    pub ack_at: Timestamp,
}

/// A request that was not acknowledged, whatever the reason: the client of an email form would have seen an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// Number of the request within its run.
    pub n: u64,
    /// Path that was posted to.
    pub path: String,
    /// Short reason without personal data: `timeout`, `status 503 …`, `connect`, `answer`.
    pub reason: String,
    /// When it left, in microseconds of the run's clock.
    pub sent_us: u64,
    /// When it was given up.
    pub end_us: u64,
    /// Wall-clock time of `end_us`.
    pub end_at: Timestamp,
}
