//! The journal on real servers: installing, wishes, fencing of workers, intents, owner rows, forgetting.

use crate::support::pair::Pair;
use rerp_split::journal::{self, JournalError, Wish, cleanup, run};
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use rerp_split::status::Status;
use std::time::Duration;

async fn journals(admin: &tokio_postgres::Client) -> i64 {
    let count = "SELECT count(*) FROM pg_namespace WHERE nspname = 'rerp_split'";
    admin.query_one(count, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_may_install_at_once_and_again() {
    let pair = Pair::create("install").await;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let client = pair.source.admin().await;
        tasks.push(tokio::spawn(async move { journal::ensure(&client).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wish_and_status_come_back_as_they_were_written() {
    let pair = Pair::create("wish").await;
    let (client, id) = (pair.source.admin().await, &pair.spec.migration);
    let wish =
        Wish { advance_to: Phase::ReadyForCutover, abort: true, suspend: true, services_prepared: false, until: None };
    journal::write_wish(&client, id, &wish).await.unwrap();
    assert_eq!(journal::read_wish(&client, id).await.unwrap(), Some(wish));
    // An end of whole seconds, as windows have; the server keeps no more than microseconds.
    for (until, now) in [(4_000_000_000, Phase::Completed), (1_000_000_000, Phase::ReadyForCutover)] {
        let until = Some(jiff::Timestamp::from_second(until).unwrap());
        let ends = Wish { advance_to: Phase::Completed, until, ..wish };
        journal::write_wish(&client, id, &ends).await.unwrap();
        assert_eq!(journal::read_wish(&client, id).await.unwrap(), Some(Wish { advance_to: now, ..ends }));
    }
    let old = "ALTER TABLE rerp_split.wish DROP COLUMN until";
    client.batch_execute(old).await.unwrap();
    assert_eq!(journal::read_wish(&client, id).await.unwrap(), None, "an older journal is brought up to date first");
    journal::ensure(&client).await.unwrap();
    assert_eq!(journal::read_wish(&client, id).await.unwrap().unwrap().until, None);
    assert_eq!(journal::read_status(&client, id).await.unwrap(), None);
    let status = Status { phase: Phase::Copy, message: "copying".to_owned(), epoch: 3, ..Status::default() };
    journal::write_status(&client, id, pair.run, &status).await.unwrap();
    journal::beat(&client, id, pair.run).await.unwrap();
    assert_eq!(journal::read_status(&client, id).await.unwrap(), Some(status));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_without_the_journal_reads_as_nothing_there() {
    let pair = Pair::create("bare").await;
    let client = pair.source.admin().await;
    client.batch_execute("DROP SCHEMA rerp_split CASCADE").await.unwrap();
    assert_eq!(journal::read_wish(&client, "x").await.unwrap(), None);
    assert_eq!(journal::read_status(&client, "x").await.unwrap(), None);
    assert_eq!(journal::read_owner(&client, "app").await.unwrap(), None);
    journal::forget(&client, "x").await.unwrap();
    journal::forget_owner(&client, "x", Side::Source).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_worker_fences_the_old_one() {
    let mut pair = Pair::create("fencing").await;
    let (client, id, old) = (pair.source.admin().await, pair.spec.migration.clone(), pair.run);
    run::hold(&client, &id, old).await.unwrap();
    pair.claim().await;
    assert!(pair.run > old);
    assert!(matches!(run::hold(&client, &id, old).await, Err(JournalError::Superseded)));
    let status = journal::write_status(&client, &id, old, &Status::default()).await;
    assert!(matches!(status, Err(JournalError::Superseded)), "{status:?}");
    let intent = cleanup::intend(&client, &id, old, "slot", "s").await;
    assert!(matches!(intent, Err(JournalError::Superseded)), "{intent:?}");
}

/// A transaction that takes its time isn't a newer worker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_begins_anew_waits_for_what_still_holds_the_run() {
    let pair = Pair::create("held").await;
    let (from, to, id) = (pair.source.admin().await, pair.target.admin().await, pair.spec.migration.clone());
    let holder = pair.target.admin().await;
    holder.batch_execute("BEGIN").await.unwrap();
    run::hold(&holder, &id, pair.run).await.unwrap();
    let held = async {
        // Longer than one try takes.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (renewed, ()) = tokio::join!(run::renew(&from, &to, &id, pair.run), held);
    assert_eq!(renewed.unwrap(), pair.run + 1);
}

/// A worker that slept and then wants to take the migration back would end its successor's work otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_present_worker_may_begin_anew() {
    let mut pair = Pair::create("renew").await;
    let (from, to, id) = (pair.source.admin().await, pair.target.admin().await, pair.spec.migration.clone());
    let old = pair.run;
    let renewed = run::renew(&from, &to, &id, old).await.unwrap();
    assert_eq!(renewed, old + 1);
    pair.claim().await;
    for slept in [old, renewed] {
        let refused = run::renew(&from, &to, &id, slept).await;
        assert!(matches!(refused, Err(JournalError::Superseded)), "{refused:?}");
    }
    run::hold(&from, &id, pair.run).await.unwrap();
    from.batch_execute("DELETE FROM rerp_split.run").await.unwrap();
    let forgotten = run::renew(&from, &to, &id, pair.run).await;
    assert!(matches!(forgotten, Err(JournalError::Superseded)), "{forgotten:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_worker_ends_a_transaction_that_the_old_one_left_open() {
    let mut pair = Pair::create("frozen").await;
    let (source, _) = pair.endpoints();
    let frozen = source.connect("fence-a").await.unwrap();
    frozen.batch_execute("BEGIN").await.unwrap();
    run::hold(&frozen, &pair.spec.migration, pair.run).await.unwrap();
    let begun = std::time::Instant::now();
    pair.claim().await;
    assert!(begun.elapsed() >= Duration::from_millis(400), "did not wait for the open transaction");
    assert!(frozen.batch_execute("COMMIT").await.is_err(), "the frozen worker could still commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_at_once_all_get_different_runs() {
    let pair = Pair::create("many").await;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (from, to, id) = (pair.source.admin().await, pair.target.admin().await, pair.spec.migration.clone());
        tasks.push(tokio::spawn(async move { run::claim(&from, &to, &id).await.unwrap() }));
    }
    let mut runs = Vec::new();
    for task in tasks {
        runs.push(task.await.unwrap());
    }
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), 4, "{runs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intents_come_back_youngest_first_until_they_are_settled() {
    let pair = Pair::create("intents").await;
    let (client, id, run) = (pair.source.admin().await, &pair.spec.migration, pair.run);
    for name in ["a", "b", "a"] {
        cleanup::intend(&client, id, run, "slot", name).await.unwrap();
    }
    let names = |intents: Vec<cleanup::Intent>| intents.into_iter().map(|i| i.name).collect::<Vec<_>>();
    assert_eq!(names(cleanup::pending(&client, id).await.unwrap()), ["b", "a"]);
    cleanup::settle(&client, id, run, "slot", "b").await.unwrap();
    assert_eq!(names(cleanup::pending(&client, id).await.unwrap()), ["a"]);
    cleanup::intend(&client, id, run, "slot", "b").await.unwrap();
    assert_eq!(cleanup::pending(&client, id).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_may_read_its_owner_row_and_nothing_else() {
    let pair = Pair::create("reading").await;
    let app = pair.source.app().await;
    let lookup = "SELECT migration, epoch, is_owner, proof FROM rerp_split.owner WHERE schema_name = current_schema()";
    let row = app.query_one(lookup, &[]).await.unwrap();
    assert!(row.get::<_, bool>(2));
    for forbidden in ["SELECT armed FROM rerp_split.owner", "SELECT * FROM rerp_split.run", "TABLE rerp_split.wish"] {
        assert!(app.query(forbidden, &[]).await.is_err(), "{forbidden}");
    }
    let nobody: bool = app.query_one("SELECT rerp_split.open('other', gen_random_uuid())", &[]).await.unwrap().get(0);
    assert!(!nobody);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_again_is_harmless_and_a_foreign_target_is_refused() {
    let pair = Pair::create("register").await;
    let (from, to) = (pair.source.admin().await, pair.target.admin().await);
    journal::register(&from, &to, pair.run, &pair.spec).await.unwrap();
    let owner = journal::read_owner(&from, "app").await.unwrap().unwrap();
    assert!(owner.is_owner && owner.epoch == 0);
    to.batch_execute("UPDATE rerp_split.owner SET is_owner = true").await.unwrap();
    let refused = journal::register(&from, &to, pair.run, &pair.spec).await;
    assert!(matches!(refused, Err(JournalError::TargetInUse { .. })), "{refused:?}");
    to.batch_execute("UPDATE rerp_split.owner SET is_owner = false, epoch = 6").await.unwrap();
    journal::register(&from, &to, pair.run, &pair.spec).await.unwrap();
    assert_eq!(journal::read_owner(&from, "app").await.unwrap().unwrap().epoch, 6);
    from.batch_execute("UPDATE rerp_split.owner SET is_owner = false").await.unwrap();
    let refused = journal::register(&from, &to, pair.run, &pair.spec).await;
    assert!(matches!(refused, Err(JournalError::SourceClosed { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_leaves_nothing_but_an_owner_row_that_is_needed() {
    let pair = Pair::create("forget").await;
    let (from, to, id) = (pair.source.admin().await, pair.target.admin().await, &pair.spec.migration);
    from.batch_execute("UPDATE rerp_split.owner SET is_owner = false").await.unwrap();
    let kept = journal::forget_owner(&from, id, Side::Source).await;
    assert!(matches!(kept, Err(JournalError::OwnerNeeded { .. })), "{kept:?}");
    journal::forget(&from, id).await.unwrap();
    assert_eq!(journals(&from).await, 1, "services still have to be told");
    from.batch_execute("UPDATE rerp_split.owner SET is_owner = true").await.unwrap();
    for (client, side) in [(&from, Side::Source), (&to, Side::Target)] {
        journal::forget_owner(client, id, side).await.unwrap();
        journal::forget(client, id).await.unwrap();
        assert_eq!(journals(client).await, 0, "{side}");
    }
}
