//! What handlers share. Must not hold anything that belongs to one request.

use axum::extract::FromRef;
use rerp_kit::pool::Db;

use crate::captcha::Captcha;
use crate::client::account::Account;
use crate::client::identity::Identity;
use crate::domain::confirmation::Keys;
use crate::intake::Settings;

/// What handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The registry of addresses.
    pub identity: Identity,
    /// The registry of companies.
    pub account: Account,
    /// How visitors are told from programs.
    pub captcha: Captcha,
    /// How addresses are kept that Identity can't be asked about; none where they are refused.
    pub intake: Option<Settings>,
    /// They make the tokens of mails that ask owners of addresses; none where nobody is asked.
    pub confirmations: Option<Keys>,
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
