//! Foreign keys to tables that stay: refused, severed under writers, compared, made again.

use crate::support::check;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::world::World;
use crate::world::keys::{KEYS, captures, count, definitions};
use rerp_split::phase::Phase;
use rerp_split::run::survey;
use rerp_split::status::{ForeignKeyState, Severity};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Client;

/// Writes children until told to stop; returns how many were acknowledged. Each refers to a parent that is there.
async fn write_notes(client: Client, stop: Arc<AtomicBool>) -> i64 {
    let mut written = 0;
    while !stop.load(Ordering::SeqCst) {
        let insert = "INSERT INTO stay.note (item) VALUES ($1)";
        client.execute(insert, &[&i32::try_from(written % 100).unwrap()]).await.unwrap();
        written += 1;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_both_ways_are_severed_under_writers_and_nothing_is_lost() {
    let world = World::with_keys(2_000).await.severed(false);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let plan = world.succeeds("plan", &[]).await;
    for part in [
        "LOCK TABLE app.item, stay.note IN ACCESS EXCLUSIVE MODE",
        "ALTER TABLE stay.note DROP CONSTRAINT \"note_item_fkey\"",
        "ALTER TABLE app.member DROP CONSTRAINT \"Member's region\"",
        "_fk2_deleted\" AFTER DELETE ON stay.account FOR EACH ROW EXECUTE FUNCTION rerp_split.capture(",
        "and ON DELETE CASCADE has no effect any more",
    ] {
        assert!(plan.contains(part), "{part} is missing in\n{plan}");
    }
    assert!(!plan.contains("ADD CONSTRAINT \"Member's region\""), "the target has no such parent");
    assert_eq!(captures(&source).await, 0, "a plan changes nothing");

    let load = Load { writers: 4, slow: 1, ..Load::default() };
    let writers = Writers::start(Route::new([world.source.clone(), world.target.clone()], 0), load).await;
    let stop = Arc::new(AtomicBool::new(false));
    let before = count(&source, "SELECT count(*) FROM stay.note").await;
    let notes = tokio::spawn(write_notes(world.source.admin().await, stop.clone()));
    writers.more(200).await;
    let output = world.succeeds("run", &[]).await;
    writers.more(200).await;
    stop.store(true, Ordering::SeqCst);
    let written = notes.await.unwrap();
    let ledger = writers.stop().await;
    let verdict = check::compare(&target, &ledger.acks()).await;
    assert!(verdict.is_clean() && verdict.acknowledged >= 400, "{verdict:?} {:?}\n{output}", ledger.errors());
    let after = count(&source, "SELECT count(*) FROM stay.note").await;
    assert!(written > 0 && after == before + written, "{before} + {written} acknowledged, {after} there");

    let status = world.status(&source).await.unwrap();
    assert_eq!((status.phase, status.foreign_keys.len()), (Phase::Completed, KEYS));
    for key in &status.foreign_keys {
        assert!(key.state == ForeignKeyState::Severed && key.severed_at.is_some() && key.orphans == Some(0), "{key:?}");
    }
    assert!(
        definitions(&source).await.iter().all(|line| !line.contains("REFERENCES app.") || line.starts_with("app."))
    );
    assert!(definitions(&target).await.iter().all(|line| !line.contains("stay.")), "{:?}", definitions(&target).await);
    assert_eq!(count(&source, "SELECT count(*) FROM pg_class WHERE relname = 'note_item'").await, 1, "the index stays");
    for client in [&source, &target] {
        assert_eq!((captures(client).await, count(client, "SELECT count(*) FROM rerp_split.gone_key").await), (0, 0));
    }
    // Neither the old rows nor a key of theirs is in the way of what stays.
    source.batch_execute("DELETE FROM stay.account; DELETE FROM stay.region; TRUNCATE stay.account").await.unwrap();
    let undo = world.run("undo-foreign-keys", &[]).await;
    let text = String::from_utf8_lossy(&undo.stdout).into_owned();
    assert_eq!(undo.status.code(), Some(2), "{text}");
    assert!(
        text.contains("a foreign key can't span two databases: the source owns stay.note, the target owns app.item"),
        "{text}"
    );
    // Once both are in one database again, wherever that is, they may be tied together.
    source.batch_execute("DELETE FROM rerp_split.foreign_key WHERE edge ->> 'name' <> 'note_item_fkey'").await.unwrap();
    let moved = "CREATE SCHEMA stay; CREATE TABLE stay.note (id bigint, item int); INSERT INTO stay.note VALUES (1, 1)";
    target.batch_execute(moved).await.unwrap();
    let text = world.succeeds("undo-foreign-keys", &[]).await;
    assert!(text.contains("Restored"), "{text}");
    let tied = |line: &String| line.starts_with("stay.note | note_item_fkey | t |");
    assert!(definitions(&target).await.iter().any(tied), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_word_they_are_refused_and_with_it_each_is_shown() {
    let world = World::with_keys(100).await;
    let refused = survey(&world.reader()).await.unwrap().findings;
    let keys: Vec<_> = refused.iter().filter(|finding| finding.id == "foreign-key").collect();
    assert_eq!(keys.len(), KEYS, "{refused:#?}");
    assert!(keys.iter().all(|key| key.severity == Severity::Fatal && key.fix.contains("acrossDomains to Sever")));

    let world = world.severed(false);
    let shown = survey(&world.reader()).await.unwrap().findings;
    let keys: Vec<_> = shown.iter().filter(|finding| finding.id == "foreign-key-severed").collect();
    assert!(keys.len() == KEYS && shown.iter().all(|finding| finding.severity == Severity::Warning), "{shown:#?}");
    let pair = keys.iter().find(|key| key.object.contains("Pair key")).unwrap();
    assert!(pair.message.contains("ON DELETE SET NULL, ON UPDATE CASCADE"), "{pair:?}");
    let region = keys.iter().find(|key| key.object.contains("region")).unwrap();
    assert!(!region.message.contains("no effect"), "{region:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_orphans_are_found_before_anything_is_severed() {
    let world = World::with_keys(100).await.severed(false);
    let source = world.source.admin().await;
    let orphans = "SET session_replication_role = replica;
        INSERT INTO stay.note (item) SELECT 1000 + n FROM generate_series(1, 100) n;
        INSERT INTO stay.old (code) SELECT 'secret' || n FROM generate_series(1, 100) n;
        INSERT INTO stay.pair (a, b) VALUES (7, NULL); RESET session_replication_role";
    source.batch_execute(orphans).await.unwrap();
    let findings = survey(&world.reader()).await.unwrap().findings;
    let found = |name: &str| findings.iter().find(|one| one.id == "orphans" && one.object.contains(name)).unwrap();
    let note = found("note_item_fkey");
    assert!(
        note.message.starts_with("100 rows ") && note.message.contains("among them 1001; 1002; 1003; 1004; 1005"),
        "{note:?}"
    );
    assert!(note.severity == Severity::Fatal && note.fix.contains("waiveOrphans"), "{note:?}");
    let old = found("old_code");
    assert!(old.message.starts_with("100 rows ") && !old.message.contains("secret"), "NOT VALID hides none: {old:?}");
    assert!(found("Pair key").message.starts_with("1 rows "), "MATCH FULL: {findings:#?}");
    let list = note.fix.split("; repair").next().unwrap();
    assert_eq!(source.query(list, &[]).await.unwrap().len(), 100, "{list}");
    assert_eq!(world.run("plan", &[]).await.status.code(), Some(2));

    let world = world.severed(true);
    let waived = survey(&world.reader()).await.unwrap();
    assert!(waived.plan.is_some(), "{:#?}", waived.findings);
    assert_eq!(waived.findings.iter().filter(|finding| finding.id == "orphans").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_migration_at_the_other_end_is_waited_for() {
    let world = World::with_keys(100).await.severed(false);
    let source = world.source.admin().await;
    source.batch_execute("CREATE PUBLICATION rerp_other_fwd FOR TABLE stay.account, app.item").await.unwrap();
    let rivals = || async {
        let findings = survey(&world.reader()).await.unwrap().findings;
        let fatal = findings.into_iter().filter(|finding| finding.severity == Severity::Fatal);
        fatal.map(|finding| (finding.id, finding.object)).collect::<Vec<_>>()
    };
    assert_eq!(rivals().await, [("key-of-another-migration".into(), "stay.account".into())]);
    source.batch_execute("DROP PUBLICATION rerp_other_fwd").await.unwrap();
    rerp_split::journal::ensure(&source).await.unwrap();
    let watched = r#"INSERT INTO rerp_split.foreign_key (migration, number, edge, state)
        VALUES ('other', 1, '{"name": "k", "child": "far.away", "child_schema": "far", "parent": "app.item", "parent_schema": "app"}', 'severed');
        INSERT INTO rerp_split.migration (migration, phase, status) VALUES ('other', 'Observe', '{}')"#;
    source.batch_execute(watched).await.unwrap();
    assert_eq!(rivals().await, [("key-of-another-migration".into(), "app.item".into())]);
    source.batch_execute("UPDATE rerp_split.migration SET phase = 'Completed'").await.unwrap();
    assert_eq!(rivals().await, []);
}
