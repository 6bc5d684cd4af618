//! The backup of the old tables: taken by `pg_dump`, restored into a scratch database, compared with the tables.
//!
//! In: a job and a path. Out: a file that has been proved to hold what the tables hold, or what is in the way of one. The scratch
//! database is on the target's server, written down before it is made, and gone afterwards.

use super::memory::{Backup, Look, Memory};
use super::{look, obstacle, scratch};
use crate::failpoint::{self, Step};
use crate::inspect::{Inventory, inspect};
use crate::journal::{self, cleanup::Intent};
use crate::schema::{pg_dump_major, scope_arguments};
use crate::spec::{Side, Spec};
use crate::status::Finding;
use crate::step::{Job, StepError, failed, within};
use crate::verify::Observer;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;
use tokio_postgres::Client;

/// How long `pg_dump` or `pg_restore` may take.
pub(super) const LIMIT_S: u64 = 24 * 3600;
/// The kind of the intent of a file: its SHA-256, written down before the file gets its name.
pub(super) const KIND: &str = "backup";

/// What came of it.
pub enum Taken {
    /// It is there, and proved.
    Proved(Backup),
    /// Something is in the way of it.
    Refused(Finding),
}

/// Takes it to `file`. A file that this migration didn't write is never touched.
///
/// # Errors
/// A server can't be reached, `pg_dump` or `pg_restore` fails, or a newer worker has begun.
pub async fn take(
    job: &Job,
    source: &mut Client,
    memory: &Memory,
    file: &Path,
    observer: &dyn Observer,
) -> Result<Taken, StepError> {
    journal::run::end_older_sessions(source, job.id(), job.run).await?;
    let name = file.display().to_string();
    if let Some(refused) = foreign(job, source, memory, file).await? {
        return Ok(Taken::Refused(refused));
    }
    if let Some(refused) = unrestorable(job, &name).await? {
        return Ok(Taken::Refused(refused));
    }
    let look = look::look(source, &memory.tables).await?;
    let (spec, inventory) = old(job, source, &look).await?;
    let sha256 = dump(job, &inventory, file).await?;
    failpoint::step(Step::BackupTaken).await;
    let seen = scratch::compare(job, &spec, &inventory, file, observer).await?;
    if !seen.differences.is_empty() {
        let shown: Vec<&str> = seen.differences.iter().take(10).map(String::as_str).collect();
        let message = format!("restored, it isn't what the old tables are: {}", shown.join("; "));
        let fix = "see what differs: the server, or somebody who writes past the guards; keep the old tables meanwhile";
        return Ok(Taken::Refused(obstacle::backup(&name, message, fix)));
    }
    Ok(Taken::Proved(Backup { file: file.to_owned(), sha256, rows: seen.rows, look }))
}

/// Why the backup that was proved won't do any more: it isn't where it was, or isn't what it was.
///
/// # Errors
/// The file is there and can't be read.
pub async fn missing(backup: &Backup) -> Result<Option<Finding>, StepError> {
    let name = backup.file.display().to_string();
    let message = match hash(backup.file.clone()).await {
        Ok(now) if now == backup.sha256 => return Ok(None),
        Ok(_) => "it is no longer the file that was restored and compared",
        Err(StepError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            "it isn't there; on another machine, perhaps, where `run` was at work before"
        }
        Err(error) => return Err(error),
    };
    Ok(Some(obstacle::backup(&name, message.to_owned(), "put the file back, or name another one: that is taken anew")))
}

/// The old tables that are there as the engine sees them. The whole schema, unless something has been made in it since: then by
/// name.
async fn old(job: &Job, source: &mut Client, look: &Look) -> Result<(Spec, Inventory), StepError> {
    if job.spec.tables.is_none() {
        let inventory = inspect(source, Side::Source, &job.spec).await?;
        let known: BTreeSet<&str> = look.counters.keys().map(String::as_str).collect();
        if inventory.table_names().collect::<BTreeSet<_>>() == known {
            return Ok((job.spec.clone(), inventory));
        }
    }
    let names = look.counters.keys().cloned().collect();
    let spec = Spec { tables: Some(names), ..job.spec.clone() };
    let inventory = inspect(source, Side::Source, &spec).await?;
    Ok((spec, inventory))
}

/// `pg_restore` sets what a server before 17 doesn't know (`transaction_timeout`) from 17 on, and the restore ends there.
async fn unrestorable(job: &Job, name: &str) -> Result<Option<Finding>, StepError> {
    let target = job.session(Side::Target, "scratch").await?;
    let sql = "SELECT current_setting('server_version_num')::int4 / 10000";
    let row = target.query_one(sql, &[]).await.map_err(failed("read the target's version"))?;
    let (server, client) = (row.get::<_, i32>(0), pg_dump_major(&job.pg_dump).await);
    Ok(client.filter(|client| *client >= 17 && server < 17).map(|client| {
        let message =
            format!("pg_restore {client} can't restore it into PostgreSQL {server}, where it is to be proved");
        obstacle::backup(
            name,
            message,
            "name pg_dump 15 or 16 (--pg-dump, RERP_PG_DUMP) if the source is no newer, or let the policy be Rename",
        )
    }))
}

/// A file that is there already, and not by this migration.
async fn foreign(job: &Job, source: &Client, memory: &Memory, file: &Path) -> Result<Option<Finding>, StepError> {
    let name = file.display().to_string();
    let intents = journal::cleanup::pending(source, job.id()).await?;
    if file.exists() && !is_ours(&intents, memory, file).await? {
        let message = "there is a file already, and this migration hasn't written it".to_owned();
        return Ok(Some(obstacle::backup(&name, message, "move it away, or name another one")));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        return Ok(Some(obstacle::backup(&name, message, "make it, or name another file")));
    }
    Ok(None)
}

/// What a file holds says whose it is: somebody may have put his own where an earlier try got to nothing. An empty one is the place that
/// `dump` takes before it puts the file there.
async fn is_ours(intents: &[Intent], memory: &Memory, file: &Path) -> Result<bool, StepError> {
    let path = file.to_owned();
    let known = blocking("look at the backup", move || path.symlink_metadata()).await?;
    // Neither a device nor a folder is ever a backup of ours.
    if !known.is_file() || known.len() == 0 {
        return Ok(known.is_file());
    }
    let sha256 = hash(file.to_owned()).await?;
    Ok(memory.backup.as_ref().is_some_and(|backup| backup.sha256 == sha256)
        || intents.iter().any(|intent| intent.kind == KIND && intent.name == sha256))
}

/// Written beside it under a name of this run's own, and given its name when it is whole and on disk: a worker that comes back
/// late finds the name taken. Returns its SHA-256, from before it is restored: what changes it from there on shows when it is read again.
async fn dump(job: &Job, inventory: &Inventory, file: &Path) -> Result<String, StepError> {
    still_ours(job).await?;
    sweep(file)?;
    let part = beside(file, &format!("{}.part", job.run));
    private(part.clone()).await?;
    let mut command = Command::new(&job.pg_dump);
    command.args(["--format=custom", "--no-publications", "--no-subscriptions", "--no-password"]);
    command.args(["--lock-wait-timeout=10s", "--encoding=UTF8"]).args(scope_arguments(inventory));
    command.arg("--file").arg(&part).envs(job.source.libpq_env(look::READERS[1]));
    finished(command, "pg_dump").await?;
    let sha256 = hash(part.clone()).await?;
    // The session is a new one, for the server ends those that have been idle for as long as `pg_dump` may take.
    let source = job.session(Side::Source, "finalize").await?;
    journal::cleanup::intend(&source, job.id(), job.run, KIND, &sha256).await?;
    failpoint::step(Step::BackupIntended).await;
    let place = file.to_owned();
    blocking("name the backup", move || {
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::File::create_new(&place)?;
        std::fs::rename(&part, &place)?;
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder)?.sync_all()
    })
    .await?;
    Ok(sha256)
}

/// An empty file that nobody else may read, for what `pg_dump` writes into it.
async fn private(file: PathBuf) -> Result<(), StepError> {
    let make = move || OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map(drop);
    blocking("make the file of the backup", make).await
}

/// No transaction can hold a file: whoever was superseded may not remove one. (Who names one writes an intent first, which asks the same.)
async fn still_ours(job: &Job) -> Result<(), StepError> {
    let source = job.session(Side::Source, "finalize").await?;
    Ok(journal::run::hold(&source, job.id(), job.run).await?)
}

/// What earlier tries have left: the file itself, which is ours, and parts of it.
fn sweep(file: &Path) -> Result<(), StepError> {
    let action = || format!("remove what an earlier try has left of {}", file.display());
    let gone = |path: &Path| match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StepError::Io { action: action(), source: error }),
        _ => Ok(()),
    };
    gone(file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).map_err(|source| StepError::Io { action: action(), source })?;
    let stem = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_part = |name: &str| {
        let run = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".part"));
        run.is_some_and(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()))
    };
    for entry in entries.flatten().filter(|entry| is_part(&entry.file_name().to_string_lossy())) {
        gone(&entry.path())?;
    }
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

async fn hash(file: PathBuf) -> Result<String, StepError> {
    blocking("read the backup", move || {
        let (mut file, mut hasher) = (std::fs::File::open(file)?, Sha256::new());
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex::encode(hasher.finalize())),
                read => hasher.update(&buffer[..read]),
            }
        }
    })
    .await
}

async fn blocking<T: Send + 'static>(
    action: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StepError> {
    let io = |source| StepError::Io { action: action.to_owned(), source };
    tokio::task::spawn_blocking(work).await.map_err(|error| io(io::Error::other(error)))?.map_err(io)
}

/// Runs one of PostgreSQL's programs to its end; it is killed with us, if we get to it.
pub(super) async fn finished(mut command: Command, name: &'static str) -> Result<Output, StepError> {
    command.env_remove("PGOPTIONS").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let io = |source| StepError::Io { action: format!("run {name}"), source };
    let output = within(name, LIMIT_S, async { command.output().await.map_err(io) }).await?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(StepError::Io { action: format!("{name} failed"), source: io::Error::other(stderr) })
}
