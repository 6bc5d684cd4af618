//! Who is signed in, as a browser knows it. In come requests of the portal's own pages; out go access tokens for the API, and one cookie that
//! no script can read, which holds the sealed refresh token. Nothing is kept here but who asked lately: any pod answers for any browser.
//!
//! | room | holds |
//! |---|---|
//! | [`settings`] | what it takes |
//! | [`seal`], [`cookie`] | the refresh token as a browser keeps it |
//! | [`supabase`], `wire`, [`refusal`] | who knows people and passwords, how it is asked, and what it says no with |
//! | [`origin`], [`rate`], [`visitor`] | whether a page of ours asks, how often, and from where |
//! | [`claims`] | what a token says of whom it is for |
//! | [`routes`], `recovery` | signing in, staying so and signing out; another password |
//! | `factor` | the second factor of staff, where a portal asks for it |
//!
//! Must not log a token, a password, a code or an address, nor tell whether anybody has an address.

pub mod claims;
pub mod cookie;
mod factor;
pub mod origin;
pub mod rate;
mod recovery;
pub mod refusal;
pub mod routes;
pub mod seal;
pub mod settings;
pub mod supabase;
pub mod visitor;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use tokio::sync::Semaphore;

use factor::Staff;
use rate::{Kind, Rates};
use seal::{Held, Purpose, Seal};
use settings::SessionSettings;
use supabase::{Supabase, SupabaseError};

/// Most letters that are asked for at the same time; nobody waits for what becomes of them.
const LETTERS: usize = 64;

/// All that sessions take.
#[derive(Debug)]
pub struct Sessions {
    pub(crate) auth: Supabase,
    pub(crate) seal: Seal,
    rates: Rates<(IpAddr, Kind)>,
    staff: Option<Staff>,
    letters: Arc<Semaphore>,
}

impl Sessions {
    /// Of these settings. `staff_audience`: only those sign in whose tokens are for it, and with a second factor.
    ///
    /// # Errors
    /// The client for Supabase can't be built.
    pub fn new(settings: SessionSettings, staff_audience: Option<String>) -> Result<Self, SupabaseError> {
        let SessionSettings { auth, api_key, seal } = settings;
        let letters = Arc::new(Semaphore::new(LETTERS));
        let staff = staff_audience.map(Staff::new);
        Ok(Self { auth: Supabase::new(auth, api_key)?, seal, rates: Rates::default(), staff, letters })
    }

    /// Whether somebody is signed in, as far as their cookie says. It costs no call: Supabase may have ended their session already.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        cookie::kept(headers, cookie::NAME).is_some_and(|sealed| self.held(sealed).is_some())
    }

    /// What a session's cookie holds, while it is good.
    fn held(&self, sealed: &str) -> Option<Held> {
        self.seal.open(sealed, self.purpose()).filter(|held| held.until > seconds_now())
    }

    /// What cookies are sealed for. Those of a portal for staff are given for a second factor, and no other portal's opens there, whoever shares its key.
    fn purpose(&self) -> Purpose<'static> {
        if self.staff.is_some() { Purpose::Staff } else { Purpose::Session }
    }
}

/// Seconds since 1970.
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
