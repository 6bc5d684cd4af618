//! Who may take a test. In come a person and an account; out goes leave, or the first reason why not. Must not keep anything: only that a
//! person exists is kept, by the client of Identity, for ten minutes.

use rerp_kit::problem::Problem;
use uuid::Uuid;

use crate::state::AppState;

/// Asks Identity whether the person exists, Account whether the person may, and Billing whether the account is entitled. One after the other,
/// so that the same request gets the same reason.
///
/// # Errors
/// A problem for the caller, also when one of them can't be asked.
pub(crate) async fn admit(state: &AppState, human_name_id: Uuid, account_id: Uuid) -> Result<(), Problem> {
    state.identity.must_know(human_name_id, "/human_name_id").await?;
    state.account.must_permit(account_id, human_name_id).await?;
    state.billing.must_entitle(account_id).await
}
