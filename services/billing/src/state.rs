//! What handlers share. Must not hold anything that belongs to one request.

use std::sync::Arc;

use axum::extract::FromRef;
use rerp_kit::access::Caller;
use rerp_kit::pool::Db;
use rerp_people::Identity;
use secrecy::SecretString;

use crate::asking::Asking;
use crate::stripe::Stripe;

/// What handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The registry of people.
    pub identity: Identity,
    /// Where money is.
    pub stripe: Stripe,
    /// Secrets of the webhook's endpoint.
    pub webhook_secrets: Arc<[SecretString]>,
    /// What people's browsers show Stripe; none where nothing says it.
    pub publishable_key: Option<Arc<str>>,
}

impl AppState {
    /// Who asks Stripe for what `caller` wants.
    #[must_use]
    pub fn asking(&self, caller: &Caller) -> Asking {
        Asking { db: self.db.on_behalf(caller), stripe: self.stripe.clone() }
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
