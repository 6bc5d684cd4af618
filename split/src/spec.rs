//! What is wanted: one migration, both sides, the roles that use the schema on each.
//!
//! In: `spec.json` of a worker, or the flags of the command line. Out: a checked `Spec`. It holds no connection
//! settings and no secrets: those are the two URLs beside it.

mod cleanup;
mod copy;
mod direction;
mod evidence;
mod foreign_keys;
mod roles;
mod verification;

pub use cleanup::{BackupSpec, CleanupError, CleanupPolicy, CleanupSpec, DEFAULT_AFTER_S};
pub use copy::{CopySpec, ReplicationSpec};
pub use direction::Direction;
pub use evidence::{EvidenceSpec, Policy};
pub use foreign_keys::{AcrossDomains, ForeignKeySpec};
pub use roles::Roles;
pub use verification::{VerificationError, VerificationMode, VerificationSpec};

use serde::{Deserialize, Serialize};
use std::fmt;

/// One migration: the tables of one schema move from the source to the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Names the migration in both databases and in every side object: `[a-z0-9]{1,16}`.
    pub migration: String,
    /// Where the data is.
    pub source: SideSpec,
    /// Where it goes.
    pub target: SideSpec,
    /// The tables that move; none means every table of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<String>>,
    /// How long writers may be kept waiting by one attempt of the fence, in milliseconds.
    #[serde(default = "default_pause")]
    pub max_write_pause_ms: u64,
    /// How long the fence may be retried before the migration goes back to waiting, in seconds.
    #[serde(default = "default_budget")]
    pub cutover_budget_s: u64,
    /// How the rows are copied.
    #[serde(default)]
    pub copy: CopySpec,
    /// What the streams may cost.
    #[serde(default, skip_serializing_if = "ReplicationSpec::is_default")]
    pub replication: ReplicationSpec,
    /// How both sides are compared.
    #[serde(default, skip_serializing_if = "VerificationSpec::is_default")]
    pub verification: VerificationSpec,
    /// What becomes of foreign keys between moving and staying tables.
    #[serde(default, skip_serializing_if = "ForeignKeySpec::is_default")]
    pub foreign_keys: ForeignKeySpec,
    /// How much it counts that others than the service use the moving tables.
    #[serde(default, skip_serializing_if = "EvidenceSpec::is_default")]
    pub evidence: EvidenceSpec,
    /// Whether changes flow back to the source after the cutover, so that the data can go back.
    #[serde(default = "default_way_back")]
    pub way_back: bool,
    /// What becomes of the tables that are left on the source.
    #[serde(default, skip_serializing_if = "CleanupSpec::is_default")]
    pub cleanup: CleanupSpec,
}

/// One side of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideSpec {
    /// The schema that holds the tables.
    pub schema: String,
    /// Who uses it.
    pub roles: Roles,
}

/// Which of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Where the data is at the start.
    Source,
    /// Where it goes.
    Target,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// Why a spec can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Not the JSON of a spec.
    #[error("read the spec")]
    Parse(#[from] serde_json::Error),
    /// The id would not survive inside object names.
    #[error("the migration id {0:?} must be 1 to 16 of a-z and 0-9")]
    Migration(String),
    /// A name that must be given is empty or longer than a PostgreSQL identifier.
    #[error("{field} must be 1 to 63 bytes long, it is {value:?}")]
    Name {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A list of tables that moves nothing.
    #[error("the list of tables is empty: leave it out to move the whole schema")]
    NoTables,
    /// A pause outside of what the fence can keep to.
    #[error("maxWritePause must be 50 ms to 10 s, it is {0} ms")]
    Pause(u64),
    /// A limit of copy or streams is out of range.
    #[error("{field} must be {range}, it is {value}")]
    Limit {
        /// Which field.
        field: &'static str,
        /// What it may be.
        range: &'static str,
        /// Its value.
        value: u64,
    },
    /// Nobody can be quiet for so long, or so short a time means nothing.
    #[error("evidence.quiet_for_s must be 1 to 86400, it is {0}")]
    Quiet(u64),
    /// Orphans are waived where no foreign key would be severed.
    #[error("foreign_keys.waive_orphans means nothing unless foreign_keys.across_domains is Sever")]
    NothingToWaive,
    /// The old tables can't be dealt with so.
    #[error(transparent)]
    Cleanup(#[from] CleanupError),
    /// Both sides can't be compared so.
    #[error(transparent)]
    Verification(#[from] VerificationError),
}

fn default_pause() -> u64 {
    500
}

fn default_budget() -> u64 {
    600
}

/// What to do where nothing can lead back.
pub const DO_WITHOUT: &str =
    "or do without a way back: --no-way-back, spec.observe.duration 0s of a DatabaseSplitMigration";

fn default_way_back() -> bool {
    true
}

impl Spec {
    /// Reads and checks a spec.
    ///
    /// # Errors
    /// The text is not a spec, or `check` refuses it.
    pub fn parse(json: &str) -> Result<Self, SpecError> {
        let spec: Self = serde_json::from_str(json)?;
        spec.check()?;
        Ok(spec)
    }

    /// Checks what no type can.
    ///
    /// # Errors
    /// A name or a limit is out of range.
    pub fn check(&self) -> Result<(), SpecError> {
        let id = &self.migration;
        let fits = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !(1..=16).contains(&id.len()) || !fits {
            return Err(SpecError::Migration(id.clone()));
        }
        name("source.schema", &self.source.schema)?;
        name("target.schema", &self.target.schema)?;
        name("source.roles.owner", &self.source.roles.owner)?;
        name("target.roles.owner", &self.target.roles.owner)?;
        for role in self.source.roles.service().chain(self.target.roles.service()) {
            name("roles", role)?;
        }
        if self.tables.as_ref().is_some_and(Vec::is_empty) {
            return Err(SpecError::NoTables);
        }
        for table in self.tables.iter().flatten() {
            name("tables", table)?;
        }
        if !(50..=10_000).contains(&self.max_write_pause_ms) {
            return Err(SpecError::Pause(self.max_write_pause_ms));
        }
        if !(1..=86_400).contains(&self.evidence.quiet_for_s) {
            return Err(SpecError::Quiet(self.evidence.quiet_for_s));
        }
        if self.foreign_keys.waive_orphans && !self.foreign_keys.severs() {
            return Err(SpecError::NothingToWaive);
        }
        self.cleanup.check()?;
        self.verification.check(self.cleanup.policy)?;
        self.copy.check()?;
        self.replication.check()
    }

    /// The part of the spec that belongs to `side`.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideSpec {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

fn name(field: &'static str, value: &str) -> Result<(), SpecError> {
    if (1..=63).contains(&value.len()) && !value.contains('\0') {
        Ok(())
    } else {
        Err(SpecError::Name { field, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"migration":"0a1b2c",
        "source":{"schema":"identity","roles":{"owner":"o","migrate":["m"],"app":["a"],"read":["r"]}},
        "target":{"schema":"identity","roles":{"owner":"o2","app":["a2"]}}}"#;

    #[test]
    fn a_spec_needs_only_what_has_no_default() {
        let spec = Spec::parse(JSON).unwrap();
        assert_eq!((spec.max_write_pause_ms, spec.cutover_budget_s, spec.way_back), (500, 600, true));
        assert_eq!((spec.copy.workers, spec.copy.chunk_bytes, spec.copy.max_bytes_per_second), (4, 64 << 20, None));
        assert_eq!(spec.source.roles.service().collect::<Vec<_>>(), ["m", "a", "r"]);
        assert_eq!(spec.side(Side::Target).roles.owner, "o2");
        assert_eq!(Spec::parse(&serde_json::to_string(&spec).unwrap()).unwrap(), spec);
    }

    fn with(change: fn(&mut Spec)) -> Result<(), SpecError> {
        let mut spec = Spec::parse(JSON).unwrap();
        change(&mut spec);
        spec.check()
    }

    #[test]
    fn what_would_break_names_is_refused() {
        assert!(matches!(with(|s| s.migration = "A".into()), Err(SpecError::Migration(_))));
        assert!(matches!(with(|s| s.migration = String::new()), Err(SpecError::Migration(_))));
        assert!(matches!(with(|s| s.source.schema = String::new()), Err(SpecError::Name { .. })));
        assert!(matches!(with(|s| s.tables = Some(vec![])), Err(SpecError::NoTables)));
        assert!(matches!(with(|s| s.max_write_pause_ms = 1), Err(SpecError::Pause(1))));
        assert!(matches!(with(|s| s.foreign_keys.waive_orphans = true), Err(SpecError::NothingToWaive)));
        assert!(matches!(with(|s| s.evidence.quiet_for_s = 0), Err(SpecError::Quiet(0))));
    }

    #[test]
    fn bounds_that_no_copy_could_keep_to_are_refused() {
        assert!(matches!(with(|s| s.copy.workers = 0), Err(SpecError::Limit { field: "copy.workers", .. })));
        assert!(matches!(with(|s| s.copy.workers = 17), Err(SpecError::Limit { value: 17, .. })));
        assert!(matches!(with(|s| s.copy.chunk_bytes = 1), Err(SpecError::Limit { field: "copy.chunk_bytes", .. })));
        let slow = with(|s| s.copy.max_bytes_per_second = Some(1));
        assert!(matches!(slow, Err(SpecError::Limit { field: "copy.max_bytes_per_second", .. })));
        for latency in [0, 60_001, u64::MAX] {
            let mut spec = Spec::parse(JSON).unwrap();
            spec.copy.max_writer_latency_ms = Some(latency);
            let refused = spec.check();
            assert!(matches!(refused, Err(SpecError::Limit { field: "copy.max_writer_latency_ms", .. })), "{latency}");
        }
        let little = with(|s| s.replication.max_retained_wal_bytes = Some((64 << 20) - 1));
        assert!(matches!(little, Err(SpecError::Limit { field: "replication.max_retained_wal_bytes", .. })));
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        assert!(Spec::parse(&JSON.replace("\"migration\"", "\"x\":1,\"migration\"")).is_err());
    }
}
