//! The relay in trouble: every event goes out at least once and in order, and none waits for another that isn't of its subject.

use super::World;
use super::outbox::sequences;
use crate::support::until;
use rerp_kit::events::catalogue::{Event as _, RoleChange, RoleChanged};
use rerp_kit::events::memory::Trouble;
use rerp_kit::events::relay::{Turn, keep};
use rerp_kit::events::running::replay;
use rerp_kit::events::{Reach, outbox, publish};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_fails_no_write_and_costs_no_event() {
    let world = World::new().await;
    world.memory.suffer(Trouble::Away);
    let subject = Uuid::now_v7();
    for _ in 0..3 {
        world.tell(subject).await;
        assert_eq!(world.relay.turn().await.unwrap(), Turn::Away);
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
    assert_eq!(turn(Reach::Far).await.unwrap(), (Turn::Published(1), true));
    world.tell(Uuid::now_v7()).await;
    assert_eq!(turn(Reach::Near).await.unwrap(), (Turn::Published(1), false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_dies_between_publishing_and_deleting_leaves_the_event_to_the_next() {
    let world = World::new().await;
    let id = world.tell(Uuid::now_v7()).await;
    world.memory.suffer(Trouble::Hangs);
    let relay = world.another_relay();
    let dying = tokio::spawn(async move { relay.turn().await });
    until("the broker has it", || async { world.memory.log().len() == 1 }).await;
    dying.abort();
    assert!(dying.await.is_err());
    // A broker that has forgotten it: the worst case.
    world.memory.suffer(Trouble::Forgets);
    assert_eq!(world.relay.turn().await.unwrap(), Turn::Idle, "before its turn is over");
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
    assert_eq!(replay(&world.db).await.unwrap().outbox, 1);
    world.publish_all().await;
    assert_eq!(sequences(&world, refused), [2, 3]);
}

const ASLEEP: &str = "SELECT count(*) FROM svc.outbox WHERE due_at > now() + interval '5 minutes'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_behind_another_sleeps_until_that_is_published() {
    let world = World::new().await;
    let (dead, slow, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    for subject in [dead, slow, dead, slow, dead, other] {
        world.tell(subject).await;
    }
    world
        .home
        .execute(&format!(
            "UPDATE svc.outbox SET due_at = now() - interval '20 seconds';
             UPDATE svc.outbox SET dead_at = now() WHERE subject = '{dead}' AND sequence = 2;
             UPDATE svc.outbox SET due_at = now() + interval '1 minute' WHERE subject = '{slow}' AND sequence = 2"
        ))
        .await;
    for _ in 0..2 {
        world.relay.look().await.unwrap();
        assert_eq!(world.home.number(ASLEEP).await, 3, "two behind the dead one, one behind the one put off");
    }
    world.publish_all().await;
    assert_eq!((sequences(&world, other), sequences(&world, slow)), (vec![2], vec![]));
    // The pause of the one is over, and the other is replayed: whoever is published wakes the next.
    let over = format!("UPDATE svc.outbox SET due_at = now() WHERE subject = '{slow}' AND sequence = 2");
    world.home.execute(&over).await;
    assert_eq!(replay(&world.db).await.unwrap().outbox, 1);
    world.publish_all().await;
    assert_eq!((sequences(&world, dead), sequences(&world, slow)), (vec![2, 3, 4], vec![2, 3]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_can_not_be_written_down_keeps_no_other() {
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
    assert_eq!(world.home.number("SELECT count(*) FROM svc.outbox").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_relay_has_the_turn_until_it_leaves_or_is_silent() {
    let world = World::new().await;
    let (one, other) = (world.another_relay(), world.another_relay());
    for _ in 0..2 {
        world.tell(Uuid::now_v7()).await;
        assert_eq!(one.turn().await.unwrap(), Turn::Published(1));
        assert_eq!(other.turn().await.unwrap(), Turn::Idle);
    }
    world.tell(Uuid::now_v7()).await;
    world.later().await;
    assert_eq!(other.turn().await.unwrap(), Turn::Published(1));
    world.tell(Uuid::now_v7()).await;
    assert_eq!(one.turn().await.unwrap(), Turn::Idle, "it isn't its turn any more");
    // A pod that ends says so.
    let stop = CancellationToken::new();
    stop.cancel();
    keep(other, stop).await;
    assert_eq!(one.turn().await.unwrap(), Turn::Idle, "the last turn of the one that ended took it");
    world.tell(Uuid::now_v7()).await;
    assert_eq!(one.turn().await.unwrap(), Turn::Published(1));
}

/// A turn is made longer while it lasts, and not with each claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_write_seldom() {
    const VERSION: &str = "SELECT xmin::text::bigint FROM svc.outbox_relay";
    let world = World::new().await;
    world.relay.turn().await.unwrap();
    let first = world.home.number(VERSION).await;
    world.relay.turn().await.unwrap();
    assert_eq!(world.home.number(VERSION).await, first);
    world.home.execute("UPDATE svc.outbox_relay SET until = now() + interval '4 seconds'").await;
    let shorter = world.home.number(VERSION).await;
    world.relay.turn().await.unwrap();
    assert_ne!(world.home.number(VERSION).await, shorter);
}
