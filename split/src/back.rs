//! The way back: a stream in the other direction, made before the fence, begun by it, followed after it.
//!
//! In: a job and a direction. Out: publication, role, slot and a disabled subscription (`make`); whether what leads back is
//! there and runs (`look`). Made early, because a new slot waits for every transaction of its server, and a fence can't.
//! Made only while the side that will publish is closed: a slot that is younger than a write would pass it over.

use crate::clean;
use crate::failpoint::{self, Step};
use crate::fence::WayBack;
use crate::inspect::schema_hash;
use crate::journal;
use crate::names;
use crate::schema;
use crate::spec::{Direction, Side};
use crate::step::{Job, StepError, failed};
use crate::stream;
use tokio_postgres::Client;

/// How long a new slot may wait for the transactions of its server. A rollback doesn't wait for what only a later turn needs.
fn slot_limit(way: Direction) -> &'static str {
    match way {
        Direction::Back => "60s",
        Direction::Forward => "10s",
    }
}

/// Makes the stream that will lead back after a turn in direction `turn`, or finds the one that an earlier try has made.
/// Nothing is made once the side that closes has closed.
///
/// # Errors
/// A server can't be reached, the two can't reach each other, other transactions don't end in time, or a newer worker has
/// begun.
pub async fn make(job: &Job, turn: Direction, tables: &[&str]) -> Result<WayBack, StepError> {
    let way = turn.opposite();
    let mut start = job.session(way.start(), "way-back").await?;
    let mut end = job.session(way.end(), "way-back").await?;
    let subscription = stream::find(job, way, &end).await?;
    if !owns(job, way.end(), &end).await? {
        return Ok(subscription.map_or(WayBack::None, |_| WayBack::Old));
    }
    if let Some(subscription) = subscription.filter(|one| !one.enabled)
        && whole(job, way, &start, subscription.slot.as_deref()).await?
    {
        return Ok(WayBack::Old);
    }
    journal::run::end_older_sessions(&start, job.id(), job.run).await?;
    journal::run::end_older_sessions(&end, job.id(), job.run).await?;
    clean::one_way(job, way).await?;
    failpoint::step(Step::WayBackCleared).await;
    if way == Direction::Back {
        // Watched first: what changes between the two is in the text.
        schema::watch(job, &mut start).await?;
        journal::turn::define(&start, job.id(), job.run, &definitions(job, &start).await?).await?;
    }
    stream::publish(job, way, &mut start, tables).await?;
    failpoint::step(Step::WayBackPublished).await;
    let slot = new_slot(job, way, &start).await?;
    failpoint::step(Step::WayBackSlotMade).await;
    stream::create_subscription(job, way, &mut start, &mut end, &slot).await?;
    failpoint::step(Step::WayBackMade).await;
    Ok(WayBack::New)
}

/// What there is of a stream that should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It may run.
    Begun,
    /// It is there, and may not run yet: the exchange of the streams is not over.
    Made,
    /// It can't run, and why.
    Gone(&'static str),
}

/// Looks at the stream in direction `way`.
///
/// # Errors
/// A server can't be reached, or a catalog can't be read.
pub async fn look(job: &Job, way: Direction) -> Result<State, StepError> {
    let start = job.session(way.start(), "way-back").await?;
    let end = job.session(way.end(), "way-back").await?;
    let Some(subscription) = stream::find(job, way, &end).await? else {
        return Ok(State::Gone("there is no subscription for it"));
    };
    if !has_slot(&start, subscription.slot.as_deref()).await? {
        return Ok(State::Gone("its slot is gone, or WAL that the slot needs"));
    }
    if way == Direction::Back && defined(job, &start).await? != Some(definitions(job, &start).await?) {
        return Ok(State::Gone("the definitions on the target have changed since the cutover"));
    }
    Ok(if subscription.enabled { State::Begun } else { State::Made })
}

/// What the moving tables on the target were defined as when the way back was made; none once any definition there has changed.
///
/// # Errors
/// The journal can't be read.
pub async fn defined(job: &Job, target: &Client) -> Result<Option<String>, StepError> {
    Ok(journal::turn::definition(target, job.id()).await?)
}

async fn definitions(job: &Job, target: &Client) -> Result<String, StepError> {
    let hash = schema_hash(target, &job.spec.target.schema, job.spec.tables.as_deref(), &[]).await;
    hash.map_err(failed("hash the definitions on the target"))
}

async fn owns(job: &Job, side: Side, client: &Client) -> Result<bool, StepError> {
    let row = journal::read_owner(client, &job.spec.side(side).schema).await?;
    Ok(row.is_some_and(|row| row.migration == job.id() && row.is_owner))
}

/// Whether all of it is there that an earlier try was to make.
async fn whole(job: &Job, way: Direction, start: &Client, slot: Option<&str>) -> Result<bool, StepError> {
    let published = "SELECT FROM pg_publication WHERE pubname = $1";
    let name = names::publication(job.id(), way);
    let publication = start.query_opt(published, &[&name]).await.map_err(failed("look for the publication"))?;
    let defined = way == Direction::Forward || defined(job, start).await?.is_some();
    Ok(publication.is_some() && defined && has_slot(start, slot).await?)
}

async fn has_slot(start: &Client, slot: Option<&str>) -> Result<bool, StepError> {
    let select = "SELECT FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database() \
                  AND wal_status IS DISTINCT FROM 'lost'";
    let found = start.query_opt(select, &[&slot]).await.map_err(failed("look for the slot"))?;
    Ok(found.is_some())
}

/// Connected before the run is checked: a successor ends the sessions of older runs before it makes its own, so whoever sleeps
/// here has nothing left to make a slot with when he wakes up.
async fn new_slot(job: &Job, way: Direction, journal: &Client) -> Result<String, StepError> {
    let client = job.session(way.start(), "slot").await?;
    let name = names::slot(job.id(), way, job.run);
    journal::cleanup::intend(journal, job.id(), job.run, "slot", &name).await?;
    failpoint::step(Step::WayBackSlotIntended).await;
    let action = "create the slot of the way back (it waits for open transactions)";
    // The server ends it by itself: a session that waits for transactions doesn't notice that its client has left.
    let limit = format!("SET statement_timeout = '{}'", slot_limit(way));
    client.batch_execute(&limit).await.map_err(failed(action))?;
    client
        .execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", &[&name])
        .await
        .map_err(failed(action))?;
    Ok(name)
}
