//! From a transaction to the broker: in order, at least once, and without ever being in the way of a write.

use std::sync::Arc;

use super::World;
use crate::support::until;
use rerp_kit::events::catalogue::{AccountCreated, Event as _, RoleChange, RoleChanged};
use rerp_kit::events::memory::Trouble;
use rerp_kit::events::relay::Turn;
use rerp_kit::events::{Envelope, Reach, outbox, publish, publish_first};
use rerp_kit::telling;
use tokio::sync::Notify;
use uuid::Uuid;

fn sequences(world: &World, subject: Uuid) -> Vec<i64> {
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
        let relay = world.relay.clone();
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
async fn a_broker_that_is_away_fails_no_write_and_costs_no_event() {
    let world = World::new().await;
    world.memory.suffer(Trouble::Away);
    let subject = Uuid::now_v7();
    for _ in 0..3 {
        world.tell(subject).await;
        assert_eq!(world.relay.turn().await.unwrap(), Turn::Away);
        assert_eq!(world.relay.turn().await.unwrap(), Turn::Idle, "not at once");
        world.later().await;
    }
    world.relay.look().await.unwrap();
    assert_eq!(world.metrics.events.outbox.with_label_values(&["waiting"]).get(), 3);
    assert_eq!(world.home.number("SELECT sum(attempts)::bigint FROM svc.outbox").await, 0);
    // Stored, and the answer lost: the second time it is known.
    world.memory.suffer(Trouble::LosesAnswers);
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Away);
    world.memory.suffer(Trouble::None);
    world.later().await;
    world.publish_all().await;
    assert_eq!(sequences(&world, subject), [2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_type_that_can_not_be_published_keeps_no_other_waiting() {
    let world = World::new().await;
    let account = Uuid::now_v7();
    let role =
        RoleChanged { account_id: account, human_name_id: account, role: "viewer".into(), change: RoleChange::Granted };
    world.db.transaction(&role, |session, role| Box::pin(publish(session, role))).await.unwrap();
    world.tell(Uuid::now_v7()).await;
    world.memory.suffer(Trouble::AwayFor(RoleChanged::TYPE));
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Published(1));
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Idle, "it isn't tried again at once");
    world.memory.suffer(Trouble::None);
    world.later().await;
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Published(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_been_due_for_long_is_found_by_a_far_look_only() {
    let world = World::new().await;
    let turn = |reach| world.relay.turn_within(reach);
    world.tell(Uuid::now_v7()).await;
    world.home.execute("UPDATE svc.outbox SET due_at = now() - interval '2 minutes'").await;
    assert_eq!(turn(Reach::Near).await.unwrap(), (Turn::Idle, false));
    assert_eq!(turn(Reach::Far).await.unwrap(), (Turn::Published(1), false));
    world.tell(Uuid::now_v7()).await;
    world.home.execute("UPDATE svc.outbox SET created_at = now() - interval '2 minutes'").await;
    assert_eq!(turn(Reach::Near).await.unwrap(), (Turn::Published(1), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_dies_between_publishing_and_marking_leaves_the_event_to_the_next() {
    let world = World::new().await;
    let id = world.tell(Uuid::now_v7()).await;
    world.memory.suffer(Trouble::Hangs);
    let dying = tokio::spawn({
        let relay = world.relay.clone();
        async move { relay.turn().await }
    });
    until("the broker has it", || async { world.memory.log().len() == 1 }).await;
    dying.abort();
    assert!(dying.await.is_err());
    // A broker that has forgotten it: the worst case.
    world.memory.suffer(Trouble::Forgets);
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Idle, "before the lease is over");
    world.later().await;
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Published(1));
    let log = world.memory.log();
    assert_eq!((log.len(), log[0].id, log[1].id), (2, id, id));
    world.store_all().await;
    world.work_all().await;
    assert_eq!(world.effects().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_too_often_waits_for_a_person_and_its_subject_with_it() {
    let world = World::new().await;
    let (refused, other) = (Uuid::now_v7(), Uuid::now_v7());
    world.tell(refused).await;
    world.memory.suffer(Trouble::Refuses);
    for _ in 0..10 {
        assert_eq!(outbox::state(&world.db).await.unwrap().dead, 0);
        assert_eq!(world.relay.turn().await.unwrap(), Turn::Published(0));
        assert_eq!(world.relay.turn().await.unwrap(), Turn::Idle, "there is a pause");
        world.later().await;
    }
    assert_eq!(outbox::state(&world.db).await.unwrap().dead, 1);
    world.memory.suffer(Trouble::None);
    world.tell(refused).await;
    world.tell(other).await;
    world.publish_all().await;
    assert_eq!((sequences(&world, refused), sequences(&world, other)), (vec![], vec![2]));
    assert_eq!(outbox::replay(&world.db).await.unwrap(), 1);
    world.publish_all().await;
    assert_eq!(sequences(&world, refused), [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_can_not_be_written_down_takes_no_mark_from_others() {
    let world = World::new().await;
    world
        .home
        .execute(
            "INSERT INTO svc.outbox (id, type, subject, sequence, data) VALUES (gen_random_uuid(), 'No type', gen_random_uuid(), 1, '{}');
             CREATE FUNCTION svc.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON svc.outbox FOR EACH ROW WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION svc.refuse()",
        )
        .await;
    for _ in 0..5 {
        world.tell(Uuid::now_v7()).await;
    }
    assert!(world.relay.turn().await.is_err());
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox WHERE published_at IS NOT NULL").await, 5);
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
    world.tell(Uuid::now_v7()).await;
    assert_eq!(outbox::sweep(&world.db).await.unwrap(), 0);
    world
        .home
        .execute("UPDATE svc.outbox SET published_at = published_at - interval '4 days', due_at = due_at - interval '7 hours'")
        .await;
    assert_eq!(outbox::sweep(&world.db).await.unwrap(), 1);
    assert_eq!(outbox::sweep_unheard(&world.db).await.unwrap(), 1);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox").await, 0);
}
