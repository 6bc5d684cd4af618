//! Makes severed foreign keys again for a person: on the source as long as it owns, or wherever both tables are by now.

use super::release::release_on;
use super::rows::{self, Severed, State};
use super::{Report, report, restore};
use crate::journal;
use crate::spec::Side;
use crate::step::{Job, StepError};

/// What became of the wish to have the keys again.
#[derive(Clone, Debug, PartialEq)]
pub enum Undone {
    /// Every key was made again, or there is a note why not.
    Done(Report),
    /// Nothing has changed: some keys can't be made anywhere, and this is why.
    Refused(Vec<String>),
}

/// Makes every severed key again. All or none: if one has its tables in two databases, nothing is done.
///
/// # Errors
/// A server can't be reached, locks aren't granted in time, a statement fails, or a newer worker has begun.
pub async fn undo(job: &Job) -> Result<Undone, StepError> {
    let keys: Vec<Severed> = rows::of_job(job).await?.into_iter().filter(|key| key.state == State::Severed).collect();
    let (mut by_side, mut refused) = ([Vec::new(), Vec::new()], Vec::new());
    for key in keys {
        match place(job, &key).await? {
            Ok(side) => by_side[usize::from(side == Side::Target)].push(key),
            Err(why) => refused.push(why),
        }
    }
    if !refused.is_empty() {
        return Ok(Undone::Refused(refused));
    }
    for (side, keys) in [Side::Source, Side::Target].into_iter().zip(by_side) {
        if !keys.is_empty() {
            restore::on(job, side, &keys).await?;
        }
        release_on(job, side).await?;
    }
    Ok(Undone::Done(report(job).await?))
}

/// The side on which both tables are and may be written, or why there is none.
async fn place(job: &Job, key: &Severed) -> Result<Result<Side, String>, StepError> {
    let edge = &key.edge;
    let mut seen = Vec::new();
    for side in [Side::Source, Side::Target] {
        let client = job.session(side, "undo").await?;
        let mut open = Vec::new();
        for (table, schema) in [(&edge.child, &edge.child_schema), (&edge.parent, &edge.parent_schema)] {
            let exists = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[table]).await;
            let exists: bool = exists.map_err(crate::step::failed("look for a table"))?.get(0);
            let closed = journal::read_owner(&client, schema).await?.is_some_and(|owner| !owner.is_owner);
            if exists && !closed {
                open.push(table.as_str());
            }
        }
        if open.len() == 2 {
            return Ok(Ok(side));
        }
        let tables = if open.is_empty() { "neither table".to_owned() } else { open.join(", ") };
        seen.push(format!("the {side} owns {tables}"));
    }
    let what = format!("{} refers from {} to {}", edge.name, edge.child, edge.parent);
    Ok(Err(format!("{what}, and a foreign key can't span two databases: {}", seen.join(", "))))
}
