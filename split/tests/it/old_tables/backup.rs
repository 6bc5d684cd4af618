//! A backup that doesn't prove itself, and what a worker leaves that is lost while it takes one.

use super::{LONG, code, old, quiet, relations, remembered};
use crate::support::eventually;
use crate::world::{LIMIT, World};
use rerp_split::failpoint::{GO, VARIABLE};
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::spec::{BackupSpec, CleanupPolicy, CleanupSpec};
use tokio_postgres::Client;

/// A migration that has come to Observe, and is told to go to its end, where the old tables are to be dropped with a backup.
async fn at_its_end() -> (World, Client) {
    let world = World::new(50).await;
    let backup = Some(BackupSpec::File(world.path("old.dump")));
    let world = world.cleaned(old(CleanupPolicy::Drop, LONG, backup));
    let source = world.source.admin().await;
    source.batch_execute("DROP VIEW app.emails").await.unwrap();
    world.succeeds("run", &["--advance-to", "Observe"]).await;
    let wish =
        Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
    journal::write_wish(&source, &world.migration, &wish).await.unwrap();
    (world, source)
}

/// The databases of this migration that backups are restored into.
async fn scratch(world: &World) -> Vec<String> {
    let select = "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)";
    let stem = format!("rerp_{}_scratch", world.migration);
    world.target.admin().await.query(select, &[&stem]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// What was restored is compared with the tables themselves. One row less: it isn't taken for a backup, and nothing is dropped. Whoever
/// comes next takes it anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_lacks_a_row_is_none() {
    let (world, source) = at_its_end().await;
    let go = world.path("go");
    let env = [(VARIABLE, "BackupRestored=wait".to_owned()), (GO, go.to_str().unwrap().to_owned())];
    let worker = world.worker_with("worker.log", &env);
    let restored = || async { world.log().contains("failpoint reached") };
    eventually("the backup is restored", LIMIT, restored).await;
    let inside = world.target.cluster.client(&scratch(&world).await[0]).await;
    let less =
        "SET session_replication_role = replica; DELETE FROM app.email WHERE id = (SELECT min(id) FROM app.email)";
    inside.batch_execute(less).await.unwrap();
    drop(inside);
    std::fs::write(&go, "").unwrap();
    let told = || async {
        let findings = world.status(&source).await.unwrap().findings;
        let differs = |message: &str| {
            message.starts_with("restored, it isn't what the old tables are") && message.contains("email")
        };
        findings.iter().any(|found| found.id == "old-table-backup" && differs(&found.message))
    };
    eventually("the row is missed", LIMIT, told).await;
    let noted = || async { remembered(&world, &source).await.refused.is_some() };
    eventually("it is written down", LIMIT, noted).await;
    let memory = remembered(&world, &source).await;
    assert!(memory.backup.is_none() && memory.quiet.is_none(), "{memory:?}");
    worker.kill();
    // What somebody puts into its place is his, though an earlier try has been there.
    let file = world.path("old.dump");
    std::fs::write(&file, "mine").unwrap();
    let (refused, text) = code(&world, "run", &[]).await;
    assert_eq!((refused, std::fs::read_to_string(&file).unwrap()), (Some(2), "mine".to_owned()), "{text}");
    assert!(text.contains("this migration hasn't written it"), "{text}");
    std::fs::remove_file(&file).unwrap();
    let worker = world.worker();
    let memory = quiet(&world, &source, None).await;
    assert!(memory.backup.is_some() && memory.done.is_none());
    assert!(relations(&source).await.contains(&"email".to_owned()));
    let status = world.status(&source).await.unwrap();
    assert!(!status.is_refused(), "the second one is as it should be: {status:?}");
    assert!(scratch(&world).await.is_empty());
    drop(worker);
}

/// A worker is lost, and somebody has thought better of it: what it has made goes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_backup_that_nobody_wants_any_more() {
    let (world, source) = at_its_end().await;
    let mut worker = world.worker_with("worker.log", &[(VARIABLE, "ScratchMade=kill".to_owned())]);
    while worker.ended().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(scratch(&world).await.len(), 1);
    let world = world.cleaned(CleanupSpec::default());
    let (ended, text) = code(&world, "run", &[]).await;
    assert_eq!(ended, Some(0), "{text}");
    assert!(text.contains("the old tables are still on the source, closed to the service"), "{text}");
    assert!(scratch(&world).await.is_empty());
    assert!(relations(&source).await.contains(&"email".to_owned()));
}
