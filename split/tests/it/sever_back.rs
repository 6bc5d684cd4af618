//! Severed foreign keys made again, whoever dies in between; and severing that has to wait.

use crate::support::eventually;
use crate::world::keys::{KEYS, captures, count, definitions};
use crate::world::{LIMIT, World, catalog};
use rerp_split::inspect::schema_hash;
use rerp_split::journal::{self, Wish};
use rerp_split::names;
use rerp_split::phase::Phase;
use rerp_split::sever::{self, Severing, State};
use rerp_split::spec::{Direction, Side};
use rerp_split::status::ForeignKeyState;
use rerp_split::step::{Class, Job};
use tokio_postgres::Client;

fn wish(advance_to: Phase) -> Wish {
    Wish { advance_to, abort: false, suspend: false, services_prepared: true, until: None }
}

/// The hash of the moving tables' definitions, severed keys counted as if they were there.
async fn hash(job: &Job) -> String {
    let client = job.session(Side::Source, "inspect").await.unwrap();
    let lines = sever::lines(&sever::read(&client, job.id()).await.unwrap());
    schema_hash(&client, "app", None, &lines).await.unwrap()
}

/// The first `steps` transactions of severing: the intents, the target's triggers, then one key each.
async fn partly(world: &World, job: &Job, steps: usize) {
    let mut source = job.session(Side::Source, "sever").await.unwrap();
    if steps > 0 {
        sever::intend(job, &mut source, &world.edges().await).await.unwrap();
    }
    if steps > 1 {
        assert_eq!(sever::arm(job, &source).await.unwrap(), Severing::Done);
    }
    let keys = sever::read(&source, job.id()).await.unwrap();
    for key in keys.iter().filter(|key| key.state == State::Intended).take(steps.saturating_sub(2)) {
        assert_eq!(sever::cut(job, &mut source, key).await.unwrap(), Severing::Done);
    }
}

async fn severed(client: &Client) -> i64 {
    count(client, "SELECT count(*) FROM rerp_split.foreign_key WHERE state = 'severed'").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_between_any_two_steps_is_followed_by_one_that_finishes_or_undoes() {
    let world = World::with_keys(1_000).await.severed(false);
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (definitions(&source).await, catalog(&source).await, catalog(&target).await);
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let planned = world.status(&source).await.unwrap().schema_hash.unwrap();

    for steps in 0..=KEYS + 2 {
        let dead = world.take().await;
        partly(&world, &dead, steps).await;
        assert_eq!(severed(&source).await, i64::try_from(steps.saturating_sub(2)).unwrap());
        assert_eq!(hash(&dead).await, planned, "our own severing passes the hash");

        let job = world.take().await;
        if steps % 2 == 0 {
            let done = sever::sever(&job, &world.edges().await, Some(&planned)).await.unwrap();
            assert_eq!((done, severed(&source).await), (Severing::Done, i64::try_from(KEYS).unwrap()));
            assert!(world.edges().await.is_empty());
            assert_eq!((captures(&source).await, captures(&target).await), (12, 8));
        }
        sever::restore(&job).await.unwrap();
        assert_eq!(definitions(&source).await, before.0, "after {steps} steps");
        assert_eq!((captures(&source).await, hash(&job).await), (0, planned.clone()));
        if let Err(error) = sever::sever(&dead, &world.edges().await, Some(&planned)).await {
            assert_eq!(error.class(), Class::Superseded, "{error}");
        } else {
            panic!("a worker that was followed by another one still severs");
        }
    }
    partly(&world, &world.take().await, 5).await;
    let text = world.succeeds("abort", &[]).await;
    assert_eq!(definitions(&source).await, before.0, "{text}");
    assert_eq!((catalog(&source).await, catalog(&target).await), (before.1, before.2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_with_orphans_leaves_keys_not_valid_and_says_so() {
    let world = World::with_keys(1_000).await.severed(false);
    let source = world.source.admin().await;
    let before = definitions(&source).await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    partly(&world, &world.take().await, KEYS + 2).await;
    let orphans = "INSERT INTO stay.note (item) SELECT 5000 + n FROM generate_series(1, 40) n;
        DELETE FROM app.item WHERE key < 10; INSERT INTO stay.part VALUES (1, -1);
        INSERT INTO stay.old (code) VALUES ('late')";
    source.batch_execute(&orphans.replace("(1, -1)", "(1000, -1)")).await.unwrap();
    assert_eq!(count(&source, "SELECT count(*) FROM rerp_split.gone_key").await, 10, "deletes are captured");

    let text = world.succeeds("abort", &[]).await;
    assert!(text.contains("foreign key note_item_fkey from stay.note to app.item: Restored, 60 orphans"), "{text}");
    assert!(text.contains("ALTER TABLE stay.note VALIDATE CONSTRAINT \"note_item_fkey\""), "{text}");
    let after = definitions(&source).await;
    let note = after.iter().find(|line| line.contains("note_item_fkey")).unwrap();
    assert!(note.contains("| f |") && note.contains("NOT VALID") && note.ends_with("it's a \\ \"note\""), "{note}");
    let same = |name: &str| {
        let of = |lines: &[String]| lines.iter().find(|line| line.contains(name)).cloned();
        assert_eq!(of(&after), of(&before), "{name}");
    };
    ["old_code", "Pair key", "member_account_fkey", "Member's region", "old_replaces_fkey"].into_iter().for_each(same);
    // A partitioned table has no key that is NOT VALID, before 18: it is told of, with what makes it again.
    let version = count(&source, "SELECT current_setting('server_version_num')::int8").await;
    if version < 180_000 {
        assert!(!after.iter().any(|line| line.contains("part_email_fkey")), "{after:?}");
        assert!(text.contains("part_email_fkey could not be made again: 1 rows have no parent"), "{text}");
    }
    assert_eq!(captures(&source).await, 0);
    // What is new is refused again.
    assert!(source.batch_execute("INSERT INTO stay.note (item) VALUES (-1)").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_has_the_keys_back_as_long_as_the_source_owns() {
    let world = World::with_keys(500).await.severed(false);
    let source = world.source.admin().await;
    let before = definitions(&source).await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    partly(&world, &world.take().await, KEYS + 2).await;
    let text = world.succeeds("undo-foreign-keys", &[]).await;
    assert_eq!(text.matches("Restored").count(), KEYS, "{text}");
    assert_eq!((definitions(&source).await, captures(&source).await), (before, 0));
    world.succeeds("undo-foreign-keys", &[]).await;
    // They are severed anew by whoever goes on.
    world.succeeds("run", &[]).await;
    assert_eq!(severed(&source).await, i64::try_from(KEYS).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_somebody_makes_again_ends_the_migration() {
    let world = World::with_keys(500).await.severed(false);
    let source = world.source.admin().await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    partly(&world, &world.take().await, KEYS + 2).await;
    let again =
        "ALTER TABLE stay.note ADD CONSTRAINT note_item_fkey FOREIGN KEY (item) REFERENCES app.item (key) NOT VALID";
    source.batch_execute(again).await.unwrap();
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("has changed since the plan was made"), "{text}");
    world.succeeds("abort", &[]).await;
    assert_eq!(definitions(&source).await.iter().filter(|line| line.starts_with("stay.note")).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_is_killed_again_and_again_while_it_severs_completes() {
    let world = World::with_keys(500).await.severed(false);
    let source = world.source.admin().await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let mut seen = Vec::new();
    // The next step of a worker waits for the locks: the kill comes right behind the one before.
    for table in ["app.member", "stay.note", "stay.old", "stay.pair", "stay.part"] {
        let holder = world.source.admin().await;
        holder.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")).await.unwrap();
        let worker = world.worker();
        let tried = "locks are not granted yet";
        let tries = world.log().matches(tried).count();
        eventually("the worker waits for the lock", LIMIT, || async { world.log().matches(tried).count() > tries })
            .await;
        worker.kill();
        seen.push(severed(&source).await);
        holder.batch_execute("ROLLBACK").await.unwrap();
    }
    assert_eq!(seen, [0, 2, 3, 4, 5], "keys are severed in the order of their tables");
    let worker = world.worker();
    let status = world.status_when(&source, "Completed", |status| status.phase == Phase::Completed).await;
    drop(worker);
    assert!(status.foreign_keys.iter().all(|key| key.state == ForeignKeyState::Severed && key.orphans == Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_transaction_on_a_child_only_delays() {
    let world = World::with_keys(500).await.severed(false);
    let (source, holder) = (world.source.admin().await, world.source.admin().await);
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    holder.batch_execute("BEGIN; INSERT INTO stay.note (item) VALUES (1)").await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let worker = world.worker();
    let waits = || async { world.log().matches("locks are not granted yet").count() > 3 };
    eventually("several tries", LIMIT, waits).await;
    // Between two tries everybody else goes on, and nothing is closed.
    source.batch_execute("INSERT INTO stay.note (item) VALUES (2)").await.unwrap();
    assert_eq!(count(&source, "SELECT count(*) FROM rerp_split.owner WHERE is_owner").await, 1);
    holder.batch_execute("COMMIT").await.unwrap();
    let status = world.status_when(&source, "Completed", |status| status.phase == Phase::Completed).await;
    drop(worker);
    let note = status.foreign_keys.iter().find(|key| key.name == "note_item_fkey").unwrap();
    assert!(note.tries > 3 && note.lock_wait_ms > 0.0 && note.orphans == Some(0), "{note:?}");
    println!("{} tries, longest wait {} ms", note.tries, note.lock_wait_ms);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_is_heard_while_locks_are_waited_for() {
    let world = World::with_keys(500).await.severed(false);
    let (source, holder) = (world.source.admin().await, world.source.admin().await);
    let before = definitions(&source).await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    holder.batch_execute("BEGIN; LOCK TABLE stay.part IN ROW EXCLUSIVE MODE").await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let worker = world.worker();
    eventually("all but the last key", LIMIT, || async { severed(&source).await == 5 }).await;
    let abort = Wish { abort: true, ..wish(Phase::Completed) };
    journal::write_wish(&source, &world.migration, &abort).await.unwrap();
    let status = world.status_when(&source, "Aborted", |status| status.phase == Phase::Aborted).await;
    drop(worker);
    assert_eq!(definitions(&source).await, before, "{status:#?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
}

/// Until the switch both tables are in one database, and what was found there says nothing about the time after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_compared_before_the_switch() {
    let world = World::with_keys(500).await.severed(false);
    let (source, holder) = (world.source.admin().await, world.source.admin().await);
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    holder.batch_execute("BEGIN; LOCK TABLE app.nothing_in_it IN ROW EXCLUSIVE MODE").await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let worker = world.worker();
    eventually("all keys", LIMIT, || async { severed(&source).await == 6 }).await;
    let suspend = Wish { suspend: true, ..wish(Phase::Completed) };
    journal::write_wish(&source, &world.migration, &suspend).await.unwrap();
    let status = world.status_when(&source, "held", |status| status.message.contains("not switched")).await;
    let compared = "SELECT count(*) FROM rerp_split.foreign_key WHERE compared_at IS NOT NULL";
    assert_eq!(count(&source, compared).await, 0);
    assert!(status.foreign_keys.iter().all(|key| key.orphans.is_none()), "{:#?}", status.foreign_keys);
    drop(worker);
    holder.batch_execute("ROLLBACK").await.unwrap();
    world.succeeds("abort", &[]).await;
}

/// It may be held for days, until its window opens again: until then the database is as it was before the cutover.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_whose_time_is_over_in_the_cutover_goes_back_to_where_it_was_ready() {
    let world = World::with_keys(500).await.severed(false);
    let (source, target, holder) = (world.source.admin().await, world.target.admin().await, world.source.admin().await);
    let before = definitions(&source).await;
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    holder.batch_execute("BEGIN; LOCK TABLE stay.part IN ROW EXCLUSIVE MODE").await.unwrap();
    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let worker = world.worker();
    eventually("all but the last key", LIMIT, || async { severed(&source).await == 5 }).await;
    // Nobody writes another wish: the worker sees by itself that its time is over.
    let over = Wish { until: Some(jiff::Timestamp::now()), ..wish(Phase::Completed) };
    journal::write_wish(&source, &world.migration, &over).await.unwrap();
    holder.batch_execute("ROLLBACK").await.unwrap();
    let status = world.status_when(&source, "ready", |status| status.phase == Phase::ReadyForCutover).await;
    assert_eq!(definitions(&source).await, before, "{status:#?}");
    assert_eq!((captures(&source).await, captures(&target).await), (0, 0));
    let slots = |way| {
        let prefix = names::publication(&world.migration, way);
        format!("SELECT count(*) FROM pg_replication_slots WHERE starts_with(slot_name, '{prefix}')")
    };
    assert_eq!(count(&target, &slots(Direction::Back)).await, 0, "nobody reads what leads back");
    assert_eq!(count(&source, &slots(Direction::Forward)).await, 1);

    journal::write_wish(&source, &world.migration, &wish(Phase::Completed)).await.unwrap();
    let status = world.status_when(&source, "Completed", |status| status.phase == Phase::Completed).await;
    assert_eq!(status.foreign_keys.len(), KEYS, "{status:#?}");
    drop(worker);
}
