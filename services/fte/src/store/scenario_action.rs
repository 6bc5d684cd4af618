//! The SQL of `scenario_actions` and `scenario_outcomes`, both of which only grow. In come actions and what came of them; out goes what to
//! send. One action of a scenario has no outcome at most, and it is the last one.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::session;
use crate::client::trading::Effect;
use crate::domain::scenario::{MOST_ACTIONS, Step, step};
use crate::domain::session::Phase;

/// An action that is written down and has to be sent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Open {
    /// Our identifier of the scenario.
    pub scenario_id: Uuid,
    /// The trading service's.
    pub trading_id: String,
    /// The action's number.
    pub sequence: i32,
    /// What the trading service is told to expect.
    pub expected_seq: i64,
    /// In the trading service's form.
    pub action: Value,
    /// How many bars were visible when it was written down.
    pub bars: i32,
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "ActionOutcome")]
pub struct Outcome {
    /// The action's number.
    pub sequence: i32,
    /// False: the trading service refused it.
    #[serde(skip)]
    pub done: bool,
    /// What the next action has to expect.
    pub seq: i64,
    /// Rows of the ledger that were added.
    pub rows: Value,
    /// Bars that have become visible.
    pub bars: Value,
    /// Where things stand.
    pub results: Value,
}

/// An action with its end, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "ListedAction")]
pub struct Listed {
    /// The action's number.
    pub sequence: i32,
    /// What its sender expected.
    pub expected_seq: i64,
    /// The action.
    pub action: Value,
    /// Whether it was done; false if it was refused; none while it is under way.
    pub done: Option<bool>,
    /// When it was written down.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// What writing an action down ended in.
pub enum Written {
    /// It has to be sent.
    Send(Open),
    /// This other one has to be sent first, and this one not before that has an outcome.
    First(Open),
    /// It is done already.
    Done(Outcome),
    /// There is no such scenario within reach, or the trading service hasn't begun it.
    NotThere,
    /// The session that it is part of takes nothing more.
    Ended,
    /// It has as many actions as it may.
    Full,
    /// Its sender expects something else than what is: this.
    Gap(i64),
}

#[derive(sqlx::FromRow)]
struct Place {
    trading_scenario_id: String,
    seq: i64,
    bars: i32,
}

#[derive(sqlx::FromRow)]
struct Last {
    sequence: i32,
    expected_seq: i64,
    action: Value,
    is_open: bool,
}

const SESSION: &str = "SELECT test_session_id FROM interactive_test_scenarios \
     WHERE id = $1 AND ($2::uuid IS NULL OR human_name_id = $2)";
const LOCK: &str = "SELECT trading_scenario_id, seq, bars FROM interactive_test_scenarios \
     WHERE id = $1 AND trading_scenario_id IS NOT NULL FOR NO KEY UPDATE";
const LAST: &str = "SELECT a.sequence, a.expected_seq, a.action, o.sequence IS NULL AS is_open FROM scenario_actions AS a \
     LEFT JOIN scenario_outcomes AS o ON o.scenario_id = a.scenario_id AND o.sequence = a.sequence \
     WHERE a.scenario_id = $1 ORDER BY a.sequence DESC LIMIT 1";
const DONE: &str = "SELECT o.sequence, o.done, o.seq, o.rows, o.bars, o.results FROM scenario_outcomes AS o \
     JOIN scenario_actions AS a ON a.scenario_id = o.scenario_id AND a.sequence = o.sequence \
     WHERE o.scenario_id = $1 AND a.expected_seq = $2 AND a.action = $3 AND o.done";
const WRITE: &str =
    "INSERT INTO scenario_actions (scenario_id, sequence, expected_seq, action) VALUES ($1, $2, $3, $4)";
const RECORD: &str = "INSERT INTO scenario_outcomes (scenario_id, sequence, done, seq, rows, bars, results) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT DO NOTHING";
const RECORDED: &str =
    "SELECT sequence, done, seq, rows, bars, results FROM scenario_outcomes WHERE scenario_id = $1 AND sequence = $2";
const MOVE: &str = "UPDATE interactive_test_scenarios SET seq = $2, bars = bars + $3, results = $4, updated_at = now(), \
     completed_at = CASE WHEN bars + $3 >= total_bars THEN coalesce(completed_at, now()) END WHERE id = $1";

/// Writes an action of a scenario within reach down, unless another one comes first or it was done before.
///
/// # Errors
/// See [`DbError`].
pub async fn write(
    db: &Db,
    scenario_id: Uuid,
    expected_seq: i64,
    action: &Value,
    reach: Reach,
) -> Result<Written, DbError> {
    db.transaction_idempotent(
        &(scenario_id, expected_seq, action, reach),
        |session, (id, expected_seq, action, reach)| {
            Box::pin(async move {
                // The session first, then the scenario: the order in which everybody locks.
                let test = sqlx::query_scalar(SESSION).bind(id).bind(reach.owner());
                let test: Option<Option<Uuid>> = test.fetch_optional(session.conn()).await?;
                let Some(test) = test else { return Ok(Written::NotThere) };
                let ended = match test {
                    Some(test) => session::lock(session, test, Reach::ALL).await? != Some(Phase::Running),
                    None => false,
                };
                let place: Option<Place> = sqlx::query_as(LOCK).bind(id).fetch_optional(session.conn()).await?;
                let Some(place) = place else { return Ok(Written::NotThere) };
                judge(session, *id, &place, (*expected_seq, *action), ended).await
            })
        },
    )
    .await
}

async fn judge(
    session: &mut Session,
    id: Uuid,
    place: &Place,
    (expected_seq, action): (i64, &Value),
    ended: bool,
) -> Result<Written, sqlx::Error> {
    let last: Option<Last> = sqlx::query_as(LAST).bind(id).fetch_optional(session.conn()).await?;
    let done = sqlx::query_as(DONE).bind(id).bind(expected_seq).bind(action);
    let done: Option<Outcome> = done.fetch_optional(session.conn()).await?;
    let is_this = |last: &Last| last.expected_seq == expected_seq && last.action == *action;
    let open = last.as_ref().filter(|last| last.is_open).map(is_this);
    let next = last.as_ref().map_or(0, |last| last.sequence) + 1;
    let send = |sequence, expected_seq, action| Open {
        scenario_id: id,
        trading_id: place.trading_scenario_id.clone(),
        sequence,
        expected_seq,
        action,
        bars: place.bars,
    };
    Ok(match (step(place.seq, expected_seq, open, done.is_some()), last, done) {
        (Step::Resume, Some(last), _) => Written::Send(send(last.sequence, last.expected_seq, last.action)),
        (Step::SettleFirst, Some(last), _) => Written::First(send(last.sequence, last.expected_seq, last.action)),
        (Step::Repeat, _, Some(outcome)) => Written::Done(outcome),
        // What was written down in time is told to its end; nothing is begun.
        (Step::Write | Step::Gap, ..) if ended => Written::Ended,
        (Step::Write, ..) if next > MOST_ACTIONS => Written::Full,
        (Step::Write, ..) => {
            let row = sqlx::query(WRITE).bind(id).bind(next).bind(expected_seq).bind(action);
            row.execute(session.conn()).await?;
            Written::Send(send(next, expected_seq, action.clone()))
        }
        _ => Written::Gap(place.seq),
    })
}

const OPEN_OF: &str = "SELECT s.id AS scenario_id, s.trading_scenario_id AS trading_id, a.sequence, a.expected_seq, a.action, s.bars \
     FROM interactive_test_scenarios AS s JOIN scenario_actions AS a ON a.scenario_id = s.id \
     LEFT JOIN scenario_outcomes AS o ON o.scenario_id = a.scenario_id AND o.sequence = a.sequence \
     WHERE s.test_session_id = $1 AND ($2::uuid IS NULL OR s.human_name_id = $2) AND s.trading_scenario_id IS NOT NULL AND o.sequence IS NULL";

/// The actions that are under way in the scenarios of a session within reach.
///
/// # Errors
/// See [`DbError`].
pub async fn open_of(db: &Db, test_session_id: Uuid, reach: Reach) -> Result<Vec<Open>, DbError> {
    db.run(&(test_session_id, reach), |session, (id, reach)| {
        let open = sqlx::query_as(OPEN_OF).bind(id).bind(reach.owner());
        Box::pin(async move { open.fetch_all(session.conn()).await })
    })
    .await
}

/// Writes what came of an action, once: the first to know decides, and what it wrote comes back. `effect`: none if it was refused, and where
/// the scenario stands.
///
/// # Errors
/// See [`DbError`].
pub async fn record(db: &Db, open: &Open, done: bool, effect: &Effect) -> Result<Outcome, DbError> {
    db.transaction_idempotent(&(open, done, effect), |session, (open, done, effect)| {
        Box::pin(async move {
            sqlx::query(LOCK).bind(open.scenario_id).execute(session.conn()).await?;
            let row = sqlx::query(RECORD).bind(open.scenario_id).bind(open.sequence).bind(done).bind(effect.seq);
            let row = row.bind(Json(&effect.rows)).bind(Json(&effect.bars)).bind(&effect.results);
            let is_first = row.execute(session.conn()).await?.rows_affected() == 1;
            if is_first && *done {
                let bars = i32::try_from(effect.bars.len()).unwrap_or(i32::MAX);
                let moved = sqlx::query(MOVE).bind(open.scenario_id).bind(effect.seq).bind(bars).bind(&effect.results);
                moved.execute(session.conn()).await?;
            }
            let recorded = sqlx::query_as(RECORDED).bind(open.scenario_id).bind(open.sequence);
            recorded.fetch_one(session.conn()).await
        })
    })
    .await
}

/// Bars that became visible since the start, and the newest `most` actions, oldest first.
///
/// # Errors
/// See [`DbError`].
pub async fn history(db: &Db, scenario_id: Uuid, most: i64) -> Result<(Vec<Value>, Vec<Listed>), DbError> {
    let bars = "SELECT b.bar FROM scenario_outcomes AS o, jsonb_array_elements(o.bars) WITH ORDINALITY AS b (bar, place) \
                WHERE o.scenario_id = $1 ORDER BY o.sequence, b.place";
    let actions = "SELECT a.sequence, a.expected_seq, a.action, o.done, a.created_at FROM scenario_actions AS a \
                   LEFT JOIN scenario_outcomes AS o ON o.scenario_id = a.scenario_id AND o.sequence = a.sequence \
                   WHERE a.scenario_id = $1 ORDER BY a.sequence DESC LIMIT $2";
    db.run(&(scenario_id, most), move |session, (id, most)| {
        Box::pin(async move {
            let bars = sqlx::query_scalar(bars).bind(id).fetch_all(session.conn()).await?;
            let actions = sqlx::query_as(actions).bind(id).bind(most);
            let mut actions: Vec<Listed> = actions.fetch_all(session.conn()).await?;
            actions.reverse();
            Ok((bars, actions))
        })
    })
    .await
}
