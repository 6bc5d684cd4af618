//! What handlers share. Must not hold anything that belongs to one request.

use axum::extract::FromRef;
use rerp_kit::pool::Db;
use rerp_people::Identity;

/// What handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The registry of people.
    pub identity: Identity,
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
