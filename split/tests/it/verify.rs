//! The comparison under load: no false alarm, and every seeded difference found by its key.

use crate::support::eventually;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::{LIMIT, World};

/// A flipped letter, a missing row, an extra row; as replica, so that neither guard nor trigger objects.
const TAMPER: &str = r#"
SET session_replication_role = replica;
UPDATE app.email SET address = 'Z' || substr(address, 2) WHERE id = 777;
DELETE FROM app.child WHERE email_id = 1234;
INSERT INTO app."Odd Näme" ("from", "to") VALUES (-5, 'extra');
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn differences_are_found_by_key_and_load_is_no_difference() {
    let world = World::new(12_000).await;
    let load = Load { writers: 4, slow: 1, ..Load::default() };
    let writers = Writers::start(Route::new([world.source.clone(), world.target.clone()], 0), load).await;
    let output = world.run("run", &["--advance-to", "ReadyForCutover"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));

    let same = world.run("verify", &[]).await;
    let text = String::from_utf8_lossy(&same.stderr).into_owned();
    assert!(same.status.success() && text.contains("are the same on both sides"), "{text}");

    let target = world.target.admin().await;
    let missing = "SELECT id::text FROM app.child WHERE email_id = 1234";
    let missing: String = target.query_one(missing, &[]).await.unwrap().get(0);
    target.batch_execute(TAMPER).await.unwrap();
    let differs = world.run("verify", &[]).await;
    let text = String::from_utf8_lossy(&differs.stdout).into_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let child = format!("differs: child ({missing})");
    assert_eq!(lines, ["differs: Odd Näme (-5, extra)", child.as_str(), "differs: email (777)"], "{text}");
    assert_eq!(differs.status.code(), Some(4));
    assert!(!writers.stop().await.acks().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_difference_blocks_the_switch() {
    let world = World::new(12_000).await;
    world.succeeds("run", &["--advance-to", "CatchUp"]).await;
    what_is_held_up_on_its_way_is_waited_for(&world).await;
    world.target.admin().await.batch_execute(TAMPER).await.unwrap();
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.starts_with("Failed") && text.contains("3 rows differ"), "{text}");
    let source = world.source.admin().await;
    let recorded = "SELECT count(*) FROM rerp_split.verify_chunk WHERE table_name = 'email'";
    let recorded: i64 = source.query_one(recorded, &[]).await.unwrap().get(0);
    assert_eq!(recorded, 0, "the second chunk is the same, but who goes on has to begin with the first");
    let owner = rerp_split::journal::read_owner(&source, "app").await.unwrap().unwrap();
    assert!(owner.is_owner, "the source stays open");
    world.succeeds("abort", &[]).await;
}

/// A lock on the target keeps a change from being applied: the comparison waits for it rather than take it for a difference.
async fn what_is_held_up_on_its_way_is_waited_for(world: &World) {
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    target.batch_execute("BEGIN; SELECT FROM app.no_pk WHERE code = 'c1' FOR UPDATE").await.unwrap();
    source.batch_execute("UPDATE app.no_pk SET v = v + 1 WHERE code = 'c1'").await.unwrap();
    let mut process = world.command("verify");
    let verifying = tokio::task::spawn_blocking(move || process.output().unwrap());
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%confirmed_flush_lsn%')";
    let name = format!("rerp-split/{}/0/verify", world.migration);
    let waiting = || async { source.query_one(waits, &[&name]).await.unwrap().get(0) };
    eventually("the comparison waits for the stream", LIMIT, waiting).await;
    target.batch_execute("COMMIT").await.unwrap();
    let output = verifying.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
