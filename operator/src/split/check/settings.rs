//! The parts of a migration's spec in the worker's words. Pure.
//! In: what a person wrote. Out: the same for the engine, or what is wrong with it.

use crate::outcome::Outcome;
use rerp_crds::duration::DurationError;
use rerp_crds::split::{
    AcrossDomains, Cleanup, CleanupBackup, CleanupPolicy, CopySettings, DEFAULT_CLEANUP_AFTER, DEFAULT_QUIET_FOR,
    DEFAULT_SAMPLE_DURATION, DatabaseSplitMigrationSpec, Evidence, EvidencePolicy, ForeignKeys, ReplicationSettings,
    VerificationMode, VerificationSettings,
};
use rerp_crds::{Duration as Text, Reason};
use rerp_split::spec::{
    self, BackupSpec, CleanupSpec, CopySpec, EvidenceSpec, ForeignKeySpec, Policy, ReplicationSpec, VerificationSpec,
};
use std::time::Duration;

/// What isn't said is the engine's default.
pub(super) fn copy(given: Option<&CopySettings>) -> Result<CopySpec, Outcome> {
    let (given, default) = (given.cloned().unwrap_or_default(), CopySpec::default());
    let latency = given.max_writer_latency.as_ref().map(|text| length("spec.copy.maxWriterLatency", Some(text), "0s"));
    let latency = latency.transpose()?.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Ok(CopySpec {
        workers: given.workers.and_then(|count| u32::try_from(count).ok()).unwrap_or(default.workers),
        max_bytes_per_second: given.max_bytes_per_second.and_then(|rate| u64::try_from(rate).ok()),
        max_writer_latency_ms: latency,
        ..default
    })
}

pub(super) fn replication(given: Option<&ReplicationSettings>) -> ReplicationSpec {
    let bytes = given.and_then(|given| given.max_retained_wal_bytes);
    ReplicationSpec { max_retained_wal_bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()) }
}

pub(super) fn foreign_keys(given: Option<&ForeignKeys>) -> ForeignKeySpec {
    let given = given.cloned().unwrap_or_default();
    let across_domains = match given.across_domains.unwrap_or_default() {
        AcrossDomains::Refuse => spec::AcrossDomains::Refuse,
        AcrossDomains::Sever => spec::AcrossDomains::Sever,
    };
    ForeignKeySpec { across_domains, waive_orphans: given.waive_orphans.unwrap_or_default() }
}

pub(super) fn evidence(given: Option<&Evidence>) -> Result<EvidenceSpec, Outcome> {
    let given = given.cloned().unwrap_or_default();
    let quiet_for = length("spec.evidence.quietFor", given.quiet_for.as_ref(), DEFAULT_QUIET_FOR)?;
    let policy = match given.policy.unwrap_or_default() {
        EvidencePolicy::Require => Policy::Require,
        EvidencePolicy::Warn => Policy::Warn,
        EvidencePolicy::Ignore => Policy::Ignore,
    };
    Ok(EvidenceSpec { policy, quiet_for_s: quiet_for.as_secs() })
}

/// What becomes of the old tables. Workers have no volume, and a backup that goes with its pod is none.
fn cleanup(given: Option<&Cleanup>) -> Result<CleanupSpec, Outcome> {
    let given = given.cloned().unwrap_or_default();
    let after_s = length("spec.cleanup.after", given.after.as_ref(), DEFAULT_CLEANUP_AFTER)?.as_secs();
    match (given.policy.unwrap_or_default(), given.backup.unwrap_or_default()) {
        (CleanupPolicy::Keep, _) => Ok(CleanupSpec::default()),
        (CleanupPolicy::Rename, _) => Ok(CleanupSpec { policy: spec::CleanupPolicy::Rename, after_s, backup: None }),
        (CleanupPolicy::Drop, CleanupBackup::None) => {
            Ok(CleanupSpec { policy: spec::CleanupPolicy::Drop, after_s, backup: Some(BackupSpec::None) })
        }
        (CleanupPolicy::Drop, CleanupBackup::Required) => Err(Outcome::refused(
            Reason::InvalidSpec,
            "spec.cleanup.policy Drop wants a backup first, and there is no place for one in the cluster yet; set spec.cleanup.policy to \
             Rename, or spec.cleanup.backup to None to drop the old tables without one",
        )),
    }
}

/// What is compared, and what becomes of the old tables after it. An object from before there were rules may break them.
pub(super) fn proof(spec: &DatabaseSplitMigrationSpec) -> Result<(VerificationSpec, CleanupSpec), Outcome> {
    let (verification, cleanup) = (verification(spec.verification.as_ref())?, cleanup(spec.cleanup.as_ref())?);
    if verification.mode == spec::VerificationMode::Sample && cleanup.policy == spec::CleanupPolicy::Drop {
        return Err(Outcome::refused(
            Reason::InvalidSpec,
            "spec.cleanup.policy Drop wants every row compared before; set spec.verification.mode to Full, or spec.cleanup.policy to Keep or \
             Rename",
        ));
    }
    Ok((verification, cleanup))
}

fn verification(given: Option<&VerificationSettings>) -> Result<VerificationSpec, Outcome> {
    let given = given.cloned().unwrap_or_default();
    match (given.mode.unwrap_or_default(), &given.max_duration) {
        (VerificationMode::Full, None) => Ok(VerificationSpec::default()),
        (VerificationMode::Full, Some(_)) => Err(Outcome::refused(
            Reason::InvalidSpec,
            "spec.verification.maxDuration means nothing with Full; leave it out, or set spec.verification.mode to Sample",
        )),
        (VerificationMode::Sample, given) => {
            let limit = length("spec.verification.maxDuration", given.as_ref(), DEFAULT_SAMPLE_DURATION)?;
            Ok(VerificationSpec { mode: spec::VerificationMode::Sample, max_duration_s: Some(limit.as_secs()) })
        }
    }
}

/// A duration of the spec, or what is meant where there is none.
pub(super) fn length(field: &str, given: Option<&Text>, default: &str) -> Result<Duration, Outcome> {
    let text = given.cloned().unwrap_or_else(|| Text::new(default));
    text.parse().map_err(|error: DurationError| Outcome::refused(Reason::InvalidSpec, format!("{field}: {error}")))
}
