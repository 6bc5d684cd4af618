//! What a browser keeps for us between password and second factor. In: what the password gave. Out: a sealed text, and that again. Pure.
//!
//! It is the access token, and not the refresh token: Supabase changes that with the factor, and where its answer is lost nothing that was kept would go on. An
//! access token is good for its session whatever becomes of that, so the next code is simply shown with it.

use axum::http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::claims::Claims;
use super::super::seal::{Purpose, Seal};
use super::super::{cookie, seconds_now};
use super::Password;

/// See the file's header.
#[derive(Debug)]
pub(super) struct Pending {
    /// Of a session in which no factor was shown. No page ever gets it.
    pub(super) access: SecretString,
    /// Which one is to be shown.
    pub(super) factor: Uuid,
    pub(super) password: Password,
    /// When it is over, in seconds since 1970.
    pub(super) until: u64,
}

/// Whose it is, and which session: by these is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) person: Uuid,
    pub(super) session: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    access: &'a str,
    factor: Uuid,
    is_password_due: bool,
    until: u64,
}

impl Pending {
    /// `None` where it gets longer than a cookie may be, or nobody could count by it.
    pub(super) fn sealed(&self, seal: &Seal) -> Option<String> {
        self.whose()?;
        let is_password_due = self.password == Password::Due;
        let access = self.access.expose_secret();
        seal.shut(&Written { access, factor: self.factor, is_password_due, until: self.until }, Purpose::Factor)
    }

    /// What a browser has kept, while it is good.
    pub(super) fn kept(headers: &HeaderMap, seal: &Seal) -> Option<Self> {
        let read = |plain: &[u8]| {
            let Written { access, factor, is_password_due, until } = serde_json::from_slice(plain).ok()?;
            let password = if is_password_due { Password::Due } else { Password::Settled };
            Some(Self { access: access.to_owned().into(), factor, password, until })
        };
        let kept = cookie::kept(headers, cookie::FACTOR)?;
        seal.opened(kept, Purpose::Factor, read).filter(|pending| pending.until > seconds_now())
    }

    pub(super) fn whose(&self) -> Option<Whose> {
        let claims = Claims::read(self.access.expose_secret())?;
        Some(Whose { person: claims.sub, session: claims.session_id? })
    }
}
