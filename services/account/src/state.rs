//! What handlers share. Must not hold anything that belongs to one request.

use axum::extract::FromRef;
use rerp_entitlements::Billing;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_people::Identity;
use uuid::Uuid;

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
    /// How many people may have a role in an account. `again` says whether what is asked for was done before: who repeats it takes no seat, and hears
    /// the same while Billing is away, which isn't asked then.
    ///
    /// # Errors
    /// A problem: `again` can't be told, or Billing can't be asked.
    pub async fn seats(
        &self,
        account: Uuid,
        again: impl Future<Output = Result<bool, DbError>>,
    ) -> Result<Seats, Problem> {
        let Some(billing) = &self.billing else { return Ok(Seats::UNBOUNDED) };
        if again.await? {
            return Ok(Seats::NONE);
        }
        billing.seats(account).await.map(Seats::of)
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
