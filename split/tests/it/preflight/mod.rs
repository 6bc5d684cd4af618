//! Preflight against real catalogs: each fault is seeded alone and found as exactly that, what the finding says mends it,
//! and a clean pair has no finding.

mod around;
mod databases;
mod facts;
mod faults;
mod rights;
mod settings;
mod target;

use crate::world::{self, World};
use around::AROUND;
use faults::FAULTS;
use rerp_split::journal;
use rerp_split::preflight::Check;
use rerp_split::run::look;
use rerp_split::spec::{AcrossDomains, ForeignKeySpec, Side};
use rerp_split::status::{Finding, Severity};
use rerp_split::step::Job;
use std::collections::BTreeSet;
use target::TARGET;
use tokio_postgres::Client;

/// What every fault starts from.
const CLEAN: &str = "
RESET ROLE; DROP SCHEMA IF EXISTS app, stay CASCADE; CREATE SCHEMA app AUTHORIZATION {o}; CREATE SCHEMA stay;
GRANT USAGE ON SCHEMA app TO {a}; SET ROLE {o};
CREATE TABLE app.parent (id int PRIMARY KEY, v text NOT NULL DEFAULT 'x');
CREATE TABLE app.child (id bigserial PRIMARY KEY, parent int REFERENCES app.parent);
CREATE VIEW app.both AS SELECT c.id, p.v FROM app.child c JOIN app.parent p ON p.id = c.parent;
GRANT SELECT, INSERT ON app.parent, app.child TO {a};
RESET ROLE;";

const CLEAN_TARGET: &str = "
RESET ROLE; DROP SCHEMA IF EXISTS app, stay CASCADE; CREATE SCHEMA app AUTHORIZATION {to}; CREATE SCHEMA stay;
GRANT USAGE ON SCHEMA app TO {ta}, {tr};";

/// A fault, and what mends it.
struct Fault {
    /// The check that finds it.
    check: Check,
    severity: Severity,
    /// SQL that seeds it, on the source and on the target.
    source: &'static str,
    target: &'static str,
    /// Only these tables move.
    tables: Option<&'static [&'static str]>,
    /// What becomes of foreign keys to staying tables.
    keys: ForeignKeySpec,
    /// Warnings that are there with it and stay.
    beside: &'static [Check],
    /// What mends it.
    cure: Cure,
    /// SQL that takes away what a new schema doesn't, on the source and on the target.
    undo: &'static str,
    undo_target: &'static str,
}

/// What mends a fault, run on the side that the finding names.
enum Cure {
    /// The finding's fix as it is.
    Fix,
    /// The finding's fix with this where it has `…`.
    With(&'static str),
    /// This part of the finding's fix.
    Says(&'static str),
    /// This, where the fix is a person's decision.
    By(&'static str),
}

const fn keys(across_domains: AcrossDomains, waive_orphans: bool) -> ForeignKeySpec {
    ForeignKeySpec { across_domains, waive_orphans }
}

impl Fault {
    const fn new(check: Check, severity: Severity) -> Self {
        Self {
            check,
            severity,
            source: "",
            target: "",
            tables: None,
            keys: keys(AcrossDomains::Refuse, false),
            beside: &[],
            cure: Cure::Fix,
            undo: "",
            undo_target: "",
        }
    }

    /// A job without a run, for what only reads.
    fn job(&self, world: &World) -> Job {
        let mut job = world.reader();
        job.spec.tables = self.tables.map(|tables| tables.iter().map(|&table| table.to_owned()).collect());
        job.spec.foreign_keys = self.keys;
        job
    }

    /// What is found beside it, and once it is mended.
    fn beside(&self) -> Vec<(&'static str, Severity)> {
        let mut beside: Vec<_> = self.beside.iter().map(|check| (check.id(), Severity::Warning)).collect();
        beside.sort_unstable();
        beside
    }

    /// What is found while it is there.
    fn expected(&self) -> Vec<(&'static str, Severity)> {
        let mut all = self.beside();
        all.push((self.check.id(), self.severity));
        all.sort_unstable();
        all
    }

    async fn mend(&self, world: &World, finding: &Finding) {
        let fix = finding.fix.as_str();
        let script = match self.cure {
            Cure::Fix => fix.to_owned(),
            Cure::With(word) => fix.replace('…', word),
            Cure::By(script) => fill(script, world),
            Cure::Says(part) => {
                let part = fill(part, world);
                assert!(fix.contains(&part), "{part} is not in {fix}");
                part
            }
        };
        run_script(&admin(world, finding.side).await, &script).await;
    }
}

/// A session that can write whatever is set for its database.
async fn admin(world: &World, side: Side) -> Client {
    let client = match side {
        Side::Source => world.source.admin().await,
        Side::Target => world.target.admin().await,
    };
    client.batch_execute("SET default_transaction_read_only = off").await.unwrap();
    client
}

/// Statement by statement: some can't be in a transaction with others.
async fn run_script(client: &Client, script: &str) {
    for statement in script.split("; ").filter(|statement| !statement.trim().is_empty()) {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// `{o}` is the owner on the source, `{a}` the service's role, `{l}` its login, `{d}` the database; `{to}`, `{ta}`, `{td}` the same on
/// the target, and `{tr}` the role that reads there; `{m}` is the migration.
fn fill(text: &str, world: &World) -> String {
    let (from, to) = (&world.source, &world.target);
    text.replace("{o}", &from.roles.owner)
        .replace("{to}", &to.roles.owner)
        .replace("{a}", &from.roles.app[0])
        .replace("{ta}", &to.roles.app[0])
        .replace("{tr}", &to.roles.read[0])
        .replace("{l}", &format!("{}_a", from.roles.app[0]))
        .replace("{d}", &from.database)
        .replace("{td}", &to.database)
        .replace("{m}", &world.migration)
}

/// Makes both sides clean again.
async fn clean(world: &World) {
    admin(world, Side::Source).await.batch_execute(&fill(CLEAN, world)).await.unwrap();
    admin(world, Side::Target).await.batch_execute(&fill(CLEAN_TARGET, world)).await.unwrap();
}

/// What is found. Shared servers run without fsync, which is a finding of its own.
async fn found(job: &Job) -> Vec<Finding> {
    let (.., mut findings) = look(job).await.unwrap();
    findings.retain(|finding| finding.id != Check::Durability.id());
    findings
}

/// Names and severities, in order.
fn names(findings: &[Finding]) -> Vec<(&str, Severity)> {
    let mut names: Vec<_> = findings.iter().map(|finding| (finding.id.as_str(), finding.severity)).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found_alone_and_what_the_finding_says_mends_it() {
    let world = World::empty().await;
    for side in [Side::Source, Side::Target] {
        journal::ensure(&admin(&world, side).await).await.unwrap();
    }
    let space = "SET allow_in_place_tablespaces = on; CREATE TABLESPACE {d}_space LOCATION ''";
    run_script(&admin(&world, Side::Source).await, &fill(space, &world)).await;
    clean(&world).await;
    assert_eq!(found(&world.reader()).await, [], "a clean pair");
    for fault in FAULTS.iter().chain(AROUND).chain(TARGET) {
        clean(&world).await;
        let job = fault.job(&world);
        admin(&world, Side::Source).await.batch_execute(&fill(fault.source, &world)).await.unwrap();
        admin(&world, Side::Target).await.batch_execute(&fill(fault.target, &world)).await.unwrap();
        let findings = found(&job).await;
        assert_eq!(names(&findings), fault.expected(), "{} {}: {findings:#?}", fault.source, fault.target);
        assert!(findings.iter().all(|finding| !finding.fix.is_empty() && !finding.message.is_empty()));
        assert!(!format!("{findings:?}").contains("seeded-secret"), "{findings:#?}");
        // Tables `app.x1` to `app.x11`, of which ten are named.
        assert!(findings.iter().all(|finding| !finding.message.contains("app.x9")), "{findings:#?}");
        fault.mend(&world, findings.iter().find(|finding| finding.id == fault.check.id()).unwrap()).await;
        let left = found(&job).await;
        assert_eq!(names(&left), fault.beside(), "{:?} is not mended: {left:#?}", fault.check);
        admin(&world, Side::Source).await.batch_execute(&fill(fault.undo, &world)).await.unwrap();
        admin(&world, Side::Target).await.batch_execute(&fill(fault.undo_target, &world)).await.unwrap();
    }
}

/// Id, severities, as the document has them.
fn documented() -> BTreeSet<(String, String)> {
    let rows = include_str!("../../../../docs/preflight.md").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())).collect()
}

#[test]
fn every_check_has_a_seeded_fault_of_the_severity_that_the_document_says() {
    let mut seeded: BTreeSet<(Check, Severity)> =
        FAULTS.iter().chain(AROUND).chain(TARGET).map(|fault| (fault.check, fault.severity)).collect();
    seeded.extend(settings::SETTINGS.iter().map(|setting| (setting.check, setting.severity)));
    seeded.extend(facts::FACTS.iter().map(|(check, severity, _)| (*check, *severity)));
    seeded.extend(facts::WAY_BACK.iter().map(|(check, severity, ..)| (*check, *severity)));
    seeded.extend(databases::DATABASES.iter().map(|(check, severity, ..)| (*check, *severity)));
    seeded.extend(rights::checks().map(|check| (check, Severity::Fatal)));
    // In `crate::approve`: the plan has to be made first.
    seeded.insert((Check::NotApproved, Severity::Fatal));
    seeded.extend(facts::ARGUMENTS.map(|check| (check, Severity::Fatal)));
    let seeded: BTreeSet<(String, String)> = Check::ALL
        .iter()
        .map(|check| {
            let of = |severity| seeded.contains(&(*check, severity));
            let severity = match (of(Severity::Fatal), of(Severity::Warning)) {
                (true, true) => "fatal or warning",
                (true, false) => "fatal",
                (false, true) => "warning",
                (false, false) => "nothing seeds it",
            };
            (check.id().to_owned(), severity.to_owned())
        })
        .collect();
    assert_eq!(seeded, documented());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_migration_changes_nothing_but_the_journal() {
    let world = World::empty().await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    clean(&world).await;
    source.batch_execute("ALTER TABLE app.parent REPLICA IDENTITY NOTHING").await.unwrap();
    let before = (world::catalog(&source).await, world::catalog(&target).await);
    assert_eq!(world.run("plan", &[]).await.status.code(), Some(2));
    assert_eq!((world::catalog(&source).await, world::catalog(&target).await), before, "plan writes nothing");

    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("fatal replica-identity on the source: \"app\".\"parent\""), "{text}");
    assert!(text.contains("fix: ALTER TABLE \"app\".\"parent\" REPLICA IDENTITY DEFAULT"), "{text}");
    world.succeeds("abort", &[]).await;
    assert_eq!((world::catalog(&source).await, world::catalog(&target).await), before);
}
