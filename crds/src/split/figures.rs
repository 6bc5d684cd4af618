//! Figures of the work: copies, streams, switches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Progress of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableProgress {
    /// Name of the table.
    pub name: String,
    /// Rows copied.
    pub rows: i64,
    /// Bytes copied.
    pub bytes: i64,
    /// Rows expected, estimated from statistics.
    pub total: i64,
    /// Bytes expected, estimated from the table's size and from what has been copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub total_bytes: Option<i64>,
    /// Where the copy of this table stands.
    pub state: String,
    /// Seconds to go, estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<i64>,
}

/// Progress of the copy of all tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CopyProgress {
    /// Bytes copied.
    #[schemars(range(min = 0))]
    pub bytes: i64,
    /// Bytes expected: the sum over all tables.
    #[schemars(range(min = 0))]
    pub total_bytes: i64,
    /// Bytes per second over the last half minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub bytes_per_second: Option<i64>,
    /// Seconds to go at that rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub eta_seconds: Option<i64>,
    /// Bound that the workers keep to at present, in bytes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_bytes_per_second: Option<i64>,
    /// How long a commit takes on the source, in milliseconds, if it is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_latency_ms: Option<f64>,
}

/// State of the stream of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationStatus {
    /// Bytes of changes the target has not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<i64>,
    /// Bytes of WAL the source keeps for the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retained_wal_bytes: Option<i64>,
    /// Bytes more that it may keep, where there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_room_bytes: Option<i64>,
    /// Bytes of WAL that it writes in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_bytes_per_second: Option<i64>,
    /// Seconds until there is no room for more, while what is kept grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub wal_seconds_left: Option<i64>,
    /// Name of the replication slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
}

/// A rehearsal of the cutover, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalStatus {
    /// Which one that spec.cutover.rehearsal asked for.
    pub number: i64,
    /// When it ended, in RFC 3339.
    pub at: String,
    /// How long writers would wait for the cutover; absent if it failed, as are the times below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_pause_ms: Option<f64>,
    /// How long they waited for the rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<f64>,
    /// Waiting for the locks before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// Part of it spent until the last change had reached the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Part of it spent on sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// Attempts, the last one included.
    pub attempts: i64,
    /// Why no attempt came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Figures of the cutover, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CutoverStatus {
    /// Time during which no write could commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_pause_ms: Option<f64>,
    /// Waiting for the locks before it; who comes meanwhile waits from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// The longest that any attempt kept writers waiting, given-up ones included, from asking for the locks on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait_ms: Option<f64>,
    /// Part of it spent until the last change had reached the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Part of it spent on sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// Attempts, the successful one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i64>,
    /// Epoch of the owner rows after the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// When the source closed, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Whether the data can change hands once more, and how it last went back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollbackStatus {
    /// A stream leads to the side that owned before.
    pub possible: bool,
    /// Until when, in RFC 3339; absent where nothing ends it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possible_until: Option<String>,
    /// Why it is not possible, or what is in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// State of that stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationStatus>,
    /// Figures of the last rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<CutoverStatus>,
}
