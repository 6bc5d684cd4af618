//! The company in a form: asked for at Account, and never a reason to lose a lead. Must not log what it reads.

use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;

use crate::client::account::{Account, NoCompany};
use crate::domain::Company;

/// What is known of the company that a visitor named. While Account is away an unknown one stays pending.
///
/// # Errors
/// A problem for the visitor: what was typed is no company's name.
pub(super) async fn of(account: &Account, typed: Option<&str>) -> Result<Company, Problem> {
    let Some(name) = typed else { return Ok(Company::None) };
    match account.upsert_company(name).await {
        Ok(id) => Ok(Company::Known(id)),
        Err(NoCompany::Away) => Ok(Company::Pending(name.to_owned())),
        Err(NoCompany::Refused(detail)) => Err(Problem::new(INVALID_VALUE).field("/company", detail)),
    }
}
