//! What handlers share. Must not hold anything that belongs to one request.

use axum::extract::FromRef;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_people::Identity;
use uuid::Uuid;

use crate::client::billing::Billing;
use crate::domain::seats::Seats;

/// What handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The registry of people.
    pub identity: Identity,
    /// What plans give; none where no plan bounds how many people an account has.
    pub billing: Option<Billing>,
}

impl AppState {
    /// How many people may have a role in an account.
    ///
    /// # Errors
    /// A problem: Billing can't be asked.
    pub async fn seats(&self, account: Uuid) -> Result<Seats, Problem> {
        match &self.billing {
            Some(billing) => billing.seats(account).await,
            None => Ok(Seats::UNBOUNDED),
        }
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
