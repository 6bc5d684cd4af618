//! From the broker to the effect: once, in order, and nobody held up by somebody else's trouble.

use std::sync::Arc;
use std::time::Duration;

use super::{OVERTAKEN, World, effect};
use crate::support::until;
use futures::future::BoxFuture;
use rerp_kit::events::broker::Message;
use rerp_kit::events::catalogue::{AccountCreated, Event};
use rerp_kit::events::reader::{Reader, keep_stored};
use rerp_kit::events::running::{Replayed, replay};
use rerp_kit::events::{Envelope, EventType, Handlers, inbox};
use rerp_kit::pool::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Executor as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A version of the future.
#[derive(Serialize, Deserialize)]
struct AccountCreatedAnew {
    account: Uuid,
}

impl Event for AccountCreatedAnew {
    const TYPE: &'static str = "account.created.v2";

    fn subject(&self) -> Uuid {
        self.account
    }
}

fn note_anew<'c>(
    session: &'c mut Session,
    envelope: &'c Envelope,
    _: AccountCreatedAnew,
) -> BoxFuture<'c, Result<(), sqlx::Error>> {
    Box::pin(effect(session, envelope))
}

impl World {
    /// Publishes an event as another service would.
    async fn hear(&self, kind: &str, subject: Uuid, sequence: i64, data: Value) -> Uuid {
        let envelope = envelope(kind, subject, sequence, data);
        let (id, body) = (envelope.id, envelope.write().unwrap().into());
        self.seat.publish(Message { id, kind: envelope.kind, body }).await.unwrap();
        self.store_all().await;
        id
    }

    /// Gets something that another service published as an event of type `kind`.
    async fn receive(&self, kind: &str, body: &[u8]) {
        self.have_received(&self.reader, kind, body).await;
    }

    /// The same for another program of the service.
    async fn have_received(&self, reader: &Reader, kind: &str, body: &[u8]) {
        let message = Message { id: Uuid::now_v7(), kind: EventType::parse(kind).unwrap(), body: body.to_vec().into() };
        let hears = self.memory.seat("self", &["account.created", "fte.session.completed"]);
        hears.publish(message).await.unwrap();
        let delivery = hears.next(Duration::from_secs(1)).await.unwrap().unwrap();
        reader.store(&delivery).await.unwrap();
        delivery.receipt.taken().await.unwrap();
    }

    async fn state(&self) -> (i64, i64, i64) {
        let state = inbox::state(&self.db).await.unwrap();
        (state.waiting, state.parked, state.dead)
    }
}

fn envelope(kind: &str, subject: Uuid, sequence: i64, data: Value) -> Envelope {
    let time = "2026-11-26T08:00:00Z".parse().unwrap();
    Envelope { id: Uuid::now_v7(), kind: EventType::parse(kind).unwrap(), subject, sequence, time, trace: None, data }
}

fn created(subject: Uuid) -> Value {
    let event =
        AccountCreated { account_id: subject, human_name_id: subject, kind: "personal".into(), company_id: None };
    serde_json::to_value(event).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_effect_comes_once_and_in_order_however_often_an_event_is_delivered() {
    let world = World::new().await;
    let subjects = [(); 3].map(|()| Uuid::now_v7());
    for n in 0..30 {
        world.tell(subjects[n % 3]).await;
    }
    world.publish_all().await;
    for _ in 0..3 {
        world.memory.rewind("self");
        world.store_all().await;
    }
    let pods = (0..4).map(|_| {
        let reader = world.reader.clone();
        async move {
            for _ in 0..100 {
                reader.turn().await.unwrap();
            }
        }
    });
    futures::future::join_all(pods).await;
    // Nor does what comes when all is done.
    world.memory.rewind("self");
    world.store_all().await;
    world.work_all().await;
    assert_eq!((world.effects().await, world.handled("done"), world.state().await), (30, 30, (0, 0, 0)));
    assert_eq!(world.home.number("SELECT count(DISTINCT event) FROM svc.effects").await, 30);
    assert_eq!(world.home.number(OVERTAKEN).await, 0);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.inbox WHERE envelope IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pods_on_one_event_have_one_effect() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    world.hear("account.created.v1", subject, 1, created(subject)).await;
    // The lease of the first is over before it begins: both hold the event.
    let turns = (0..8).map(|_| async {
        world.later().await;
        world.reader.turn().await.unwrap()
    });
    futures::future::join_all(turns).await;
    assert_eq!(world.effects().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_version_is_parked_until_a_program_knows_it() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    world.hear("account.created.v2", subject, 1, json!({ "account": subject })).await;
    world.hear("account.created.v1", subject, 2, created(subject)).await;
    world.work_all().await;
    world.reader.look().await.unwrap();
    assert_eq!((world.state().await, world.effects().await), ((1, 1, 0), 0), "what follows waits as well");
    assert_eq!(world.metrics.events.inbox.with_label_values(&["parked"]).get(), 1);

    let handlers = Handlers::default().on::<AccountCreated>(super::note).on::<AccountCreatedAnew>(note_anew);
    let newer = Reader::new(world.db.clone(), handlers, world.metrics.events.clone());
    newer.look().await.unwrap();
    // A pod of the old program, while the rollout goes on, leaves it to the new one.
    world.work_all().await;
    assert_eq!(world.effects().await, 0);
    while newer.turn().await.unwrap() > 0 {}
    assert_eq!((world.effects().await, world.home.number(OVERTAKEN).await), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_no_longer_known_is_passed_over() {
    let world = World::new().await;
    let handlers = Handlers::default().on::<AccountCreatedAnew>(note_anew);
    let newer = Reader::new(world.db.clone(), handlers, world.metrics.events.clone());
    let subject = Uuid::now_v7();
    for (kind, sequence, data) in
        [("account.created.v1", 1, created(subject)), ("account.created.v2", 2, json!({ "account": subject }))]
    {
        world.have_received(&newer, kind, &envelope(kind, subject, sequence, data).write().unwrap()).await;
    }
    while newer.turn().await.unwrap() > 0 {}
    assert_eq!((world.state().await, world.effects().await), ((0, 0, 0), 1));
    assert_eq!(world.metrics.events.received.with_label_values(&["unknown", "ignored"]).get(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_too_often_is_a_dead_letter_until_it_is_replayed() {
    let world = World::new().await;
    let (ill, well) = (Uuid::now_v7(), Uuid::now_v7());
    world.home.execute(&format!("INSERT INTO svc.trouble VALUES ('{ill}')")).await;
    for subject in [ill, well] {
        for sequence in 1..=2 {
            world.hear("account.created.v1", subject, sequence, created(subject)).await;
        }
    }
    for attempt in 1..=12 {
        assert_eq!(world.state().await.2, 0, "before attempt {attempt}");
        world.work_all().await;
        world.later().await;
    }
    assert_eq!((world.state().await, world.effects().await), ((1, 0, 1), 2), "the others go on");
    assert_eq!((world.handled("failed"), world.handled("dead")), (11, 1));
    let told = "SELECT count(*) FROM svc.inbox WHERE error = 'a statement was refused'";
    assert_eq!(world.home.number(told).await, 1, "nothing of the event");

    world.home.execute("DELETE FROM svc.trouble").await;
    assert_eq!(replay(&world.db).await.unwrap(), Replayed { outbox: 0, inbox: 1 });
    world.work_all().await;
    assert_eq!((world.state().await, world.effects().await), ((0, 0, 0), 4));
    assert_eq!(world.home.number(OVERTAKEN).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_behind_another_sleeps_until_that_is_done() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    for sequence in 1..=4 {
        world.hear("account.created.v1", subject, sequence, created(subject)).await;
    }
    world.home.execute("UPDATE svc.inbox SET due_at = now() - interval '20 seconds'").await;
    world.home.execute("UPDATE svc.inbox SET dead_at = now() WHERE sequence = 1").await;
    world.reader.look().await.unwrap();
    let asleep = "SELECT count(*) FROM svc.inbox WHERE due_at > now() + interval '5 minutes'";
    assert_eq!((world.home.number(asleep).await, world.state().await), (3, (3, 0, 1)));
    replay(&world.db).await.unwrap();
    world.work_all().await;
    assert_eq!((world.state().await, world.effects().await), ((0, 0, 0), 4), "each wakes the next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_that_ends_its_pod_ends_too() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    world.hear("account.created.v1", subject, 1, created(subject)).await;
    // As after so many pods that were lost in it.
    world
        .home
        .execute(&format!("UPDATE svc.inbox SET attempts = 19; INSERT INTO svc.trouble VALUES ('{subject}')"))
        .await;
    assert_eq!(world.reader.turn().await.unwrap(), 1);
    assert_eq!((world.state().await, world.handled("dead")), ((0, 0, 1), 1), "it failed as often as it may");
    world
        .home
        .execute("UPDATE svc.inbox SET attempts = 20, dead_at = NULL, due_at = now(); DELETE FROM svc.trouble")
        .await;
    assert_eq!(world.reader.turn().await.unwrap(), 1);
    assert_eq!((world.state().await, world.handled("dead"), world.effects().await), ((0, 0, 1), 2, 0), "begun no more");
    replay(&world.db).await.unwrap();
    world.work_all().await;
    assert_eq!(world.effects().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_read_is_given_up_at_once_and_what_nobody_wants_is_passed_over() {
    let world = World::new().await;
    world.hear("account.created.v1", Uuid::now_v7(), 1, json!({ "account": 1 })).await;
    world.work_all().await;
    assert_eq!(world.state().await, (0, 0, 1));
    let received = |outcome: &str| world.metrics.events.received.with_label_values(&["unknown", outcome]).get();
    world.receive("account.created.v1", b"hello").await;
    let other = envelope("fte.session.completed.v1", Uuid::now_v7(), 1, Value::Null);
    world.receive("fte.session.completed.v1", &other.write().unwrap()).await;
    assert_eq!((received("broken"), received("ignored")), (1, 1));
    // Whoever may announce this could otherwise announce anything.
    let kind = EventType::parse("account.created.v1").unwrap();
    let forged = Envelope { kind, data: created(Uuid::now_v7()), ..other };
    world.receive("fte.session.completed.v1", &forged.write().unwrap()).await;
    assert_eq!(received("broken"), 2);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.inbox").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_that_stops_keeps_what_it_was_handed() {
    let world = World::new().await;
    world.tell(Uuid::now_v7()).await;
    world.publish_all().await;
    let mut locked = world.home.server.admin("data").await;
    locked.execute(sqlx::raw_sql("BEGIN; LOCK TABLE svc.inbox IN ACCESS EXCLUSIVE MODE")).await.unwrap();
    let stop = CancellationToken::new();
    let pod = tokio::spawn(keep_stored(world.reader.clone(), Arc::clone(&world.seat), stop.clone()));
    until("it waits for the table", || async {
        world.home.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await == 1
    })
    .await;
    stop.cancel();
    locked.execute(sqlx::raw_sql("ROLLBACK")).await.unwrap();
    pod.await.unwrap();
    assert!(world.memory.is_read("self"));
    assert_eq!(world.state().await, (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_is_swept_as_fast_as_it_comes() {
    let world = World::new().await;
    world
        .home
        .execute(
            "INSERT INTO svc.inbox (id, type, source, subject, sequence, done_at) SELECT gen_random_uuid(), 'account.created.v1', 'account', \
             gen_random_uuid(), 1, now() - make_interval(days => 20 + n % 2 * 11) FROM generate_series(1, 5000) AS n",
        )
        .await;
    assert_eq!(inbox::sweep(&world.db).await.unwrap(), 2500);
    assert_eq!(world.home.number("SELECT count(*) FROM svc.inbox").await, 2500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_stored_comes_again() {
    let world = World::new().await;
    world.tell(Uuid::now_v7()).await;
    world.publish_all().await;
    let delivery = world.seat.next(std::time::Duration::from_secs(1)).await.unwrap().unwrap();
    assert!(world.seat.next(std::time::Duration::ZERO).await.unwrap().is_none(), "one at a time");
    delivery.receipt.again(std::time::Duration::ZERO).await.unwrap();
    world.store_all().await;
    world.work_all().await;
    assert!(world.memory.is_read("self"));
    assert_eq!(world.effects().await, 1);
}
