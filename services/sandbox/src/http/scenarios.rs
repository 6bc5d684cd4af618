//! `/trading/scenarios…`: parse, call, answer.

use super::refusal::problem;
use super::world::World;
use crate::trading::ledger::row::{Fees, Row};
use crate::trading::ledger::units::Money;
use crate::trading::ledger::{LedgerError, Results};
use crate::trading::market::Bar;
use crate::trading::scenario::action::Action;
use crate::trading::scenario::shelf::Shelf;
use crate::trading::scenario::{Kind, Outcome, Scenario, Setup};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use rerp_kit::http::{Json, Path, strict_uuid};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use uuid::Uuid;

/// What a scenario begins with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    seed: u64,
    kind: Kind,
    bars: u32,
    /// 100,000.00 unless told.
    #[serde(default = "usual_cash")]
    cash: Money,
    /// None unless told.
    #[serde(default)]
    fees: Fees,
}

fn usual_cash() -> Money {
    Money(10_000_000_000_000)
}

/// An action and what its sender believes to be the state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    expected_seq: u64,
    action: Action,
}

/// A scenario as its callers see it. The seed is not part of it.
#[derive(Debug, Serialize)]
pub(super) struct View {
    id: Uuid,
    kind: Kind,
    /// What the next action has to expect.
    seq: u64,
    /// How many bars it has in the end.
    total_bars: u32,
    /// Those that are visible.
    bars: Vec<Bar>,
    /// All rows.
    rows: Vec<Row>,
    /// Where things stand.
    results: Results,
}

impl View {
    fn of(id: Uuid, scenario: &Scenario) -> Result<Self, Problem> {
        Ok(Self {
            id,
            kind: scenario.kind(),
            seq: scenario.seq(),
            total_bars: scenario.length(),
            bars: scenario.bars().to_vec(),
            rows: scenario.rows().to_vec(),
            results: scenario.results().map_err(unfit)?,
        })
    }
}

/// Figures that don't fit: the scenario's numbers are too large, which its caller chose.
fn unfit(error: LedgerError) -> Problem {
    problem(&error.into())
}

/// A scenario is whole whenever its lock is released, also after a panic. Nobody waits while holding it.
fn lock(scenario: &Mutex<Scenario>) -> MutexGuard<'_, Scenario> {
    scenario.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `POST /trading/scenarios`.
pub(super) async fn begin(
    State(world): State<Arc<World>>,
    Json(wish): Json<Begin>,
) -> Result<impl IntoResponse, Problem> {
    let Begin { seed, kind, bars, cash, fees } = wish;
    let setup = Setup { seed, kind, bars, cash, fees };
    let (id, scenario) = world.scenarios.begin(&setup, Instant::now()).map_err(|refusal| problem(&refusal))?;
    let view = View::of(id, &lock(&scenario))?;
    Ok((StatusCode::CREATED, [(LOCATION, format!("/trading/scenarios/{id}"))], axum::Json(view)))
}

/// `GET /trading/scenarios/{id}`.
pub(super) async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Result<axum::Json<View>, Problem> {
    let (id, scenario) = find(&world.scenarios, &id)?;
    let view = View::of(id, &lock(&scenario))?;
    Ok(axum::Json(view))
}

/// `POST /trading/scenarios/{id}/actions`.
pub(super) async fn act(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Json(act): Json<Act>,
) -> Result<axum::Json<Outcome>, Problem> {
    let (_, scenario) = find(&world.scenarios, &id)?;
    let outcome = lock(&scenario).act(act.expected_seq, act.action);
    outcome.map(axum::Json).map_err(|refusal| problem(&refusal))
}

fn find(shelf: &Shelf, id: &str) -> Result<(Uuid, Arc<Mutex<Scenario>>), Problem> {
    let found = strict_uuid(id).and_then(|id| Some((id, shelf.find(id, Instant::now())?)));
    found.ok_or_else(|| Problem::new(NOT_FOUND))
}
