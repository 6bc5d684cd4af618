//! A change of hands: as it was, as it would be, and whether there can be another one.

use super::Replication;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cutover {
    /// From the grant of the locks of the attempt that succeeded to the opening of the target: no write can commit.
    pub write_pause_ms: f64,
    /// Before it: waiting for the locks, behind transactions that still commit. Who comes during it waits from then on.
    pub lock_wait_ms: f64,
    /// The longest that any attempt kept writers waiting, given-up ones included; absent in reports of older workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_wait_ms: Option<f64>,
    /// Of the pause: until the target had replayed everything.
    pub drain_ms: f64,
    /// Of it: sequences.
    pub sequence_ms: f64,
    /// Attempts, the successful one included.
    pub attempts: u32,
    /// The epoch at which the target became the owner.
    pub epoch: i64,
    /// When the target was opened.
    pub at: Timestamp,
}

/// A rehearsal of the switch: everything up to the closing, and then everything was let go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rehearsal {
    /// Which one that was wished for.
    pub number: i64,
    /// When it ended.
    pub at: Timestamp,
    /// Attempts, the last one included.
    pub attempts: u32,
    /// Waiting for the locks. This and the times below are absent if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_wait_ms: Option<f64>,
    /// Until the target had replayed everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
    /// Sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_ms: Option<f64>,
    /// How long writers waited for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_ms: Option<f64>,
    /// How long they would wait for the switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_pause_ms: Option<f64>,
    /// Why no attempt came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Whether the data can change hands once more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WayBack {
    /// It can: the other side has had, or will have, everything.
    pub possible: bool,
    /// Why it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stream, as last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
}

impl WayBack {
    /// There is none, and why.
    #[must_use]
    pub fn impossible(reason: &str) -> Self {
        Self { possible: false, reason: Some(reason.to_owned()), replication: None }
    }
}
