//! `pg_dump`, the library of choice for "this schema as SQL": the child process, and its text made fit for a transaction.

use crate::inspect::Inventory;
use crate::sever;
use crate::step::{Job, StepError, within};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long `pg_dump` may take; it only reads catalogs.
const LIMIT_S: u64 = 300;
/// How long `pg_dump --version` may take.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// The half of a schema that is dumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Types, functions, tables, sequences, defaults.
    PreData,
    /// Primary keys, indexes, constraints, triggers, policies.
    PostData,
}

impl Section {
    fn flag(self) -> &'static str {
        match self {
            Self::PreData => "--section=pre-data",
            Self::PostData => "--section=post-data",
        }
    }
}

/// Dumps one section of what moves, as a script without transaction control, owners, rights or session settings, and
/// without foreign keys to what stays.
///
/// # Errors
/// `pg_dump` can't be started, takes too long, or fails.
pub async fn dump(job: &Job, inventory: &Inventory, section: Section) -> Result<String, StepError> {
    let child = async {
        Command::new(&job.pg_dump)
            .args(arguments(inventory, section))
            .envs(job.source.libpq_env("dump"))
            .env_remove("PGOPTIONS")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|source| StepError::Io { action: format!("start {}", job.pg_dump.display()), source })
    };
    let output = within("pg_dump", LIMIT_S, child).await?;
    if !output.status.success() {
        return Err(StepError::Dump { stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
    }
    let script = tidy(&String::from_utf8_lossy(&output.stdout), &inventory.schema);
    match section {
        Section::PreData => Ok(script),
        Section::PostData => {
            sever::leave_out(&script, &inventory.edges).map_err(|error| StepError::Doomed(error.to_string()))
        }
    }
}

/// The major version of `pg_dump`; none if it can't be run.
pub async fn pg_dump_major(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").kill_on_drop(true).output();
    let output = tokio::time::timeout(VERSION_LIMIT, output).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The newest `pg_dump` of a Debian-like installation, otherwise whatever the search path has. The wrapper that Debian
/// puts on the path chooses by its own configuration, so it comes last.
#[must_use]
pub fn find_pg_dump() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.filter_map(|entry| {
        let major: u32 = entry.file_name().to_str()?.parse().ok()?;
        let program = entry.path().join("bin/pg_dump");
        program.exists().then_some((major, program))
    });
    programs.max().map_or_else(|| PathBuf::from("pg_dump"), |(_, program)| program)
}

/// Everything of the schema but the relations that stay.
fn arguments(inventory: &Inventory, section: Section) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--schema-only",
        section.flag(),
        "--no-owner",
        "--no-privileges",
        "--no-publications",
        "--no-subscriptions",
        "--no-security-labels",
        "--no-tablespaces",
        "--no-password",
        "--lock-wait-timeout=10s",
        "--encoding=UTF8",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend(scope_arguments(inventory));
    arguments
}

/// What keeps a dump to what moves.
pub(crate) fn scope_arguments(inventory: &Inventory) -> Vec<String> {
    let schema = pattern(&inventory.schema);
    let others = staying(inventory).map(|other| format!("--exclude-table={schema}.{}", pattern(other)));
    std::iter::once(format!("--schema={schema}")).chain(others).collect()
}

/// With a list of tables, all other relations of the schema stay; without one, its views move too.
fn staying(inventory: &Inventory) -> impl Iterator<Item = &str> {
    inventory.others.iter().filter(|_| inventory.only_some).map(|other| other.name.as_str())
}

/// A name as a `pg_dump` pattern that matches only itself.
fn pattern(name: &str) -> String {
    crate::sql::ident(name)
}

/// Drops what has no place inside of our transaction: the header's settings, which belong to the version of `pg_dump`
/// and not to the schema, the `\restrict` lines of newer versions, which only `psql` understands, and the creation of
/// the schema, which exists.
fn tidy(dump: &str, schema: &str) -> String {
    let create = [format!("CREATE SCHEMA {schema};"), format!("CREATE SCHEMA {};", crate::sql::ident(schema))];
    let mut created = false;
    let mut body = Vec::new();
    for line in dump.lines().skip_while(|line| is_header(line)) {
        let is_create = !created && create.iter().any(|create| create == line);
        created |= is_create;
        if !is_create {
            body.push(line);
        }
    }
    while body.last().is_some_and(|line| is_footer(line)) {
        body.pop();
    }
    body.join("\n") + "\n"
}

fn is_header(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("--")
        || line.starts_with("SET ")
        || line.starts_with("SELECT pg_catalog.set_config(")
        || line.starts_with("\\restrict ")
}

fn is_footer(line: &str) -> bool {
    line.is_empty() || line.starts_with("--") || line.starts_with("\\unrestrict ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 17.1\n\n\
        SET statement_timeout = 0;\nSET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n\
        --\n-- Name: app; Type: SCHEMA\n--\n\nCREATE SCHEMA app;\n\n\
        CREATE FUNCTION app.f() RETURNS text AS $$\n-- keep me\nCREATE SCHEMA app;\n$$;\n\n\
        --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n";

    #[test]
    fn only_what_belongs_to_the_schema_is_left() {
        let text = tidy(DUMP, "app");
        assert_eq!(text, "\nCREATE FUNCTION app.f() RETURNS text AS $$\n-- keep me\nCREATE SCHEMA app;\n$$;\n");
    }

    #[test]
    fn a_quoted_schema_is_found_too() {
        assert_eq!(tidy("CREATE SCHEMA \"App 1\";\nCREATE TABLE x();\n", "App 1"), "CREATE TABLE x();\n");
    }
}
