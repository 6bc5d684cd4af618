//! Removes what a migration made beside the data: intents first, then a sweep by prefix, since a frozen worker may
//! have made something late.
//!
//! In: a job whose run is newer than anything it removes. Out: nothing left with the migration's names. Slots and
//! subscriptions can't be made or dropped under the fence of a transaction alone, so sessions of older runs are ended
//! first and names are exact. A table is dropped only if this migration made it and the target isn't the owner.

mod side;
mod target;

pub use target::drop_objects;

use crate::failpoint::{self, Step};
use crate::journal::{self, OwnerRow};
use crate::names;
use crate::spec::{Direction, Side};
use crate::step::{Job, StepError};
use tokio_postgres::Client;

/// Removes subscriptions and slots of both directions, so that a copy can begin from nothing.
///
/// # Errors
/// A server can't be reached, a session does not end, a statement fails, or a newer worker has begun.
pub async fn stream(job: &Job) -> Result<(), StepError> {
    let mut target = job.session(Side::Target, "clean").await?;
    let mut source = job.session(Side::Source, "clean").await?;
    journal::run::end_older_sessions(&target, job.id(), job.run).await?;
    journal::run::end_older_sessions(&source, job.id(), job.run).await?;
    failpoint::step(Step::SweepBegun).await;
    let prefix = names::prefix(job.id());
    side::subscriptions(job, &mut target, &prefix).await?;
    side::subscriptions(job, &mut source, &prefix).await?;
    failpoint::step(Step::SubscriptionsSettled).await;
    side::slots(job, &mut source, &prefix).await?;
    side::slots(job, &mut target, &prefix).await
}

/// Lets all WAL go that streams of the migration keep: removes what [`stream`] removes, on each side whatever becomes of the other one.
/// A slot fills its server's disk whether or not somebody reaches its reader.
///
/// # Errors
/// As [`stream`], the source's first.
pub async fn release(job: &Job) -> Result<(), StepError> {
    let prefix = names::prefix(job.id());
    let one = async |side| {
        let mut client = job.session(side, "clean").await?;
        journal::run::end_older_sessions(&client, job.id(), job.run).await?;
        side::subscriptions(job, &mut client, &prefix).await?;
        side::slots(job, &mut client, &prefix).await
    };
    let (source, target) = (one(Side::Source).await, one(Side::Target).await);
    source.and(target)
}

/// Removes subscription and slot of one direction. Sessions of older runs have been ended.
///
/// # Errors
/// As [`stream`].
pub async fn one_way(job: &Job, direction: Direction) -> Result<(), StepError> {
    let prefix = names::publication(job.id(), direction);
    side::subscriptions(job, &mut job.session(direction.end(), "clean").await?, &prefix).await?;
    slots(job, direction).await
}

/// Removes the slots of one direction, whose readers may be out of reach.
///
/// # Errors
/// As [`stream`].
pub async fn slots(job: &Job, direction: Direction) -> Result<(), StepError> {
    let prefix = names::publication(job.id(), direction);
    side::slots(job, &mut job.session(direction.start(), "clean").await?, &prefix).await
}

/// Removes all that was made to lead in direction `way`: a publication would go on asking for replica identities, and a login is one.
///
/// # Errors
/// As [`stream`].
pub async fn way(job: &Job, way: Direction) -> Result<(), StepError> {
    stream(job).await?;
    let mut start = job.session(way.start(), "clean").await?;
    if way == Direction::Back {
        side::event_triggers(job, &mut start).await?;
    }
    side::publications(job, &mut start).await?;
    side::role(job, &mut start, way).await
}

/// Removes every side object on both servers: streams, publications, event trigger, roles. Keeps data and journal.
///
/// # Errors
/// As [`stream`].
pub async fn side_objects(job: &Job) -> Result<(), StepError> {
    stream(job).await?;
    failpoint::step(Step::StreamGone).await;
    let mut source = job.session(Side::Source, "clean").await?;
    let mut target = job.session(Side::Target, "clean").await?;
    side::event_triggers(job, &mut source).await?;
    side::event_triggers(job, &mut target).await?;
    failpoint::step(Step::FreezeLifted).await;
    side::publications(job, &mut source).await?;
    side::publications(job, &mut target).await?;
    failpoint::step(Step::PublicationsDropped).await;
    side::role(job, &mut source, Direction::Forward).await?;
    side::role(job, &mut target, Direction::Back).await
}

/// Takes the migration back: everything that it made goes, the source keeps its data and its rights. The rows of the
/// journal stay until somebody has read the result.
///
/// # Errors
/// As [`stream`]; also if the target already owns the data.
pub async fn abort(job: &Job) -> Result<(), StepError> {
    side_objects(job).await?;
    failpoint::step(Step::SideObjectsGone).await;
    let mut target = job.session(Side::Target, "clean").await?;
    let source = job.session(Side::Source, "clean").await?;
    may_be_taken_back(job, &source, &target).await?;
    failpoint::step(Step::TakingBackAllowed).await;
    target::drop_objects(job, &mut target).await?;
    failpoint::step(Step::CopyDropped).await;
    journal::forget_owner(&target, job.id(), Side::Target).await?;
    failpoint::step(Step::TargetForgotten).await;
    journal::forget_owner(&source, job.id(), Side::Source).await?;
    Ok(())
}

/// Refuses where the data is the target's, or may become it. An armed target alone says nothing: each attempt of the fence that
/// retreated has left it so, and what it is armed for was never committed. No session of an older run is left to commit it.
async fn may_be_taken_back(job: &Job, source: &Client, target: &Client) -> Result<(), StepError> {
    let own = |row: &OwnerRow| row.migration == job.id();
    let theirs = journal::read_owner(target, &job.spec.target.schema).await?.filter(own);
    let ours = journal::read_owner(source, &job.spec.source.schema).await?.filter(own);
    let may_open = theirs.as_ref().is_some_and(|row| row.armed.is_some()) && ours.is_some_and(|row| !row.is_owner);
    if may_open || theirs.is_some_and(|row| row.is_owner) {
        return Err(StepError::Doomed("the target owns the data: there is nothing to take back".into()));
    }
    Ok(())
}
