//! Scenarios at the trading service. In come wishes and actions; out go scenarios and outcomes. What is wanted is written down before the
//! trading service hears of it, so that whatever gets lost is mended by asking again: a market is the same for the same seed, and an action
//! carries the sequence number it expects.

use rerp_kit::access::Reach;
use rerp_kit::idempotency::Claim;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use serde_json::Value;
use uuid::Uuid;

use crate::client::trading::{Effect, Trading, TradingError};
use crate::store::scenario::{self, Wish, Wished};
use crate::store::scenario_action::{self, Open, Outcome, Written};

/// Turns of settling what comes first: a twin may write the next one in between, but not for ever.
const TURNS: u32 = 3;

/// Asks the trading service. Clones share everything.
#[derive(Debug, Clone)]
pub struct Scenarios {
    /// The tables.
    pub db: Db,
    /// The trading service.
    pub trading: Trading,
}

/// What went wrong on the way.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The tables.
    #[error("writing a scenario down")]
    Db(#[from] DbError),
    /// The trading service.
    #[error("asking the trading service")]
    Trading(#[from] TradingError),
    /// Somebody else took the wish back meanwhile.
    #[error("the scenario was forgotten meanwhile")]
    Forgotten,
}

impl Scenarios {
    /// Begins a scenario under the identifier `id`, once per key; `reach` says whose sessions it may be part of. While the trading service is away nothing is left behind.
    ///
    /// # Errors
    /// See [`ScenarioError`].
    pub async fn begin(
        &self,
        id: Uuid,
        wish: &Wish,
        key: Option<Claim>,
        reach: Reach,
    ) -> Result<Wished, ScenarioError> {
        // Half of what 64 bits hold: the database has no unsigned integers.
        let seed = rand::random::<i64>() & i64::MAX;
        let (row, repeated) = match scenario::wish(&self.db, id, wish, seed, key.clone(), reach).await? {
            Wished::There(row, repeated) => (row, repeated),
            refused => return Ok(refused),
        };
        if row.trading_scenario_id.is_some() {
            return Ok(Wished::There(row, repeated));
        }
        match self.trading.begin(row.seed, &row.scenario_type, &row.scenario_config).await {
            Ok(state) => {
                let began = scenario::began(&self.db, &row, &state).await?.ok_or(ScenarioError::Forgotten)?;
                Ok(Wished::There(Box::new(began), repeated))
            }
            Err(error) => {
                // What stays because this fails too goes later, or is begun by a repetition.
                if let Err(error) = scenario::forget(&self.db, &row, key).await {
                    tracing::warn!(error = chain(&error), "a wish for a scenario stays");
                }
                Err(error.into())
            }
        }
    }

    /// Does an action, once for each sequence number that is expected. While the trading service is away the action stays written down: it is
    /// done with the next request, whatever that is.
    ///
    /// # Errors
    /// See [`ScenarioError`].
    pub async fn act(
        &self,
        id: Uuid,
        expected_seq: i64,
        action: &Value,
        reach: Reach,
    ) -> Result<Written, ScenarioError> {
        for _ in 0..TURNS {
            match scenario_action::write(&self.db, id, expected_seq, action, reach).await? {
                Written::Send(open) => return Ok(Written::Done(self.send(&open).await?)),
                Written::First(open) => self.send(&open).await?,
                answer => return Ok(answer),
            };
        }
        Err(TradingError::Silent.into())
    }

    /// Brings what is under way in the scenarios of a session within reach to its end, so that the session is graded on all that was decided in time.
    ///
    /// # Errors
    /// See [`ScenarioError`]; a scenario that the trading service has lost is left as it is.
    pub async fn settle(&self, test_session_id: Uuid, reach: Reach) -> Result<(), ScenarioError> {
        for open in scenario_action::open_of(&self.db, test_session_id, reach).await? {
            match self.send(&open).await {
                Ok(_) | Err(ScenarioError::Trading(TradingError::Gone)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends an action and writes down what came of it.
    async fn send(&self, open: &Open) -> Result<Outcome, ScenarioError> {
        let (done, effect) = match self.trading.act(&open.trading_id, open.expected_seq, &open.action).await {
            Ok(effect) => (true, effect),
            Err(TradingError::Refused(_)) => self.look(open).await?,
            Err(error) => return Err(error.into()),
        };
        Ok(scenario_action::record(&self.db, open, done, &effect).await?)
    }

    /// What came of an action that was refused: if the scenario has moved on it was done before, by a request whose answer was lost, or it was
    /// done in part. Nobody else acts in our scenarios, and no later action is sent before this one has an outcome.
    async fn look(&self, open: &Open) -> Result<(bool, Effect), ScenarioError> {
        let state = self.trading.state(&open.trading_id).await?;
        let is_new = |row: &Value| row.get("seq").and_then(Value::as_i64).is_some_and(|seq| seq >= open.expected_seq);
        let rows = state.rows.into_iter().filter(is_new).collect();
        let known = usize::try_from(open.bars).unwrap_or_default();
        let bars = state.bars.into_iter().skip(known).collect();
        Ok((state.seq != open.expected_seq, Effect { seq: state.seq, rows, bars, results: state.results }))
    }
}
