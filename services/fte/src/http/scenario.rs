//! Scenarios over HTTP: `POST /api/fte/scenarios`, `GET /api/fte/scenarios/{scenario_id}` and `POST …/actions`. What is answered of a market is
//! what the trading service has revealed, and never the seed.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::pool::Db;
use rerp_kit::problem::catalogue::{
    DEPENDENCY_UNAVAILABLE, ENDED, INTERNAL, INVALID_VALUE, SEQUENCE_GAP, TOO_MANY_REQUESTS,
};
use rerp_kit::problem::{Mistakes, Problem};
use rerp_kit::telemetry::chain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use super::module::CODE;
use crate::admission::admit;
use crate::client::trading::TradingError;
use crate::domain::scenario::{self, Action, Config, Fees, MOST_ACTIONS, TYPES};
use crate::scenarios::ScenarioError;
use crate::state::AppState;
use crate::store::scenario::{self as store, Belongs, MOST, Scenario, Wish, Wished};
use crate::store::scenario_action::{self as actions, Listed, Written};

/// How many actions a scenario shows.
const SHOWN: i64 = 200;

/// What beginning a scenario takes: a session, or a module with a person and an account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewScenario")]
pub struct Body {
    /// The session that it is part of.
    #[schemars(with = "Option<Uuid>")]
    session_id: Option<String>,
    /// Or the module that it is an exercise for, by code.
    #[schemars(regex(pattern = CODE))]
    module: Option<String>,
    /// With a module: who exercises.
    #[schemars(with = "Option<Uuid>")]
    human_name_id: Option<String>,
    /// With a module: for which account.
    #[schemars(with = "Option<Uuid>")]
    account_id: Option<String>,
    /// What kind.
    #[schemars(extend("enum" = TYPES))]
    scenario_type: String,
    /// How many bars it has in the end; in a session at least 60.
    #[schemars(range(min = 31, max = 2_000))]
    bars: i32,
    /// Cash to begin with, a decimal text.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,8})?$"))]
    cash: Option<String>,
    /// What fills cost; nothing if it is left out.
    fees: Option<Fees>,
}

/// An action, and what its sender believes to be the state.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAction")]
pub struct Act {
    /// The `seq` that the sender has seen.
    #[schemars(range(min = i64::MIN, max = i64::MAX))]
    expected_seq: i64,
    /// What to do.
    action: Action,
}

/// A scenario, as it is answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Scenario")]
pub(crate) struct View {
    /// Its identifier.
    scenario_id: Uuid,
    /// Identity's.
    human_name_id: Uuid,
    /// Account's.
    account_id: Uuid,
    /// The module's code.
    module: String,
    /// The session that it is part of.
    session_id: Option<Uuid>,
    /// `backtest`, `live_simulation` or `pattern_recognition`.
    scenario_type: String,
    /// What was wished.
    scenario_config: Config,
    /// What the next action has to expect.
    seq: Option<i64>,
    /// How many bars it has in the end.
    total_bars: Option<i32>,
    /// Those that are visible.
    bars: Vec<Value>,
    /// The newest ones, oldest first.
    user_actions: Vec<Listed>,
    /// Where things stand.
    results: Option<Value>,
    /// When the trading service began it.
    started_at: Option<Timestamp>,
    /// When its last bar was visible.
    completed_at: Option<Timestamp>,
}

impl View {
    async fn of(db: &Db, row: Scenario) -> Result<Self, Problem> {
        let (later, user_actions) = actions::history(db, row.id, SHOWN).await?;
        let mut bars = row.trading_data.and_then(|bars| bars.as_array().cloned()).unwrap_or_default();
        bars.extend(later);
        let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        Ok(Self {
            scenario_id: row.id,
            human_name_id: row.human_name_id,
            account_id: row.account_id,
            module: row.module,
            session_id: row.test_session_id,
            scenario_type: row.scenario_type,
            scenario_config: row.scenario_config,
            seq: row.seq,
            total_bars: row.total_bars,
            bars,
            user_actions,
            results: row.results,
            started_at: time(row.started_at),
            completed_at: time(row.completed_at),
        })
    }
}

/// Begins a scenario of one's own. In a session that runs, whoever has started it was asked for leave then; an exercise asks now.
///
/// # Errors
/// A problem.
pub async fn begin(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let belongs = belongs(&body)?;
    let config = Config { bars: body.bars, cash: body.cash, fees: body.fees };
    let (scenario_type, config) = scenario::check(&body.scenario_type, config, matches!(belongs, Belongs::Session(_)))?;
    if let Belongs::Module(_, person, account) = &belongs {
        caller.must_be(*person, "/human_name_id")?;
        admit(&state, *person, *account).await?;
    }
    let wish = Wish { belongs, scenario_type, config };
    let (id, claim) = Claim::of_create("scenarios", key, &wish)?;
    let scenarios = state.scenarios(&caller);
    match scenarios.begin(id, &wish, claim, caller.reach()).await.map_err(explain)? {
        Wished::There(row, repeated) => {
            let location = format!("/api/fte/scenarios/{}", row.id);
            let mut response = answer::made(&location, &View::of(&scenarios.db, *row).await?);
            if repeated {
                response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            }
            Ok(response)
        }
        Wished::NoModule => Err(Problem::new(INVALID_VALUE).field("/module", "no module that is taught has this code")),
        Wished::NoSession => Err(Problem::new(INVALID_VALUE).field("/session_id", "no session has this identifier")),
        Wished::Ended => Err(Problem::new(ENDED).detail("the session has ended")),
        Wished::Full => Err(Problem::new(TOO_MANY_REQUESTS)
            .detail(format!("at most {MOST} scenarios in a session, and as many exercises of a person in an hour"))),
        Wished::Key(standing) => Err(answer::of_key(&standing)),
    }
}

fn belongs(body: &Body) -> Result<Belongs, Problem> {
    match (&body.session_id, &body.module, &body.human_name_id, &body.account_id) {
        (Some(session), None, None, None) => Ok(Belongs::Session(answer::field("/session_id", session)?)),
        (None, Some(module), Some(person), Some(account)) => {
            let mut mistakes = Mistakes::default();
            let module = mistakes.code("/module", module);
            let (person, account) = (mistakes.id("/human_name_id", person), mistakes.id("/account_id", account));
            mistakes.finish(Belongs::Module(module, person, account)).map_err(Problem::from)
        }
        _ => Err(Problem::new(INVALID_VALUE)
            .field("/session_id", "give either this, or `module`, `human_name_id` and `account_id`")),
    }
}

/// A scenario as far as its person has come.
///
/// # Errors
/// A problem.
pub async fn by_id(State(db): State<Db>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let db = db.on_behalf(&caller);
    let found = store::by_id(&db, answer::identifier(&id)?, caller.reach()).await?;
    let row = found.ok_or_else(|| answer::nothing("scenario"))?;
    Ok(answer::private(StatusCode::OK, &View::of(&db, row).await?))
}

/// Does an action: what it added.
///
/// # Errors
/// A problem.
pub async fn act(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<Act>,
) -> Result<Response, Problem> {
    let id = answer::identifier(&id)?;
    let action = body.action.check()?;
    let action = serde_json::to_value(action).map_err(|_| Problem::new(INTERNAL))?;
    match state.scenarios(&caller).act(id, body.expected_seq, &action, caller.reach()).await.map_err(explain)? {
        Written::Done(outcome) if outcome.done => Ok(answer::private(StatusCode::OK, &outcome)),
        Written::Done(_) => Err(Problem::new(INVALID_VALUE)
            .detail("the trading service refused the action, and nothing has happened")
            .field("/action", "is not possible in this scenario as it is now")),
        Written::Gap(present) => Err(Problem::new(SEQUENCE_GAP)
            .detail(format!("the scenario is at {present}: read it again"))
            .field("/expected_seq", "is not the present one")),
        Written::NotThere => Err(answer::nothing("scenario")),
        Written::Ended => Err(Problem::new(ENDED).detail("the session has ended")),
        Written::Full => Err(Problem::new(ENDED).detail(format!("the scenario has had {MOST_ACTIONS} actions"))),
        Written::Send(_) | Written::First(_) => Err(Problem::new(INTERNAL)),
    }
}

/// Logs the cause, here and only here.
pub(super) fn explain(error: ScenarioError) -> Problem {
    let error = match error {
        ScenarioError::Db(error) => return answer::not_inserted(error),
        other => other,
    };
    tracing::warn!(error = chain(&error), "the trading service did not do its part");
    match error {
        ScenarioError::Trading(TradingError::Gone) => {
            Problem::new(ENDED).detail("the trading service does not have this scenario any more: begin another one")
        }
        ScenarioError::Trading(TradingError::Refused(_)) => {
            Problem::new(INVALID_VALUE).detail("the trading service refused what the scenario would begin with")
        }
        ScenarioError::Trading(_) | ScenarioError::Forgotten | ScenarioError::Db(_) => {
            Problem::new(DEPENDENCY_UNAVAILABLE)
                .detail("the service `trading` could not do its part; send the same again")
                .retry_after(1)
        }
    }
}
