//! From a transaction to the broker: in order, and nothing that isn't committed. What the relay does with trouble is in `relay`.

use std::sync::Arc;

use super::World;
use rerp_kit::events::catalogue::AccountCreated;
use rerp_kit::events::{Envelope, outbox, publish, publish_first};
use rerp_kit::{telling, telling_each};
use tokio::sync::Notify;
use uuid::Uuid;

/// Numbers of a subject's events, as they were published.
pub(super) fn sequences(world: &World, subject: Uuid) -> Vec<i64> {
    let log = world.memory.log();
    let envelopes = log.iter().map(|message| Envelope::read(&message.body).unwrap());
    envelopes.filter(|envelope| envelope.subject == subject).map(|envelope| envelope.sequence).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_subject_everything_is_published_in_order_by_any_number_of_relays() {
    let world = World::new().await;
    let subjects = [(); 4].map(|()| Uuid::now_v7());
    let telling = (0..80).map(|n| world.tell(subjects[n % 4]));
    futures::future::join_all(telling).await;
    let relays = (0..4).map(|_| {
        let relay = world.another_relay();
        // An empty turn only says that somebody else is at it.
        async move {
            for _ in 0..200 {
                relay.turn().await.unwrap();
            }
        }
    });
    futures::future::join_all(relays).await;
    for subject in subjects {
        assert_eq!(sequences(&world, subject), (2..=21).collect::<Vec<_>>());
    }
    let state = outbox::state(&world.db).await.unwrap();
    assert_eq!((state.waiting, state.dead, state.age_s), (0, 0, 0));
    let published = world.metrics.events.published.with_label_values(&["account.created.v1", "published"]).get();
    assert_eq!(published, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rolled_back_was_never_told() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    let event =
        AccountCreated { account_id: subject, human_name_id: subject, kind: "personal".into(), company_id: None };
    let refused = world.db.transaction(&event, |session, event| {
        Box::pin(async move {
            publish(session, event).await?;
            sqlx::query("SELECT 1 / 0").execute(session.conn()).await.map(drop)
        })
    });
    assert!(refused.await.is_err());
    world.tell(subject).await;
    world.publish_all().await;
    assert_eq!(sequences(&world, subject), [2]);
}

const ONCE: &str = telling!("INSERT INTO trouble (subject) VALUES ($6) ON CONFLICT DO NOTHING");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_statement_changes_and_tells_or_does_neither() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    let event =
        AccountCreated { account_id: subject, human_name_id: subject, kind: "personal".into(), company_id: None };
    let once = || {
        world.db.run(&event, |session, event| {
            Box::pin(async move {
                let change = outbox::telling(ONCE, event)?.bind(event.human_name_id);
                Ok(change.execute(session.conn()).await?.rows_affected())
            })
        })
    };
    let told = futures::future::join_all((0..8).map(|_| once())).await;
    assert_eq!(told.into_iter().map(Result::unwrap).sum::<u64>(), 1);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.trouble").await, 1);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox_subjects").await, 0, "nothing to count");
    world.tell(subject).await;
    world.publish_all().await;
    assert_eq!(sequences(&world, subject), [1, 2]);
}

const EACH: &str = telling_each!(
    "INSERT INTO trouble (subject) SELECT s FROM unnest($1::uuid[]) AS s WHERE s <> $6 ON CONFLICT DO NOTHING",
    "subject"
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_statement_tells_of_each_thing_that_it_changes_and_of_nothing_else() {
    let world = World::new().await;
    let subjects = [(); 5].map(|()| Uuid::now_v7());
    world.home.execute(&format!("INSERT INTO svc.trouble VALUES ('{}')", subjects[1])).await;
    let event = |n: usize| {
        let event = AccountCreated {
            account_id: subjects[n],
            human_name_id: Uuid::nil(),
            kind: format!("kind {n}"),
            company_id: None,
        };
        (event, (n != 4).then(|| format!("request-{n}")))
    };
    let given = ([0, 1, 2, 3, 4].map(event), subjects[2]);
    let telling = async || {
        let told = world.db.run(&given, |session, (events, except)| {
            Box::pin(async move { outbox::telling_each(EACH, events)?.bind(*except).fetch_all(session.conn()).await })
        });
        let mut told: Vec<Uuid> = told.await.unwrap();
        told.sort();
        told
    };
    let expected = [subjects[0], subjects[3], subjects[4]];
    assert_eq!(telling().await, expected, "neither what was there nor what the change leaves out");
    assert!(telling().await.is_empty(), "nothing is told twice");
    for n in [0, 3, 4] {
        let trace = if n == 4 { "trace IS NULL".to_owned() } else { format!("trace = 'request-{n}'") };
        let whole = format!(
            "SELECT count(*) FROM svc.outbox WHERE subject = '{}' AND sequence = 1 AND type = 'account.created.v1' \
             AND data ->> 'account_id' = subject::text AND data ->> 'kind' = 'kind {n}' AND {trace}",
            subjects[n]
        );
        assert_eq!(world.home.number(&whole).await, 1, "{n}");
    }
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox").await, 3);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.trouble").await, 4);
    world.publish_all().await;
    assert_eq!(sequences(&world, subjects[3]), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_event_is_the_only_first_one_and_is_not_counted() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    let event =
        AccountCreated { account_id: subject, human_name_id: subject, kind: "personal".into(), company_id: None };
    let first = || world.db.transaction(&event, |session, event| Box::pin(publish_first(session, event)));
    first().await.unwrap();
    assert!(first().await.is_err());
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox_subjects").await, 0);
    world.tell(subject).await;
    world.publish_all().await;
    assert_eq!(sequences(&world, subject), [1, 2]);
}

/// What commits late isn't passed over, and what was begun after it waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_transaction_holds_up_its_subject_and_loses_nothing() {
    let world = World::new().await;
    let (slow, other) = (Uuid::now_v7(), Uuid::now_v7());
    let gates = Arc::new((Notify::new(), Notify::new()));
    let first = tokio::spawn({
        let (db, gates) = (world.db.clone(), Arc::clone(&gates));
        async move {
            let event =
                AccountCreated { account_id: slow, human_name_id: slow, kind: "personal".into(), company_id: None };
            let given = (event, gates);
            db.transaction(&given, |session, (event, gates)| {
                Box::pin(async move {
                    publish(session, event).await?;
                    gates.0.notify_one();
                    gates.1.notified().await;
                    Ok(())
                })
            })
            .await
            .unwrap();
        }
    });
    gates.0.notified().await;
    let second = tokio::spawn({
        let db = world.db.clone();
        async move { super::tell(&db, slow).await.unwrap() }
    });
    world.tell(other).await;
    world.publish_all().await;
    assert_eq!((sequences(&world, other), sequences(&world, slow)), (vec![2], vec![]));
    gates.1.notify_one();
    first.await.unwrap();
    second.await.unwrap();
    world.publish_all().await;
    assert_eq!(sequences(&world, slow), [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_counted_to_a_bound_and_swept_as_fast_as_it_comes() {
    let world = World::new().await;
    world
        .home
        .execute(
            "INSERT INTO svc.outbox (id, type, subject, sequence, data, due_at) SELECT gen_random_uuid(), 'account.created.v1', gen_random_uuid(), 1, '{}', \
             now() - interval '7 hours' FROM generate_series(1, 10500); ANALYZE svc.outbox",
        )
        .await;
    let state = outbox::state(&world.db).await.unwrap();
    assert_eq!((state.waiting, state.dead), (10_000, 0));
    assert_eq!(outbox::sweep_unheard(&world.db).await.unwrap(), 10_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_long_enough_goes() {
    let world = World::new().await;
    world.tell(Uuid::now_v7()).await;
    world.publish_all().await;
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox").await, 0, "what is published is gone");
    world.tell(Uuid::now_v7()).await;
    assert_eq!(outbox::sweep_unheard(&world.db).await.unwrap(), 0);
    world.home.execute("UPDATE svc.outbox SET due_at = due_at - interval '7 hours'").await;
    assert_eq!(outbox::sweep_unheard(&world.db).await.unwrap(), 1);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox").await, 0);
}
