//! `GET /api/marketing/people/{human_name_id}/export`: what Marketing holds of a person, for that person or for staff. Leads are known by addresses, and which are the
//! person's Identity says. Must not log what it reads.

use axum::extract::State;
use rerp_kit::access::Caller;
use rerp_kit::http::{Path, strict_uuid};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use rerp_kit::rights::{Export, Subject, export as read};

use crate::rights::HELD;
use crate::state::AppState;

/// What Marketing holds of a person: what was left under the addresses that are, or were, the person's.
///
/// # Errors
/// A problem.
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<Export>, Problem> {
    let person = strict_uuid(&text)
        .ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))?;
    let subject = Subject { person, addresses: state.identity.addresses(person).await? };
    // Leads are the platform's, and no person's by policies: the addresses say whose.
    Ok(axum::Json(read(&state.db.at_work_for(&caller), "marketing", HELD, &subject, &caller).await?))
}
