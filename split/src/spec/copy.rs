//! What the spec says about the copy, and about what the streams may cost the server that they begin at.

use super::SpecError;
use serde::{Deserialize, Serialize};

/// How the rows are copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CopySpec {
    /// Workers side by side, each with a session on both servers: 1 to 16.
    pub workers: u32,
    /// About how much one transaction copies, in bytes: what a lost session costs. At least 8192.
    pub chunk_bytes: u64,
    /// How much all workers together copy in a second, in bytes, at least 65536; none is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes_per_second: Option<u64>,
    /// How long a commit may take on the source before the workers are slowed down, in milliseconds, 1 to 60000; none doesn't measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_writer_latency_ms: Option<u64>,
}

impl Default for CopySpec {
    fn default() -> Self {
        Self { workers: 4, chunk_bytes: 64 << 20, max_bytes_per_second: None, max_writer_latency_ms: None }
    }
}

impl CopySpec {
    pub(super) fn check(&self) -> Result<(), SpecError> {
        if !(1..=16).contains(&self.workers) {
            return refused("copy.workers", "1 to 16", self.workers.into());
        }
        if self.chunk_bytes < 8192 {
            return refused("copy.chunk_bytes", "at least 8192", self.chunk_bytes);
        }
        if let Some(rate) = self.max_bytes_per_second.filter(|rate| *rate < 65_536) {
            return refused("copy.max_bytes_per_second", "at least 65536", rate);
        }
        match self.max_writer_latency_ms {
            Some(ms) if !(1..=60_000).contains(&ms) => refused("copy.max_writer_latency_ms", "1 to 60000", ms),
            _ => Ok(()),
        }
    }
}

/// What the streams may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplicationSpec {
    /// How much WAL a slot of the migration may keep on its server, in bytes, at least 64 MiB, besides what that server's
    /// `max_slot_wal_keep_size` allows; none is no limit of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retained_wal_bytes: Option<u64>,
}

impl ReplicationSpec {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(self) -> Result<(), SpecError> {
        match self.max_retained_wal_bytes {
            Some(bytes) if bytes < 64 << 20 => {
                refused("replication.max_retained_wal_bytes", "at least 67108864", bytes)
            }
            _ => Ok(()),
        }
    }
}

fn refused(field: &'static str, range: &'static str, value: u64) -> Result<(), SpecError> {
    Err(SpecError::Limit { field, range, value })
}
