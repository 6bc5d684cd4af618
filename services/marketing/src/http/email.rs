//! The address in a form: asked for at Identity, and no reason to lose a lead while Identity is away, if the platform has an intake. Must not
//! log what it reads.

use std::time::Duration;

use rerp_kit::http::context;
use rerp_kit::idempotency::{Claim, Key, Standing};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INTERNAL, INVALID_VALUE};
use serde::Serialize;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::domain::Lead;
use crate::domain::intake::plausible;
use crate::intake::Settings;
use crate::state::AppState;
use crate::store::intake::Kept;

/// How long Identity's answer is waited for where the address can be kept instead.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the address that a visitor typed.
pub(super) struct Asked<'a> {
    typed: &'a str,
    /// Identity's identifier; none while it can't say.
    id: Option<Uuid>,
    intake: Option<&'a Settings>,
}

/// Asks Identity.
///
/// # Errors
/// A problem for the visitor: what was typed is no address, or nobody can say so and it can't be kept.
pub(super) async fn ask<'a>(state: &'a AppState, typed: &'a str) -> Result<Asked<'a>, Problem> {
    let intake = state.intake.as_ref();
    let asking = state.identity.upsert_email(typed, "/email");
    if intake.is_none() {
        return Ok(Asked { typed, id: Some(asking.await?), intake });
    }
    let id = match timeout(patience(), asking).await {
        Ok(Ok(id)) => Some(id),
        Ok(Err(problem)) if problem.kind() == INVALID_VALUE => return Err(problem),
        Ok(Err(_)) => None,
        Err(_) => {
            tracing::warn!("identity did not answer in time");
            None
        }
    };
    if id.is_none() {
        plausible(typed)?;
    }
    Ok(Asked { typed, id, intake })
}

/// Half of what a hurried request has left: the lead is still to be written.
fn patience() -> Duration {
    context::deadline().map_or(PATIENCE, |end| PATIENCE.min(end.saturating_duration_since(Instant::now()) / 2))
}

impl Asked<'_> {
    /// Identity's identifier.
    pub(super) fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// What the lead will be called, with the claim on the caller's key if there is one. Others follow: how the same request has been written
    /// down when the address was not known, or under an older key of the intake. They are for a key that seems to be used for something else.
    ///
    /// # Errors
    /// A problem when a claim can't be made: a bug.
    pub(super) fn claims(
        &self,
        scope: &'static str,
        key: Option<Key>,
        form: &impl Serialize,
    ) -> Result<Vec<(Uuid, Option<Claim>)>, Problem> {
        let known = self.id.map(|id| Claim::of_create(scope, key.clone(), &(id, form)));
        let marks = self.intake.map(|intake| intake.keys.marks(self.typed)).unwrap_or_default();
        let kept = marks.into_iter().map(|mark| Claim::of_create(scope, key.clone(), &("intake", mark, form)));
        known.into_iter().chain(kept).collect()
    }

    /// The address as it is kept with this lead, while Identity can't say which it is.
    ///
    /// # Errors
    /// A problem when it can't be sealed: a bug.
    pub(super) fn kept(&self, lead: Lead, id: Uuid) -> Result<Option<Kept>, Problem> {
        let (None, Some(intake)) = (self.id, self.intake) else { return Ok(None) };
        let sealed = intake.keys.seal(lead, id, self.typed).ok_or_else(|| Problem::new(INTERNAL))?;
        Ok(Some(Kept { lead, sealed, lifetime: intake.lifetime }))
    }

    /// The key was used for something else, or, while Identity is away, perhaps for the same: nobody can say.
    pub(super) fn reused(&self) -> Problem {
        let reused = Standing::Reused.problem().filter(|_| self.id.is_some());
        reused.unwrap_or_else(|| {
            Problem::new(DEPENDENCY_UNAVAILABLE)
                .detail("the key was used before, and only the service `identity` can say whether for the same address")
                .retry_after(1)
        })
    }
}
