//! Whether a person fills in a form: off, by a proof of work of the visitor's browser, or by a vendor's word. In comes the token of a form; out goes what is stored of
//! it, or a problem for the visitor. Comes before all other work on a form, so that who doesn't pass costs nothing. Must not store or log a token.

use jiff::Timestamp;
use rerp_kit::idempotency::Key;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{CAPTCHA_REFUSED, DEPENDENCY_UNAVAILABLE};
use rerp_kit::telemetry::chain;

use crate::client::siteverify::{SilentVendor, SiteVerify};
use crate::domain::captcha::{Action, Bar, Passed, Refused};
use crate::domain::work::{Challenge, WorkKey};

/// Where the token stands in a form.
pub const POINTER: &str = "/recaptcha_token";
/// What is stored of a proof of work.
const WORKED: &str = "passed:proof-of-work";
/// Longest token that a vendor is asked about, in bytes; theirs have less than half of it.
const LONGEST: usize = 4096;

/// How visitors are told from programs. Clones share it.
#[derive(Debug, Clone)]
pub enum Captcha {
    /// Not at all: forms are taken as they come, and their tokens are not looked at.
    Off,
    /// Their browsers work for a moment.
    Work {
        /// Signs challenges.
        key: WorkKey,
        /// How far the number may be looked for.
        most: u32,
    },
    /// A vendor says so.
    Vendor {
        /// The vendor.
        vendor: SiteVerify,
        /// What it must say.
        bar: Bar,
    },
}

impl Captcha {
    /// A challenge for a browser; none where browsers need none of ours.
    #[must_use]
    pub fn challenge(&self) -> Option<Challenge> {
        match self {
            Self::Work { key, most } => Some(key.challenge(Timestamp::now().as_second(), *most)),
            Self::Off | Self::Vendor { .. } => None,
        }
    }

    /// Judges the token of a form. What passed is to be stored with the form, none where nobody is asked; a proof of work is used up by that, and may be refused
    /// there yet.
    ///
    /// # Errors
    /// A problem for the visitor.
    pub async fn check(
        &self,
        token: Option<&str>,
        action: Action,
        request: Option<&Key>,
    ) -> Result<Option<Passed>, Problem> {
        let given = || token.map(str::trim).filter(|token| !token.is_empty()).ok_or_else(|| refused(Refused::Missing));
        match self {
            Self::Off => Ok(None),
            Self::Work { key, .. } => {
                let solved = key.judge(given()?, Timestamp::now().as_second()).map_err(refused)?;
                Ok(Some(Passed { verdict: WORKED, score: None, action: None, hostname: None, solved: Some(solved) }))
            }
            Self::Vendor { vendor, bar } => {
                let token = given()?;
                if token.len() > LONGEST {
                    return Err(refused(Refused::Malformed));
                }
                let said = vendor.ask(token, request.and_then(Key::as_id)).await.map_err(|error| silent(&error))?;
                said.judge(vendor.provider.verdict(), action, bar).map(Some).map_err(refused)
            }
        }
    }
}

/// What a visitor is told who didn't pass.
#[must_use]
pub fn refused(why: Refused) -> Problem {
    tracing::debug!(%why, "a form was refused");
    Problem::new(CAPTCHA_REFUSED).field(POINTER, why.to_string())
}

/// Without the vendor's word nobody passes: whoever can keep the vendor from answering would pass else.
fn silent(error: &SilentVendor) -> Problem {
    tracing::warn!(error = chain(error), "a form can't be checked");
    Problem::new(DEPENDENCY_UNAVAILABLE).detail("the captcha can't be checked right now").retry_after(1)
}
