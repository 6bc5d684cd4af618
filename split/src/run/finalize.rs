//! The last phase: side objects go, then the old tables are dealt with as the spec says.
//!
//! In: a migration whose way back has come to its end. Out: on the board since when the old tables are quiet, until when they are
//! waited for, what is in the way. Each turn is one look; whoever takes over goes on from the journal.

use super::{Board, observe};
use crate::clean;
use crate::old_tables::backup::{self, Taken};
use crate::old_tables::remove::{Removed, remove};
use crate::old_tables::soak::{self, Disturbance, Next};
use crate::old_tables::{self, Memory, memory, obstacle, scratch};
use crate::phase::{Owner, Work};
use crate::report;
use crate::sever;
use crate::spec::{CleanupPolicy, Side};
use crate::status::{Cleanup, Finding};
use crate::step::{Job, StepError, chain};
use crate::verify::{Comparison, Observer};
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;
use tokio_postgres::Client;

/// How often it is looked whether a backup is still wanted while it is taken.
const WISH_POLL: Duration = Duration::from_secs(1);

/// One turn.
pub(super) async fn finish(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut source = job.session(Side::Source, "finalize").await?;
    let known = memory::read(&source, job.id()).await?;
    let mut memory = if known.cleared { known } else { clear(job, board, &source, known).await? };
    memory.refused.take_if(|refused| refused.run != job.run);
    if job.spec.cleanup.policy == CleanupPolicy::Keep || memory.done.is_some() {
        return over(job, board, &memory).await;
    }
    if detached(job, &source).await? {
        tracing::info!(migration = job.id(), "the migration is being deleted: the old tables stay");
        return over(job, board, &Memory { quiet: None, ..memory }).await;
    }
    let Some(moved_at) = board.status().cutover.map(|cutover| cutover.at) else {
        board.update(|status| status.message = "old tables: nobody has written down when they moved".to_owned());
        return Ok(Work::Unfinished);
    };
    let (look, mut found) = old_tables::observe(job, &source, &memory, moved_at).await?;
    found.extend(obstacle::sampled(job, &board.status()));
    let is_free = found.is_empty();
    let next = soak::next(&job.spec.cleanup, &memory, &look);
    if memory.refused.is_some() || matches!(next, Next::BackUp(_)) {
        // Until it has been tried again, what was in its way stands.
        let known = board.status().findings.into_iter().filter(|finding| finding.id == obstacle::BACKUP);
        found.extend(known.filter(|finding| !found.contains(finding)).collect::<Vec<_>>());
    }
    show(job, board, &memory, &found);
    match next {
        // Of tables that may be somebody's again there would be one after the other.
        Next::BackUp(stale) if is_free => back_up(job, board, &mut source, memory, stale).await?,
        Next::Begin(disturbance) => {
            let memory = old_tables::begin(job, &source, memory, disturbance).await?;
            show(job, board, &memory, &found);
        }
        Next::Remove if is_free => return end(job, board, &memory, moved_at).await,
        Next::BackUp(_) | Next::Wait(_) | Next::Remove => {}
    }
    Ok(Work::Unfinished)
}

/// Ends what led back and all else that was made beside the data. Nothing streams into the old tables from here on.
async fn clear(job: &Job, board: &Board, source: &Client, known: Memory) -> Result<Memory, StepError> {
    let kept = job.spec.cleanup.policy == CleanupPolicy::Keep;
    let memory = if kept || !known.tables.is_empty() {
        known
    } else {
        let names: Vec<String> = board.status().tables.into_iter().map(|table| table.name).collect();
        old_tables::record(job, source, &names).await?
    };
    sever::release(job).await?;
    clean::side_objects(job).await?;
    board.update(|status| status.way_back = None);
    let memory = Memory { cleared: true, ..memory };
    if !kept {
        memory::write(source, job, &memory).await?;
    }
    Ok(memory)
}

/// Nothing more becomes of them.
async fn over(job: &Job, board: &Board, memory: &Memory) -> Result<Work, StepError> {
    scratch::sweep_left(job).await?;
    board.update(|status| {
        status.findings.retain(|finding| !old_tables::owns(finding));
        status.cleanup = memory.done.is_some().then(|| Cleanup { until: None, ..told(job, memory) });
    });
    Ok(Work::Done)
}

/// The migration is being deleted.
async fn detached(job: &Job, source: &Client) -> Result<bool, StepError> {
    Ok(observe::wished(source, job.id()).await?.is_some_and(|wished| wished.wish.abort))
}

/// A backup may take hours, and whoever deletes the migration doesn't wait for it.
async fn back_up(
    job: &Job,
    board: &Board,
    source: &mut Client,
    memory: Memory,
    stale: Option<String>,
) -> Result<(), StepError> {
    let Some(file) = job.spec.cleanup.file() else { return Ok(()) };
    board.update(|status| status.message = format!("old tables: taking the backup {}", file.display()));
    let told = Told { board, file };
    let taken = tokio::select! {
        taken = backup::take(job, source, &memory, file, &told) => taken.or_else(|error| failed_backup(file, error))?,
        () = until_unwanted(job) => return Ok(()),
    };
    match taken {
        Taken::Proved(proved) => {
            board.update(|status| status.findings.retain(|known| known.id != obstacle::BACKUP));
            let memory = Memory { backup: Some(proved), refused: None, quiet: None, ..memory };
            let source = &job.session(Side::Source, "finalize").await?;
            memory::write(source, job, &memory).await?;
            // Rows that were written while they were waited for are as good as a read.
            let disturbance = stale.map(|what| Disturbance { what, tables: Vec::new() });
            old_tables::begin(job, source, memory, disturbance).await.map(drop)
        }
        Taken::Refused(finding) => {
            board.update(|status| {
                status.message = format!("old tables: {}: {}", finding.object, finding.message);
                status.findings.retain(|known| known.id != obstacle::BACKUP);
                status.findings.push(finding);
            });
            let source = &job.session(Side::Source, "finalize").await?;
            old_tables::refused(job, source, memory).await
        }
    }
}

/// What a program or a file has refused won't be otherwise in a moment: it is told, and tried again later.
fn failed_backup(file: &Path, error: StepError) -> Result<Taken, StepError> {
    match error {
        StepError::Io { .. } => Ok(Taken::Refused(obstacle::backup(
            &file.display().to_string(),
            chain(&error),
            "mend what pg_dump or pg_restore says; it is tried again after a while",
        ))),
        error => Err(error),
    }
}

/// Ends once nobody wants the backup now: the migration is being deleted, or suspended. A look that fails says nothing.
async fn until_unwanted(job: &Job) {
    loop {
        if let Ok(client) = job.session(Side::Source, "wish").await {
            while let Ok(wished) = observe::wished(&client, job.id()).await {
                if wished.is_some_and(|wished| wished.wish.abort || wished.wish.suspend) {
                    return;
                }
                tokio::time::sleep(WISH_POLL).await;
            }
        }
        tokio::time::sleep(WISH_POLL).await;
    }
}

/// The wait is over and nothing is in the way.
async fn end(job: &Job, board: &Board, memory: &Memory, moved_at: Timestamp) -> Result<Work, StepError> {
    let held = |why: String| board.update(|status| status.message = format!("old tables: {why}"));
    let (owner, _) = observe::owner(job).await?;
    if owner != Owner::Target || observe::two_owners(job, board, Side::Source).await? {
        held("the target doesn't own the data, or not alone: nothing is touched".to_owned());
        return Ok(Work::Unfinished);
    }
    if let Some(backup) = memory.backup.as_ref().filter(|_| job.spec.cleanup.file().is_some())
        && let Some(missing) = backup::missing(backup).await?
    {
        show(job, board, memory, &[missing]);
        return Ok(Work::Unfinished);
    }
    let mut source = job.session(Side::Source, "finalize").await?;
    // Reading the backup may have taken a while.
    if observe::wished(&source, job.id()).await?.is_some_and(|wished| wished.wish.abort || wished.wish.suspend) {
        return Ok(Work::Unfinished);
    }
    match remove(job, &mut source, memory, moved_at).await? {
        Removed::Done(done) => over(job, board, &Memory { done: Some(done), ..memory.clone() }).await,
        Removed::Held(why) => {
            held(format!("{why}; nothing is changed, it is tried again"));
            Ok(Work::Unfinished)
        }
        Removed::Changed => Ok(Work::Unfinished),
    }
}

/// What is known goes onto the board, and what is in the way.
fn show(job: &Job, board: &Board, memory: &Memory, found: &[Finding]) {
    let cleanup = told(job, memory);
    let message = found.first().map_or_else(
        || report::old_tables(&cleanup),
        |first| format!("old tables: {}: {}", first.object, first.message),
    );
    board.update(|status| {
        status.message = message;
        status.cleanup = Some(cleanup);
        status.findings.retain(|finding| !old_tables::owns(finding));
        status.findings.extend_from_slice(found);
    });
}

fn told(job: &Job, memory: &Memory) -> Cleanup {
    let quiet = memory.quiet.as_ref();
    Cleanup {
        policy: memory.done.map_or(job.spec.cleanup.policy, |done| done.policy),
        quiet_since: quiet.map(|quiet| quiet.since),
        until: quiet.map(|quiet| soak::until(&job.spec.cleanup, quiet)),
        disturbed: quiet.and_then(|quiet| quiet.anew.clone()),
        backup: memory.backup.as_ref().map(|backup| backup.file.display().to_string()),
        done_at: memory.done.map(|done| done.at),
    }
}

/// Tells how far the backup is compared.
struct Told<'a> {
    board: &'a Board,
    file: &'a Path,
}

impl Observer for Told<'_> {
    fn compared(&self, comparison: &Comparison) {
        let (rows, file) = (comparison.rows, self.file.display());
        self.board.update(|status| {
            status.message = format!("old tables: comparing the restored backup {file} with them, {rows} rows so far");
        });
    }
}
