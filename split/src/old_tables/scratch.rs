//! A database to restore the backup into, on the target's server, and the comparison of what was restored with the old tables.
//!
//! In: a backup. Out: what differs. The database is written down before it is made; it is nobody's, and gone when this returns.

use super::backup::{LIMIT_S, finished};
use crate::connect::Endpoint;
use crate::failpoint::{self, Step};
use crate::inspect::Inventory;
use crate::journal;
use crate::names;
use crate::spec::{Side, Spec, VerificationSpec};
use crate::sql;
use crate::step::{Job, StepError, chain, failed, within};
use crate::verify::{Observer, ScopeError, scope};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_postgres::Client;

/// The kind of the database's intent.
const KIND: &str = "database";

/// What the comparison came to.
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) differences: Vec<String>,
}

/// Restores `file` and compares it with the old tables.
pub(super) async fn compare(
    job: &Job,
    spec: &Spec,
    inventory: &Inventory,
    file: &Path,
    observer: &dyn Observer,
) -> Result<Seen, StepError> {
    let target = job.session(Side::Target, "scratch").await?;
    sweep(job, &target).await?;
    let name = make(job, &target).await?;
    let scratch = job.target.in_database(&name);
    let restored = async {
        surround(job, &scratch, inventory).await?;
        restore(job, &scratch, inventory, file).await?;
        failpoint::step(Step::BackupRestored).await;
        differences(job, spec, &scratch, observer).await
    };
    let seen = restored.await;
    failpoint::step(Step::BackupCompared).await;
    // Whatever came of it. The other session may have been idle for too long meanwhile.
    let swept = async { sweep(job, &job.session(Side::Target, "scratch").await?).await };
    swept.await.and(seen)
}

/// Drops what a worker that was lost has left, whatever is wanted of the old tables by now.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_left(job: &Job) -> Result<(), StepError> {
    let target = job.session(Side::Target, "scratch").await?;
    let intents = journal::cleanup::pending(&target, job.id()).await?;
    if intents.iter().any(|intent| intent.kind == KIND) { sweep(job, &target).await } else { Ok(()) }
}

/// Drops every scratch database of this migration, whoever made it and whoever is in it.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn sweep(job: &Job, target: &Client) -> Result<(), StepError> {
    journal::run::end_older_sessions(target, job.id(), job.run).await?;
    let stem = format!("{}scratch_", names::prefix(job.id()));
    let select = "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)";
    let rows = target.query(select, &[&stem]).await.map_err(failed("list the scratch databases"))?;
    for row in rows {
        let name: String = row.get(0);
        journal::run::hold(target, job.id(), job.run).await?;
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql::ident(&name));
        target.batch_execute(&drop).await.map_err(failed(format!("drop the scratch database {name}")))?;
    }
    for intent in journal::cleanup::pending(target, job.id()).await? {
        if intent.kind == KIND {
            journal::cleanup::settle(target, job.id(), job.run, KIND, &intent.name).await?;
        }
    }
    Ok(())
}

/// No transaction can hold the run while a database is made: but whoever was superseded has lost this session.
async fn make(job: &Job, target: &Client) -> Result<String, StepError> {
    let action = "make the scratch database";
    let name = names::scratch(job.id(), job.run);
    journal::cleanup::intend(target, job.id(), job.run, KIND, &name).await?;
    failpoint::step(Step::ScratchIntended).await;
    let select = "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, datlocprovider = 'c' \
                  FROM pg_database WHERE datname = current_database()";
    let row = target.query_one(select, &[]).await.map_err(failed(action))?;
    let [encoding, collate, ctype] = [0, 1, 2].map(|column| sql::literal(row.get(column)));
    // Other providers' locales are named in other ways from version to version: there the server's own will do.
    let locale = if row.get(3) { format!(" LC_COLLATE {collate} LC_CTYPE {ctype}") } else { String::new() };
    let create = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING {encoding}{locale}", sql::ident(&name));
    target.batch_execute(&create).await.map_err(failed(action))?;
    failpoint::step(Step::ScratchMade).await;
    Ok(name)
}

/// What the old tables need and isn't theirs: extensions, and whatever else the target had to have before they came. What is of
/// no use to them may fail.
async fn surround(job: &Job, scratch: &Endpoint, inventory: &Inventory) -> Result<(), StepError> {
    let client = scratch.connect("scratch").await?;
    let schema = sql::ident(&inventory.schema);
    client
        .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
        .await
        .map_err(failed("make the schema in the scratch database"))?;
    let mut dump = Command::new(&job.pg_dump);
    dump.args(["--format=custom", "--schema-only", "--no-owner", "--no-privileges", "--no-publications"]);
    dump.args(["--no-subscriptions", "--no-password", "--lock-wait-timeout=10s", "--exclude-schema=rerp_split"]);
    dump.arg(format!("--exclude-schema={schema}")).envs(job.target.libpq_env("scratch"));
    let lacking = |why: &str| {
        tracing::info!(
            migration = job.id(),
            why,
            "not all of what is around the old tables is in the scratch database"
        );
    };
    let around = match finished(dump, "pg_dump").await {
        Ok(output) => output.stdout,
        // It may be too old for the target's server.
        Err(error) => {
            lacking(&chain(&error));
            return Ok(());
        }
    };
    let restored = fed(restoring(job, scratch), &around).await?;
    if !restored.status.success() {
        lacking(String::from_utf8_lossy(&restored.stderr).trim());
    }
    Ok(())
}

/// Everything in the backup but the guards, which belong to the journal.
async fn restore(job: &Job, scratch: &Endpoint, inventory: &Inventory, file: &Path) -> Result<(), StepError> {
    let mut list = Command::new(program(job));
    list.arg("--list").arg(file);
    let list = finished(list, "pg_restore").await?.stdout;
    let list = without_guards(&String::from_utf8_lossy(&list), &inventory.schema);
    let mut command = restoring(job, scratch);
    command.args(["--exit-on-error", "--use-list=/dev/stdin"]).arg(file);
    let output = fed(command, list.as_bytes()).await?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(StepError::Io { action: "restore the backup".to_owned(), source: std::io::Error::other(stderr) })
}

/// Entries of a backup's list that are restored. The schema has been made.
fn without_guards(list: &str, schema: &str) -> String {
    let unwanted = |line: &str| {
        let words = line.split(';').nth(1).unwrap_or_default();
        let is_guard = words.contains(" TRIGGER ") && words.contains(" rerp_split_guard ");
        is_guard || words.contains(&format!(" SCHEMA - {schema} ")) || words.contains(&format!(" SCHEMA {schema} "))
    };
    list.lines().filter(|line| !unwanted(line)).map(|line| format!("{line}\n")).collect()
}

async fn differences(job: &Job, spec: &Spec, scratch: &Endpoint, observer: &dyn Observer) -> Result<Seen, StepError> {
    let same_name = Spec { target: spec.source.clone(), verification: VerificationSpec::default(), ..spec.clone() };
    let scope = match scope(&job.source, scratch, &same_name).await {
        Ok(scope) => scope,
        Err(ScopeError::Step(error)) => return Err(error),
        Err(error @ ScopeError::Nothing(_)) => return Ok(Seen { rows: 0, differences: vec![chain(&error)] }),
    };
    let mut differences = scope.incomparable.clone();
    let seen = scope.compare(observer).await?;
    differences.extend(seen.mismatches);
    if seen.undecided > 0 {
        differences.push(format!("{} rows changed while they were compared", seen.undecided));
    }
    Ok(Seen { rows: seen.rows, differences })
}

fn restoring(job: &Job, scratch: &Endpoint) -> Command {
    let mut command = Command::new(program(job));
    command.args(["--no-owner", "--no-privileges", "--no-password", "--dbname", scratch.database()]);
    command.envs(scratch.libpq_env("scratch"));
    command
}

/// `pg_restore` is where `pg_dump` is.
fn program(job: &Job) -> PathBuf {
    job.pg_dump.with_file_name("pg_restore")
}

/// Runs `command` with `input`, whatever it ends with.
async fn fed(mut command: Command, input: &[u8]) -> Result<Output, StepError> {
    let io = |source| StepError::Io { action: "run pg_restore".to_owned(), source };
    command.env_remove("PGOPTIONS").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(io)?;
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program that has ended says itself why.
            let _ = stdin.write_all(input).await;
        }
    };
    within("pg_restore", LIMIT_S, async { tokio::join!(write, child.wait_with_output()).1.map_err(io) }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_and_the_schema_are_not_restored() {
        let list = "; Archive\n6; 2615 16400 SCHEMA - app o\n215; 1259 16401 TABLE app email o\n\
            3300; 2620 16500 TRIGGER app email rerp_split_guard o\n3301; 2620 16501 TRIGGER app email touch o\n";
        let kept = without_guards(list, "app");
        assert_eq!(kept, "; Archive\n215; 1259 16401 TABLE app email o\n3301; 2620 16501 TRIGGER app email touch o\n");
    }
}
