//! What the migration has made on either side, on the board: whoever takes it back while a side is away wants to know what is left there.
//!
//! In: the intents in both journals. Out: the board's list. What was last seen of a side that doesn't answer stands.

use super::Board;
use crate::connect::Endpoint;
use crate::journal::{self, cleanup::Intent};
use crate::old_tables;
use crate::schema;
use crate::spec::Side;
use crate::status::{Made, Status};
use crate::step::{StepError, chain, within};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// How often both sides are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How many seconds a side may take to answer.
const ANSWER: u64 = 5;

/// Looks at both sides once.
pub(super) async fn look(board: &Board, migration: &str, sides: [&Endpoint; 2]) {
    for endpoint in sides {
        look_at(board, migration, endpoint, &mut None).await;
    }
}

/// Looks again and again, until nothing is made any more or the process is to end.
pub(super) async fn follow(board: Arc<Board>, migration: String, sides: [Endpoint; 2], stop: CancellationToken) {
    let mut sessions = [None, None];
    while !stop.is_cancelled() && !board.phase().is_terminal() {
        tokio::time::sleep(LOOK).await;
        for (endpoint, session) in sides.iter().zip(&mut sessions) {
            look_at(&board, &migration, endpoint, session).await;
        }
    }
}

async fn look_at(board: &Board, migration: &str, endpoint: &Endpoint, session: &mut Option<Client>) {
    match within("reading the intents", ANSWER, read(endpoint, migration, session)).await {
        Ok(made) => board.update(|status| replace(status, endpoint.side(), made)),
        Err(error) => tracing::debug!(side = %endpoint.side(), error = chain(&error), "the intents are not read"),
    }
}

/// An error in one line; where an abort is wished and a side is away, with what is left on that until it is back.
pub(super) fn told(board: &Board, migration: &str, error: &StepError, abort: bool) -> String {
    let text = chain(error);
    match error.out_of_reach().filter(|_| abort) {
        Some(side) => {
            let left = board.status().left_on(side, migration);
            format!("{text}; until the {side} is back there remain on it: {left}")
        }
        None => text,
    }
}

/// Reads over the session there is, or a new one; it is kept only after an answer.
async fn read(endpoint: &Endpoint, migration: &str, session: &mut Option<Client>) -> Result<Vec<Made>, StepError> {
    let client = match session.take() {
        Some(client) => client,
        None => endpoint.connect("made").await?,
    };
    let intents = journal::cleanup::pending(&client, migration).await?;
    *session = Some(client);
    let objects =
        intents.into_iter().filter(|intent| !schema::is_mark(&intent.kind) && !old_tables::is_mark(&intent.kind));
    Ok(objects.flat_map(|intent| made(endpoint.side(), &intent)).collect())
}

/// What one intent stands for: the freeze of DDL is two event triggers.
fn made(side: Side, Intent { kind, name }: &Intent) -> Vec<Made> {
    let names = match kind.as_str() {
        "event trigger" => schema::event_triggers(name).to_vec(),
        _ => vec![name.clone()],
    };
    names.into_iter().map(|name| Made { side, kind: kind.clone(), name }).collect()
}

fn replace(status: &mut Status, side: Side, made: Vec<Made>) {
    status.made.retain(|known| known.side != side);
    status.made.extend(made);
    status.made.sort_by_key(|made| made.side);
}
