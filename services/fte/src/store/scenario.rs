//! The SQL of `interactive_test_scenarios`. In come wishes and what the trading service began; out go scenarios. The row is there before the
//! trading service is asked; what it holds of bars is what was visible at the start.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::session;
use crate::client::trading::State;
use crate::domain::scenario::Config;
use crate::domain::session::Phase;

/// Most scenarios of a session, and most exercises that a person begins in an hour: the trading service keeps a bounded number for all.
pub const MOST: i64 = 10;

/// What a scenario is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Belongs {
    /// A session that runs: it is its person's.
    Session(Uuid),
    /// A module, by code: an exercise of this person in this account.
    Module(String, Uuid, Uuid),
}

/// A scenario that somebody wants to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// What it is part of.
    pub belongs: Belongs,
    /// `backtest`, `live_simulation` or `pattern_recognition`.
    pub scenario_type: &'static str,
    /// What it begins with.
    pub config: Config,
}

/// A row.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Scenario {
    /// Its identifier.
    pub id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The module's code.
    pub module: String,
    /// The session it is part of.
    pub test_session_id: Option<Uuid>,
    /// `backtest`, `live_simulation` or `pattern_recognition`.
    pub scenario_type: String,
    /// What was wished.
    #[sqlx(json)]
    pub scenario_config: Config,
    /// Names the market. Must not be answered.
    pub seed: i64,
    /// The trading service's; none until it has answered.
    pub trading_scenario_id: Option<String>,
    /// How many bars it has in the end.
    pub total_bars: Option<i32>,
    /// What the trading service expects next.
    pub seq: Option<i64>,
    /// How many bars are visible.
    pub bars: Option<i32>,
    /// Those that were at the start.
    pub trading_data: Option<Value>,
    /// Where things stand.
    pub results: Option<Value>,
    /// When the trading service began it.
    pub started_at: Option<jiff_sqlx::Timestamp>,
    /// When the last bar became visible.
    pub completed_at: Option<jiff_sqlx::Timestamp>,
    /// When it was wished.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// What wishing a scenario ended in.
pub enum Wished {
    /// It is written down; whether by an earlier request with the same key.
    There(Box<Scenario>, bool),
    /// There is no such module, or it is retired.
    NoModule,
    /// There is no such session within reach.
    NoSession,
    /// The session takes nothing more.
    Ended,
    /// There are as many as may be.
    Full,
    /// The caller's key was used before, and there is no answer to repeat.
    Key(Standing),
}

struct Owner {
    human_name_id: Uuid,
    account_id: Uuid,
    module_id: Uuid,
}

const BY_ID: &str = "SELECT s.id, s.human_name_id, s.account_id, m.code AS module, s.test_session_id, s.scenario_type, s.scenario_config, \
     s.seed, s.trading_scenario_id, s.total_bars, s.seq, s.bars, s.trading_data, s.results, s.started_at, s.completed_at, s.created_at \
     FROM interactive_test_scenarios AS s JOIN modules AS m ON m.id = s.module_id \
     WHERE s.id = $1 AND ($2::uuid IS NULL OR s.human_name_id = $2)";
/// A session keeps its person for ever, so there is nothing to lock.
const IS_SESSION: &str =
    "SELECT EXISTS (SELECT FROM test_sessions WHERE id = $1 AND ($2::uuid IS NULL OR human_name_id = $2))";
macro_rules! insert {
    ($rest:literal) => {
        concat!(
            "INSERT INTO interactive_test_scenarios (id, human_name_id, account_id, module_id, test_session_id, scenario_type, \
             scenario_config, seed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            $rest
        )
    };
}
const INSERT: &str = insert!("");
/// Without a key of the caller the identifier is new for this request, so a row in the way is our own, from an attempt whose answer was
/// lost.
const INSERT_OWN: &str = insert!(" ON CONFLICT (id) DO NOTHING");
const BEGAN: &str = "UPDATE interactive_test_scenarios SET trading_scenario_id = $2, total_bars = $3, seq = $4, bars = $5, trading_data = $6, \
     results = $7, started_at = now(), updated_at = now() WHERE id = $1 AND seed = $8 AND trading_scenario_id IS NULL";
const FORGET: &str =
    "DELETE FROM interactive_test_scenarios WHERE id = $1 AND seed = $2 AND trading_scenario_id IS NULL";
/// By then its key is forgotten too, so nobody can ask again.
const FORGET_OLD: &str = "DELETE FROM interactive_test_scenarios WHERE trading_scenario_id IS NULL AND created_at < now() - interval '25 hours'";

/// Writes a wish down under the identifier `id`, once per key. What is kept under the key is only which scenario it was: a repetition goes on
/// where the first request ended. `reach`: whose sessions may be meant; that is asked before the key is.
///
/// # Errors
/// See [`DbError`]; a violated `interactive_test_scenarios_pkey` means that the caller's identifier is taken.
pub async fn wish(
    db: &Db,
    id: Uuid,
    wish: &Wish,
    seed: i64,
    key: Option<Claim>,
    reach: Reach,
) -> Result<Wished, DbError> {
    let insert = if key.is_some() { INSERT } else { INSERT_OWN };
    db.transaction_idempotent(&(id, wish, seed, key, reach), move |session, (id, wish, seed, key, reach)| {
        Box::pin(async move {
            if let Belongs::Session(test) = wish.belongs
                && !is_session(session, test, *reach).await?
            {
                return Ok(Wished::NoSession);
            }
            let key = key.as_ref();
            match take(session, key, &()).await? {
                Standing::Fresh => {}
                Standing::Done(answer) => return repeat(session, answer, *reach).await,
                standing => return Ok(Wished::Key(standing)),
            }
            let owner = match owner(session, &wish.belongs).await? {
                Ok(owner) => owner,
                Err(refused) => {
                    give_back(session, key).await?;
                    return Ok(refused);
                }
            };
            let test = if let Belongs::Session(id) = wish.belongs { Some(id) } else { None };
            let row = sqlx::query(insert).bind(id).bind(owner.human_name_id).bind(owner.account_id);
            let row = row.bind(owner.module_id).bind(test).bind(wish.scenario_type).bind(Json(&wish.config));
            row.bind(seed).execute(session.conn()).await?;
            keep(session, key, id).await?;
            let row = find(session, *id, Reach::ALL).await?.ok_or(sqlx::Error::RowNotFound)?;
            Ok(Wished::There(Box::new(row), false))
        })
    })
    .await
}

async fn is_session(session: &mut Session, id: Uuid, reach: Reach) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_SESSION).bind(id).bind(reach.owner()).fetch_one(session.conn()).await
}

/// The scenario of the first time, as it is now.
async fn repeat(session: &mut Session, answer: Value, reach: Reach) -> Result<Wished, sqlx::Error> {
    let id: Uuid = serde_json::from_value(answer).map_err(|error| sqlx::Error::Decode(error.into()))?;
    // A twin may be taking it back in this moment, key and all.
    let Some(row) = find(session, id, reach).await? else { return Ok(Wished::Key(Standing::InProgress)) };
    Ok(Wished::There(Box::new(row), true))
}

/// Whose scenario it becomes, or why it doesn't.
async fn owner(session: &mut Session, belongs: &Belongs) -> Result<Result<Owner, Wished>, sqlx::Error> {
    match belongs {
        Belongs::Module(code, human_name_id, account_id) => {
            let module = sqlx::query_scalar("SELECT id FROM modules WHERE code = $1 AND NOT retired").bind(code);
            let module: Option<Uuid> = module.fetch_optional(session.conn()).await?;
            // Not locked: a few at the same time may go beyond it, by as many.
            let recent = "SELECT count(*) FROM interactive_test_scenarios WHERE human_name_id = $1 AND test_session_id IS NULL \
                          AND created_at > now() - interval '1 hour'";
            if count(session, recent, *human_name_id).await? >= MOST {
                return Ok(Err(Wished::Full));
            }
            let owner = |module_id| Owner { human_name_id: *human_name_id, account_id: *account_id, module_id };
            Ok(module.map(owner).ok_or(Wished::NoModule))
        }
        // Whether it is within reach was asked before.
        Belongs::Session(id) => match session::lock(session, *id, Reach::ALL).await? {
            None => Ok(Err(Wished::NoSession)),
            Some(Phase::Due | Phase::Ended) => Ok(Err(Wished::Ended)),
            Some(Phase::Running) => {
                // The session is locked: their number is one.
                let all = "SELECT count(*) FROM interactive_test_scenarios WHERE test_session_id = $1";
                if count(session, all, *id).await? >= MOST {
                    return Ok(Err(Wished::Full));
                }
                let of = "SELECT human_name_id, account_id, module_id FROM test_sessions WHERE id = $1";
                let of = sqlx::query_as(of).bind(id).fetch_one(session.conn());
                let (human_name_id, account_id, module_id) = of.await?;
                Ok(Ok(Owner { human_name_id, account_id, module_id }))
            }
        },
    }
}

async fn count(session: &mut Session, select: &'static str, id: Uuid) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(select).bind(id).fetch_one(session.conn()).await
}

/// Writes what the trading service began, unless a twin of this request has been faster; the scenario as it is then. None: it was forgotten
/// meanwhile.
///
/// # Errors
/// See [`DbError`].
pub async fn began(db: &Db, wish: &Scenario, state: &State) -> Result<Option<Scenario>, DbError> {
    db.transaction_idempotent(&(wish, state), |session, (wish, state)| {
        Box::pin(async move {
            let count = i32::try_from(state.bars.len()).unwrap_or(i32::MAX);
            let began =
                sqlx::query(BEGAN).bind(wish.id).bind(&state.id).bind(state.total_bars).bind(state.seq).bind(count);
            began.bind(Json(&state.bars)).bind(&state.results).bind(wish.seed).execute(session.conn()).await?;
            // Under the caller's identifier there may be another wish by now, with a market of its own.
            Ok(find(session, wish.id, Reach::ALL).await?.filter(|row| row.seed == wish.seed))
        })
    })
    .await
}

/// Takes a wish back that came to nothing, and gives the caller's key back.
///
/// # Errors
/// See [`DbError`].
pub async fn forget(db: &Db, wish: &Scenario, key: Option<Claim>) -> Result<(), DbError> {
    db.transaction_idempotent(&(wish, key), |session, (wish, key)| {
        Box::pin(async move {
            let gone = sqlx::query(FORGET).bind(wish.id).bind(wish.seed).execute(session.conn()).await?;
            // A twin that was luckier keeps row and key.
            if gone.rows_affected() == 1 { give_back(session, key.as_ref()).await } else { Ok(()) }
        })
    })
    .await
}

/// Takes back the wishes of requests that were lost on the way.
///
/// # Errors
/// See [`DbError`].
pub async fn forget_old(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { Ok(sqlx::query(FORGET_OLD).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}

async fn find(session: &mut Session, id: Uuid, reach: Reach) -> Result<Option<Scenario>, sqlx::Error> {
    sqlx::query_as(BY_ID).bind(id).bind(reach.owner()).fetch_optional(session.conn()).await
}

/// A scenario within reach.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid, reach: Reach) -> Result<Option<Scenario>, DbError> {
    db.run(&(id, reach), |session, (id, reach)| Box::pin(find(session, *id, *reach))).await
}
