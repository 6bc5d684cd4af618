//! What becomes of the old tables, with the real binary on real servers: they are waited for, whoever reads one is noticed, and
//! nothing of ours is taken for a reader.

mod backup;
mod wait;

use crate::support::eventually;
use crate::world::{LIMIT, World};
use rerp_split::journal::{self, Wish};
use rerp_split::old_tables::{Memory, memory};
use rerp_split::phase::Phase;
use rerp_split::spec::{BackupSpec, CleanupPolicy, CleanupSpec};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::process::Stdio;
use tokio_postgres::Client;

/// Long enough for a worker to be looked at while it waits, in seconds.
const LONG: u64 = 3600;

fn old(policy: CleanupPolicy, after_s: u64, backup: Option<BackupSpec>) -> CleanupSpec {
    CleanupSpec { policy, after_s, backup }
}

/// Names of the source's tables and views in the schema.
async fn relations(client: &Client) -> Vec<String> {
    let select = "SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1";
    client.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn remembered(world: &World, source: &Client) -> Memory {
    memory::read(source, &world.migration).await.unwrap()
}

/// Waits until the old tables are quiet, and not by an earlier word than `but`.
async fn quiet(world: &World, source: &Client, but: Option<&Memory>) -> Memory {
    let last = but.and_then(|memory| memory.quiet.as_ref()).map(|quiet| quiet.since);
    let begun = || async {
        let now = world.status(source).await.and_then(|status| status.cleanup).and_then(|cleanup| cleanup.quiet_since);
        now.is_some() && now != last
    };
    eventually("the old tables are quiet", LIMIT, begun).await;
    remembered(world, source).await
}

async fn code(world: &World, command: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = world.run(command, more).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Where nothing is said they stay as they are, and nobody waits for anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_kept_closed_where_nothing_is_said() {
    let world = World::new(50).await;
    let source = world.source.admin().await;
    let before = relations(&source).await;
    let (ended, text) = code(&world, "run", &[]).await;
    assert_eq!(ended, Some(0), "{text}");
    assert!(text.contains("the old tables are still on the source, closed to the service"), "{text}");
    assert_eq!(relations(&source).await, before);
    let written = source.batch_execute("DELETE FROM app.email").await;
    assert_eq!(written.unwrap_err().code().unwrap().code(), "42501");
    let status = world.status(&source).await.unwrap();
    assert!(status.phase == Phase::Completed && status.cleanup.is_none(), "{status:?}");
    assert_eq!(remembered(&world, &source).await, Memory::default());
}

/// After the wait they are called otherwise and are still closed. Nothing that the migration does itself, through all of its
/// phases, makes the wait begin anew; and what is to be undone is one statement a table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_tables_are_renamed_and_stay_closed() {
    let world = World::new(200).await.cleaned(old(CleanupPolicy::Rename, 3, None));
    let source = world.source.admin().await;
    let text = world.succeeds("run", &["--json"]).await;
    assert!(text.contains("\"event\":\"oldTables\"") && !text.contains("\"disturbed\""), "{text}");
    assert!(text.contains("under other names, closed to the service"), "{text}");
    let status = world.status(&source).await.unwrap();
    let cleanup = status.cleanup.clone().unwrap();
    assert!(status.phase == Phase::Completed && cleanup.done_at.is_some() && cleanup.disturbed.is_none(), "{status:?}");
    let day = status.cutover.unwrap().at.strftime("%Y%m%d").to_string();
    let names = relations(&source).await;
    assert!(
        names.contains(&format!("email_moved_{day}")) && names.contains(&format!("Odd Näme_moved_{day}")),
        "{names:?}"
    );
    assert_eq!(
        names.iter().filter(|name| name.ends_with(&day)).count() + 1,
        names.len(),
        "all but the view: {names:?}"
    );
    let written = source.batch_execute(&format!("DELETE FROM app.email_moved_{day}")).await;
    assert_eq!(written.unwrap_err().code().unwrap().code(), "42501");
    let view = source.query_one("SELECT pg_get_viewdef('app.emails')", &[]).await.unwrap();
    assert!(view.get::<_, String>(0).contains(&format!("email_moved_{day}")), "a view follows its table");
    let pending = journal::cleanup::pending(&source, &world.migration).await.unwrap();
    assert!(pending.iter().all(|intent| intent.kind != "old table"), "{pending:?}");
    // Once more, although the tables are called otherwise: nothing is left to do.
    world.succeeds("run", &[]).await;
    let text = world.succeeds("status", &[]).await;
    assert!(text.contains("old tables: renamed at "), "{text}");
    source.batch_execute(&format!("ALTER TABLE app.email_moved_{day} RENAME TO email")).await.unwrap();
}

/// A view, a function, a foreign key and a default of what stays are named before anything is tried, and nothing is dropped while
/// one of them is there. Then the backup is taken, restored, compared; types and sequences that nobody owns stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_dropped_once_a_backup_is_proved_and_nothing_needs_them() {
    let world = World::new(300).await;
    let file = world.path("old.dump");
    let world = world.cleaned(old(CleanupPolicy::Drop, 2, Some(BackupSpec::File(file.clone()))));
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    world.succeeds("run", &["--advance-to", "Observe"]).await;
    let stays = "CREATE SCHEMA stay; CREATE TABLE stay.counter (n bigint DEFAULT nextval('app.entry_id_seq'));
        CREATE TABLE stay.note (email bigint REFERENCES app.email (id));
        CREATE FUNCTION stay.all_of_it() RETURNS SETOF app.email LANGUAGE sql AS 'SELECT * FROM app.email'";
    source.batch_execute(&format!("SET rerp_split.migration = '{}'; {stays}", world.migration)).await.unwrap();
    let (held, text) = code(&world, "run", &[]).await;
    assert_eq!(held, Some(2), "{text}");
    for object in [
        "fatal old-table-needed on the source: view app.emails",
        "fatal old-table-needed on the source: constraint note_email_fkey on table stay.note",
        "fatal old-table-needed on the source: function stay.all_of_it()",
        "fatal old-table-needed on the source: default value for column n of table stay.counter",
    ] {
        assert!(text.contains(object), "{object}: {text}");
    }
    assert!(relations(&source).await.contains(&"email".to_owned()));
    source.batch_execute("DROP VIEW app.emails; DROP SCHEMA stay CASCADE").await.unwrap();
    world.succeeds("run", &[]).await;
    assert_eq!(relations(&source).await, Vec::<String>::new());
    let left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'S'";
    assert_eq!(source.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 1, "a sequence that nobody owns");
    source.batch_execute("SELECT 'ok'::app.mood").await.unwrap();
    let memory = remembered(&world, &source).await;
    assert!(memory.backup.unwrap().rows >= 600 && file.exists());
    restores(&world, &file).await;
    let scratch = "SELECT FROM pg_database WHERE datname LIKE 'rerp\\_%scratch%'";
    assert!(target.query(scratch, &[]).await.unwrap().is_empty());
    world.succeeds("run", &[]).await;
}

/// The file by itself makes the tables again, with all that was in them.
async fn restores(world: &World, file: &PathBuf) {
    let name = format!("again_{}", world.migration);
    let target = world.target.admin().await;
    target.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap();
    let mut restore = std::process::Command::new(world.pg_dump().with_file_name("pg_restore"));
    let url = world.target.cluster.url(&name);
    restore.args(["--no-owner", "--no-privileges", "--dbname", &url]).arg(file);
    // Guards are refused, for want of the journal.
    tokio::task::spawn_blocking(move || restore.output().unwrap()).await.unwrap();
    let client = world.target.cluster.client(&name).await;
    let rows = async |client: &Client| {
        client
            .query("SELECT e::text FROM app.email e ORDER BY id", &[])
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect::<Vec<String>>()
    };
    assert_eq!(rows(&client).await, rows(&target).await);
}

/// Writes past the guards make the backup stale; a table that somebody has opened or renamed is perhaps his again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_to_an_old_table_or_opens_it_keeps_it() {
    let world = World::new(50).await;
    let file = world.path("old.dump");
    let world = world.cleaned(old(CleanupPolicy::Drop, LONG, Some(BackupSpec::File(file.clone()))));
    let source = world.source.admin().await;
    source.batch_execute("DROP VIEW app.emails").await.unwrap();
    std::fs::write(&file, "mine").unwrap();
    let (refused, text) = code(&world, "run", &[]).await;
    assert_eq!((refused, std::fs::read_to_string(&file).unwrap()), (Some(2), "mine".to_owned()), "{text}");
    assert!(text.contains("fatal old-table-backup") && text.contains("this migration hasn't written it"), "{text}");
    std::fs::remove_file(&file).unwrap();
    let worker = world.worker();
    let first = quiet(&world, &source, None).await;
    let proved = first.backup.clone().unwrap();
    source
        .batch_execute("SET session_replication_role = replica; INSERT INTO app.no_pk VALUES ('late', 1); RESET session_replication_role")
        .await
        .unwrap();
    source.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
    let second = quiet(&world, &source, Some(&first)).await;
    let again = second.backup.clone().unwrap();
    assert_ne!(again.sha256, proved.sha256);
    assert!(second.quiet.unwrap().anew.unwrap().contains("no longer what the old tables are"));

    source
        .batch_execute("DROP TRIGGER rerp_split_guard ON app.email; ALTER TABLE app.child RENAME TO kept")
        .await
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let told = || async {
        let status = world.status(&source).await.unwrap();
        let has = |id: &str, object: &str| {
            status.findings.iter().any(|found| found.id == id && found.object.contains(object))
        };
        has("old-table-changed", "app.email")
            && has("old-table-changed", "app.kept")
            && has("old-table-backup", "old.dump")
    };
    eventually("all three are named", LIMIT, told).await;
    drop(worker);
}

/// A `run` that is ended with its test.
struct Reaped(std::process::Child);

impl Reaped {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        self.end();
    }
}

/// Deletion doesn't wait: the old tables stay as they are, and the rest is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_detaches_from_tables_that_are_waited_for() {
    let world = World::new(50).await.cleaned(old(CleanupPolicy::Drop, LONG, Some(BackupSpec::None)));
    let source = world.source.admin().await;
    let command = Reaped(world.command("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    quiet(&world, &source, None).await;
    drop(command);
    let worker = world.worker();
    let wish =
        Wish { advance_to: Phase::Completed, abort: true, suspend: false, services_prepared: false, until: None };
    journal::write_wish(&source, &world.migration, &wish).await.unwrap();
    let completed = || async { world.status(&source).await.unwrap().phase == Phase::Completed };
    eventually("it is detached", LIMIT, completed).await;
    drop(worker);
    let status = world.status(&source).await.unwrap();
    assert!(status.cleanup.is_none() && !status.is_refused(), "{status:?}");
    assert!(relations(&source).await.contains(&"email".to_owned()));
    journal::forget(&source, &world.migration).await.unwrap();
}

/// Two names that are one once they are cut, and one that is taken: told while there is time, and nothing is renamed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_taken_are_told_before_anything_is_renamed() {
    let world = World::new(20).await.cleaned(old(CleanupPolicy::Rename, 1, None));
    let source = world.source.admin().await;
    // A name that is too long is told from others by its hash, and somebody may have called a table just like that.
    let long = "l".repeat(60);
    let like = format!("{}_{}", &long[..39], hex::encode(&Sha256::digest(&long)[..4]));
    let tables = format!("CREATE TABLE app.{long} (id int PRIMARY KEY); CREATE TABLE app.{like} (id int PRIMARY KEY)");
    world.source.migrate().await.batch_execute(&tables).await.unwrap();
    world.succeeds("run", &["--advance-to", "Observe"]).await;
    let day = world.status(&source).await.unwrap().cutover.unwrap().at.strftime("%Y%m%d").to_string();
    let taken =
        format!("SET rerp_split.migration = '{}'; CREATE TYPE app.email_moved_{day} AS (a int)", world.migration);
    source.batch_execute(&taken).await.unwrap();
    let (held, text) = code(&world, "run", &[]).await;
    assert_eq!(held, Some(2), "{text}");
    assert_eq!(text.matches("fatal old-table-name").count() % 3, 0, "{text}");
    assert!(
        text.contains("another old table's, too") && text.contains(&format!("email_moved_{day} is taken")),
        "{text}"
    );
    assert!(relations(&source).await.contains(&"child".to_owned()));
}
