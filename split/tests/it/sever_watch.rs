//! After the cutover: what no key refuses any more is found, told, and forgotten once it is repaired.

use crate::world::World;
use crate::world::keys::{captures, count};
use rerp_split::phase::Phase;
use rerp_split::status::Status;
use std::collections::BTreeMap;
use tokio_postgres::Client;

fn orphans(status: &Status) -> BTreeMap<&str, u64> {
    let known = status.foreign_keys.iter().map(|key| (key.name.as_str(), key.orphans.unwrap_or_default()));
    known.filter(|(_, rows)| *rows > 0).collect()
}

/// One more turn of observation.
async fn turn(world: &World, source: &Client) -> Status {
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    let status = world.status(source).await.unwrap();
    assert_eq!(status.phase, Phase::Observe);
    status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_orphans_are_found_across_the_databases() {
    let world = World::with_keys(1_000).await.severed(false);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    assert!(orphans(&turn(&world, &source).await).is_empty());
    assert_eq!((captures(&source).await, captures(&target).await), (12, 8), "captured as long as it is read");

    // By the service, which has no right on the journal: 30 parents with a child each, and 30 new children.
    let app = world.target.app().await;
    app.batch_execute("DELETE FROM app.email WHERE id BETWEEN 1 AND 20").await.unwrap();
    app.batch_execute("UPDATE app.no_pk SET code = 'other' || v WHERE v <= 10; UPDATE app.no_pk SET v = v")
        .await
        .unwrap();
    assert_eq!(count(&target, "SELECT count(*) FROM rerp_split.gone_key").await, 30, "keys that stay aren't captured");
    source.batch_execute("INSERT INTO stay.note (item) SELECT 9000 + n FROM generate_series(1, 30) n").await.unwrap();
    // The other way round: 20 parents that stay, 19 children that moved, and one that is NULL in part.
    source
        .batch_execute(
            "DELETE FROM stay.account WHERE name IN ('a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'a10', \
        'a11', 'a12', 'a13', 'a14', 'a15', 'a16', 'a17', 'a18', 'a19', 'a20')",
        )
        .await
        .unwrap();
    target
        .batch_execute("INSERT INTO app.member (id, region) SELECT 1000 + n, 77 FROM generate_series(1, 19) n")
        .await
        .unwrap();
    source.batch_execute("INSERT INTO stay.pair (a, b) VALUES (5, NULL)").await.unwrap();
    let status = turn(&world, &source).await;
    let all = [
        ("Member's region", 19),
        ("Pair key", 1),
        ("member_account_fkey", 20),
        ("note_item_fkey", 30),
        ("old_code", 10),
        ("part_email_fkey", 20),
    ];
    assert_eq!(orphans(&status), all.into());
    for client in [&source, &target] {
        assert_eq!(count(client, "SELECT count(*) FROM rerp_split.gone_key").await, 0, "read and forgotten");
    }
    let findings: Vec<_> = status.findings.iter().filter(|finding| finding.id == "orphans").collect();
    assert!(
        findings.len() == 6 && findings.iter().any(|one| one.message.contains("among them 9001; 9002")),
        "{findings:#?}"
    );
    let codes = findings.iter().find(|one| one.object.contains("old_code")).unwrap();
    assert!(!codes.message.contains("among them"), "a text may speak of people: {codes:?}");
    let query = findings[0].fix.split(" on the source lists").next().unwrap();
    assert!(!source.query(query, &[]).await.unwrap().is_empty(), "{query}");

    // A parent that comes back, a child that goes: neither is told of any longer.
    target.batch_execute("INSERT INTO app.email (id, address) OVERRIDING SYSTEM VALUE SELECT n, 'back' || n FROM generate_series(1, 20) n").await.unwrap();
    source
        .batch_execute("DELETE FROM stay.note WHERE item > 9000; DELETE FROM stay.pair WHERE b IS NULL AND a = 5")
        .await
        .unwrap();
    assert_eq!(orphans(&turn(&world, &source).await), [all[0], all[2], all[4]].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deleted_parents_are_found_between_two_comparisons_and_changed_tables_stop_nothing() {
    let world = World::with_keys(1_000).await.severed(false);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    turn(&world, &source).await;
    // As if comparing all had taken long: it is due only after nine times as much.
    source.batch_execute("UPDATE rerp_split.foreign_key SET compared_ms = 1e9").await.unwrap();
    target.batch_execute("DELETE FROM app.item WHERE key < 7").await.unwrap();
    source.batch_execute("INSERT INTO stay.note (item) VALUES (9001)").await.unwrap();
    assert_eq!(orphans(&turn(&world, &source).await), [("note_item_fkey", 14)].into(), "the captured ones alone");

    // One left in the middle of the keys goes on from there.
    let middle = "UPDATE rerp_split.foreign_key SET key_after = '{9000}', compared_at = NULL WHERE edge ->> 'name' = 'note_item_fkey'";
    source.batch_execute(middle).await.unwrap();
    assert_eq!(orphans(&turn(&world, &source).await), [("note_item_fkey", 15)].into());

    // What stays is nobody's to freeze.
    source.batch_execute("UPDATE rerp_split.foreign_key SET compared_ms = 0; ALTER TABLE stay.old DROP COLUMN code; DROP TABLE stay.pair").await.unwrap();
    let text = world.succeeds("run", &[]).await;
    assert!(text.starts_with("Completed") && text.matches("can't be compared").count() == 2, "{text}");
    assert_eq!((captures(&source).await, captures(&target).await), (0, 0));
}
