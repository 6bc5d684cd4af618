//! How addresses get their identifiers. In come canonical addresses, one by one; out go identifiers, and who made them. The SQL is asked for many at once
//! (`docs/adr/0037`): one statement reads all that wait, another one makes what isn't there, with its events. Must not be asked for whoever may not see every
//! address: a batch is the service's own work.

use std::collections::HashMap;

use rerp_kit::batch::{Asked, BatchError, Batched, Batcher, Bounds};
use rerp_kit::events::catalogue::EmailCreated;
use rerp_kit::events::outbox;
use rerp_kit::pool::{Db, DbError, Session};
use rerp_kit::telling_each;
use uuid::Uuid;

use crate::domain::email::EmailAddress;

/// How often a row may vanish between being found in the way and being read, before we stop believing it.
const ROUNDS: u32 = 8;

/// Batches are small, because a cutover waits for what is under way. Two at once: the server reads for one while the answers of the other are given out.
const READING: Bounds = Bounds { size: 64, at_once: 2, waiting: 4096 };
/// One more, since a batch waits for whoever is just making one of its addresses, such as the transaction that makes a person.
const MAKING: Bounds = Bounds { size: 64, at_once: 3, waiting: 4096 };

/// An identifier, or none, for each address in the order in which they come. Each is looked up by the key, whatever the planner believes of the table: a plan
/// that was made when it was empty would otherwise read all of it. The array comes out of a SELECT of its own, so that its length is no reason to plan anew.
const FIND: &str = "SELECT (SELECT e.id FROM email_addresses AS e WHERE e.email = k.email) \
     FROM unnest((SELECT $1::text[])) WITH ORDINALITY AS k (email, n) ORDER BY k.n";
/// Rows and events come together or not at all. In the order in which the addresses come, which is the same for all batches: so no two of them wait for each other.
const MAKE: &str = telling_each!(
    "INSERT INTO email_addresses (id, email) SELECT k.id, k.email \
     FROM unnest($1::uuid[], $6::text[]) WITH ORDINALITY AS k (id, email, n) ORDER BY k.n ON CONFLICT (email) DO NOTHING",
    "id"
);

/// The result of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsert {
    /// The address's identifier.
    pub id: Uuid,
    /// Whether this call made it.
    pub created: bool,
}

/// Makes addresses known. Clones share the batches.
#[derive(Debug, Clone)]
pub struct Upserts {
    known: Batcher<Known>,
    new: Batcher<New>,
}

impl Upserts {
    /// Over a database, as the service's own work, whatever the handle says. Has to be called on a runtime.
    #[must_use]
    pub fn new(db: &Db) -> Self {
        let (known, new) = (Known(db.at_work()), New(db.at_work()));
        Self { known: Batcher::new(known, READING, db.metrics()), new: Batcher::new(new, MAKING, db.metrics()) }
    }

    /// The identifier of an address, made and announced if there is none.
    ///
    /// A known address costs one read, which doesn't wait for anybody's write. `ON CONFLICT DO UPDATE` would save the second statement for a new one and turn
    /// every call into a write; one statement with a UNION would lose races, because its read can't see a row that was committed after it began. So: read,
    /// insert, read again.
    ///
    /// # Errors
    /// See [`BatchError`] and [`DbError`].
    pub async fn upsert(&self, email: EmailAddress) -> Result<Upsert, BatchError<DbError>> {
        match self.known.ask(email.clone()).await? {
            Some(id) => Ok(Upsert { id, created: false }),
            None => self.new.ask(email).await,
        }
    }
}

/// Reads which addresses are known.
struct Known(Db);

impl Batched for Known {
    type Key = EmailAddress;
    type Answer = Option<Uuid>;
    type Error = DbError;

    const NAME: &'static str = "known_addresses";

    async fn work(&self, asked: &[Asked<EmailAddress>]) -> Result<Vec<Option<Uuid>>, DbError> {
        let run = self.0.run(asked, |session, asked| Box::pin(find(session, asked.iter().map(text).collect())));
        run.await
    }

    fn again(answer: &Option<Uuid>) -> Option<Uuid> {
        *answer
    }

    fn is_of_one(error: &DbError) -> bool {
        error.constraint().is_some()
    }
}

/// Makes those that were unknown a moment ago.
struct New(Db);

/// An address that is to be made.
struct Row {
    /// Chosen before the first attempt, so that an attempt that comes after a lost answer knows its own rows.
    id: Uuid,
    asked: Asked<EmailAddress>,
}

impl Batched for New {
    type Key = EmailAddress;
    type Answer = Upsert;
    type Error = DbError;

    const NAME: &'static str = "new_addresses";

    async fn work(&self, asked: &[Asked<EmailAddress>]) -> Result<Vec<Upsert>, DbError> {
        let rows: Vec<Row> = asked.iter().map(|one| Row { id: Uuid::now_v7(), asked: one.clone() }).collect();
        self.0.run(rows.as_slice(), |session, rows| Box::pin(make_all(session, rows))).await
    }

    fn again(answer: &Upsert) -> Upsert {
        Upsert { created: false, ..*answer }
    }

    fn is_of_one(error: &DbError) -> bool {
        error.constraint().is_some()
    }
}

fn text(asked: &Asked<EmailAddress>) -> &str {
    asked.key.as_str()
}

/// One statement.
async fn find(session: &mut Session, emails: Vec<&str>) -> Result<Vec<Option<Uuid>>, sqlx::Error> {
    sqlx::query_scalar(FIND).bind(emails).fetch_all(session.conn()).await
}

/// One statement, and another one for what somebody else has made meanwhile.
async fn make_all(session: &mut Session, rows: &[Row]) -> Result<Vec<Upsert>, sqlx::Error> {
    let mut open: Vec<&Row> = rows.iter().collect();
    // By the identifiers that were chosen.
    let mut answers: HashMap<Uuid, Upsert> = HashMap::with_capacity(rows.len());
    for _ in 0..ROUNDS {
        let made = make(session, &open).await?;
        answers.extend(made.into_iter().map(|id| (id, Upsert { id, created: true })));
        open.retain(|row| !answers.contains_key(&row.id));
        if !open.is_empty() {
            let known = find(session, open.iter().map(|row| text(&row.asked)).collect()).await?;
            let found = open.iter().zip(known).filter_map(|(row, id)| Some((row.id, id?)));
            answers.extend(found.map(|(chosen, id)| (chosen, Upsert { id, created: id == chosen })));
            open.retain(|row| !answers.contains_key(&row.id));
        }
        if open.is_empty() {
            let all = rows.iter().map(|row| answers.get(&row.id).copied());
            return all.collect::<Option<_>>().ok_or(sqlx::Error::RowNotFound);
        }
    }
    Err(sqlx::Error::RowNotFound)
}

/// The identifiers of those rows that weren't there.
async fn make(session: &mut Session, rows: &[&Row]) -> Result<Vec<Uuid>, sqlx::Error> {
    let event = |row: &&Row| (EmailCreated { email_address_id: row.id }, row.asked.request.clone());
    let events: Vec<(EmailCreated, Option<String>)> = rows.iter().map(event).collect();
    let emails: Vec<&str> = rows.iter().map(|row| text(&row.asked)).collect();
    outbox::telling_each(MAKE, &events)?.bind(emails).fetch_all(session.conn()).await
}
