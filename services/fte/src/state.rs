//! What handlers share. Must not hold anything that belongs to one request.

use std::sync::Arc;

use axum::extract::FromRef;
use rerp_entitlements::Billing;
use rerp_kit::access::Caller;
use rerp_kit::pool::Db;
use rerp_people::Identity;

use crate::badge::Issuer;
use crate::client::account::Account;
use crate::client::trading::Trading;
use crate::scenarios::Scenarios;

/// What handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The registry of people.
    pub identity: Identity,
    /// Who knows what people may do.
    pub account: Account,
    /// Who knows what accounts have paid for.
    pub billing: Billing,
    /// Where markets are.
    pub trading: Trading,
}

/// What the routes of badges share.
#[derive(Debug, Clone)]
pub struct Badges {
    /// The database.
    pub db: Db,
    /// Who issues.
    pub issuer: Arc<Issuer>,
}

impl AppState {
    /// Who asks the trading service for what `caller` wants.
    #[must_use]
    pub fn scenarios(&self, caller: &Caller) -> Scenarios {
        Scenarios { db: self.db.on_behalf(caller), trading: self.trading.clone() }
    }

    /// The same as the service's own work.
    #[must_use]
    pub fn scenarios_at_work(&self) -> Scenarios {
        Scenarios { db: self.db.at_work(), trading: self.trading.clone() }
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
