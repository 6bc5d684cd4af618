//! The end of the old tables: after a wait in which nobody has used them they are renamed or dropped, the latter once a backup
//! has been restored and compared.
//!
//! In: a job whose data is the target's for good. Out: what is remembered of the old tables, what is in their way, and in the end
//! their new names or nothing. Only the backup and its comparison read them; that comes first, and from then on every read is
//! somebody else's.

pub mod backup;
mod look;
pub mod memory;
mod name;
pub mod obstacle;
pub mod remove;
pub mod scratch;
pub mod soak;

pub use memory::{Memory, Quiet};
pub use obstacle::owns;

use crate::failpoint::{self, Step};
use crate::journal;
use crate::spec::{CleanupPolicy, Spec};
use crate::sql;
use crate::status::Finding;
use crate::step::{Job, StepError};
use jiff::Timestamp;
use memory::{Backup, Look, Refused};
use soak::Disturbance;
use tokio_postgres::Client;

/// Whether an intent of this kind says what is about to be done, and stands for nothing that the migration has made in a database.
#[must_use]
pub fn is_mark(kind: &str) -> bool {
    [remove::KIND, backup::KIND].contains(&kind)
}

/// Writes down which tables are the old ones, before anybody can make others under their names.
///
/// # Errors
/// The source can't be read, or a newer worker has begun.
pub async fn record(job: &Job, source: &Client, names: &[String]) -> Result<Memory, StepError> {
    let memory = Memory { tables: look::tables(job, source, names).await?, ..Memory::default() };
    memory::write(source, job, &memory).await?;
    failpoint::step(Step::OldTablesRecorded).await;
    Ok(memory)
}

/// The counters now, and what is in the way.
///
/// # Errors
/// The source can't be read.
pub async fn observe(
    job: &Job,
    source: &Client,
    memory: &Memory,
    moved_at: Timestamp,
) -> Result<(Look, Vec<Finding>), StepError> {
    let look = look::look(source, &memory.tables).await?;
    let mut findings = obstacle::find(job, source, &memory.tables, moved_at).await?;
    findings.extend((!look.counted).then(obstacle::uncounted));
    // One that no longer is what the tables are is taken anew, and its file may be gone by then.
    let counts =
        |backup: &&Backup| job.spec.cleanup.file() == Some(&backup.file) && soak::same_writes(&backup.look, &look);
    if let Some(backup) = memory.backup.as_ref().filter(counts) {
        // Reading all of it every few seconds would be too much; before anything is dropped it is read.
        let gone = !backup.file.exists();
        findings.extend(if gone { backup::missing(backup).await? } else { None });
    }
    Ok((look, findings))
}

/// The old tables are quiet from now on. What this migration itself has read is over by then.
///
/// # Errors
/// Sessions of ours don't end, the source can't be read, or a newer worker has begun.
pub async fn begin(
    job: &Job,
    source: &Client,
    memory: Memory,
    disturbance: Option<Disturbance>,
) -> Result<Memory, StepError> {
    journal::run::end_older_sessions(source, job.id(), job.run).await?;
    look::readers_gone(job, source).await?;
    let callers = look::callers(source, &memory.tables).await?;
    let anew = match disturbance {
        Some(Disturbance { what, tables }) => {
            let holders = look::holders(source, &memory.tables, &tables).await?;
            let before = memory.quiet.as_ref().map(|quiet| &quiet.callers);
            // Without an earlier word nobody can say what has become more.
            Some(what + &look::whom(&holders, before.unwrap_or(&callers), &callers))
        }
        None => None,
    };
    let look = look::look(source, &memory.tables).await?;
    let memory = Memory { quiet: Some(Quiet { since: look.at, anew, look, callers }), ..memory };
    memory::write(source, job, &memory).await?;
    failpoint::step(Step::QuietBegun).await;
    Ok(memory)
}

/// Writes down that a backup has come to nothing.
///
/// # Errors
/// The source can't be read, or a newer worker has begun.
pub async fn refused(job: &Job, source: &Client, memory: Memory) -> Result<(), StepError> {
    let at = look::look(source, &[]).await?.at;
    memory::write(source, job, &Memory { refused: Some(Refused { run: job.run, at }), ..memory }).await
}

/// What the plan shows of all this, with `:moved` for the end of the new names.
#[must_use]
pub fn planned(spec: &Spec, tables: &[&str]) -> Vec<String> {
    let qualified = |table: &&str| sql::qualified(&spec.source.schema, table);
    match spec.cleanup.policy {
        CleanupPolicy::Keep => Vec::new(),
        CleanupPolicy::Drop => {
            vec![format!("DROP TABLE {} RESTRICT", tables.iter().map(qualified).collect::<Vec<_>>().join(", "))]
        }
        CleanupPolicy::Rename => tables
            .iter()
            .map(|table| {
                format!("ALTER TABLE {} RENAME TO {}", qualified(table), sql::ident(&format!("{table}:moved")))
            })
            .collect(),
    }
}
