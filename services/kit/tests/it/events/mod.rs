//! Events on a real database, with a broker in memory: from the transaction that tells of something to its effect.

mod dead_letters;
mod inbox;
mod moving;
mod nats;
mod outbox;
mod relay;
mod tables;

use std::time::Duration;

use crate::support::{Home, open};
use futures::future::BoxFuture;
use rerp_kit::events::broker::Broker;
use rerp_kit::events::catalogue::AccountCreated;
use rerp_kit::events::memory::Memory;
use rerp_kit::events::reader::Reader;
use rerp_kit::events::relay::{Relay, Turn};
use rerp_kit::events::{Envelope, Handlers, inbox as inbox_sql, outbox as outbox_sql, publish};
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::{Db, DbError, Session};
use std::sync::Arc;
use uuid::Uuid;

/// What an event did, each time it did it, and what keeps it from doing so.
const EFFECTS: &str =
    "CREATE TABLE effects (key uuid PRIMARY KEY DEFAULT gen_random_uuid(), event uuid NOT NULL, subject uuid NOT NULL,
     sequence bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
     CREATE TABLE trouble (subject uuid PRIMARY KEY);";
const COUNT: &str = "SELECT count(*) FROM svc.effects";
/// Effects of one subject that came in another order than the events.
const OVERTAKEN: &str = "SELECT count(*) FROM svc.effects AS a JOIN svc.effects AS b ON b.subject = a.subject AND b.sequence > a.sequence AND b.at < a.at";

fn ddl() -> String {
    format!("{} {} {} {EFFECTS}", outbox_sql::DDL, outbox_sql::RELAY_DDL, inbox_sql::DDL)
}

/// A service that tells itself things.
struct World {
    home: Home,
    db: Db,
    metrics: Metrics,
    memory: Memory,
    seat: Arc<dyn Broker>,
    relay: Relay,
    reader: Reader,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let home = Home::new().await;
        home.define(&ddl()).await;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("current"), home.app()).unwrap();
        let (db, metrics) = open(dir.path()).await;
        // As services have them: relay and reader are their own work.
        let db = db.at_work();
        let memory = Memory::default();
        let seat = memory.seat("self", &["account.created"]);
        let relay = Relay::new(db.clone(), Arc::clone(&seat), metrics.events.clone());
        let reader = Reader::new(db.clone(), handlers(), metrics.events.clone());
        Self { home, db, metrics, memory, seat, relay, reader, _dir: dir }
    }

    async fn tell(&self, subject: Uuid) -> Uuid {
        tell(&self.db, subject).await.unwrap()
    }

    /// Publishes all there is.
    async fn publish_all(&self) {
        while let Turn::Published(_) = self.relay.turn().await.unwrap() {}
    }

    /// Stores all there is.
    async fn store_all(&self) {
        while let Some(delivery) = self.seat.next(Duration::from_millis(10)).await.unwrap() {
            self.reader.store(&delivery).await.unwrap();
            delivery.receipt.taken().await.unwrap();
        }
    }

    async fn work_all(&self) {
        while self.reader.turn().await.unwrap() > 0 {}
    }

    /// Lets pauses be over, and turns.
    async fn later(&self) {
        let later = "UPDATE svc.outbox SET due_at = now(); UPDATE svc.inbox SET due_at = now(); \
                     UPDATE svc.outbox_relay SET until = now() - interval '1 second'";
        self.home.execute(later).await;
    }

    /// As another pod has one.
    fn another_relay(&self) -> Relay {
        Relay::new(self.db.clone(), Arc::clone(&self.seat), self.metrics.events.clone())
    }

    async fn effects(&self) -> i64 {
        self.home.number(COUNT).await
    }

    fn handled(&self, outcome: &str) -> u64 {
        self.metrics.events.handled.with_label_values(&["account.created.v1", outcome]).get()
    }
}

/// Tells of an account, as a transaction with an effect of its own would.
async fn tell(db: &Db, subject: Uuid) -> Result<Uuid, DbError> {
    let event =
        AccountCreated { account_id: subject, human_name_id: Uuid::nil(), kind: "personal".into(), company_id: None };
    db.transaction(&event, |session, event| Box::pin(publish(session, event))).await
}

fn handlers() -> Handlers {
    Handlers::default().on::<AccountCreated>(note)
}

fn note<'c>(
    session: &'c mut Session,
    envelope: &'c Envelope,
    _: AccountCreated,
) -> BoxFuture<'c, Result<(), sqlx::Error>> {
    Box::pin(effect(session, envelope))
}

/// Written first and refused afterwards, so that what was written must go away again.
async fn effect(session: &mut Session, envelope: &Envelope) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO effects (event, subject, sequence) VALUES ($1, $2, $3)")
        .bind(envelope.id)
        .bind(envelope.subject)
        .bind(envelope.sequence)
        .execute(session.conn())
        .await?;
    let trouble = sqlx::query("SELECT 1 / (1 - count(*)) FROM trouble WHERE subject = $1").bind(envelope.subject);
    trouble.execute(session.conn()).await.map(drop)
}
