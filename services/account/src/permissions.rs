//! What a person may do in an account, for both ways of asking. In come identifiers; out goes every action, decided, from the roles
//! in the database and what Identity says now. Must not keep anything.

use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError};
use rerp_people::Proof;
use uuid::Uuid;

use crate::domain::permission::{Permission, decide, hangs_on_proof};
use crate::state::AppState;
use crate::store::role;

/// Every action, decided; none if there is no such account, which is so for a person of whose reach it isn't: without a role. Identity is asked
/// only if something hangs on it.
///
/// # Errors
/// See [`DbError`].
pub(crate) async fn of(
    state: &AppState,
    db: &Db,
    account: Uuid,
    person: Uuid,
    reach: Reach,
) -> Result<Option<Vec<Permission>>, DbError> {
    let Some(roles) = role::of_person(db, account, person).await? else { return Ok(None) };
    if roles.is_empty() && reach != Reach::ALL {
        return Ok(None);
    }
    let proof = if hangs_on_proof(&roles) { state.identity.proof(person).await } else { Proof::Unknown };
    Ok(Some(decide(&roles, proof)))
}
