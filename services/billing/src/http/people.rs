//! `GET /api/billing/people/{human_name_id}/export`: what Billing holds of a person, for that person or for staff. Must not log what it reads.

use axum::extract::State;
use rerp_kit::access::Caller;
use rerp_kit::http::Path;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::rights::{Export, Subject, export as read};

use super::answer;
use crate::rights::HELD;

/// What Billing holds of a person. Of somebody who has nothing here, empty tables: whether there is such a person Identity says.
///
/// # Errors
/// A problem.
pub async fn export(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<Export>, Problem> {
    let subject = Subject::of(answer::identifier(&text)?);
    Ok(axum::Json(read(&db.on_behalf(&caller), "billing", HELD, &subject, &caller).await?))
}
