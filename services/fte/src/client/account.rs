//! What Account says a person may do. In come a person and an account; out goes leave, or the reason why not. Must not keep an answer: the
//! next one may differ.

use std::time::Duration;

use rerp_kit::client::{Repeat, ServiceClient};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE, NOT_FOUND, NOT_PERMITTED};
use rerp_kit::telemetry::chain;
use rerp_proto::account::v1::permission_service_client::PermissionServiceClient;
use rerp_proto::account::v1::{CheckPermissionsRequest, Permission};
use uuid::Uuid;

/// How long an answer is waited for, repetitions included; a request's own deadline may be nearer. Shorter than a request may take, so that
/// a silent Account is told as what it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// What Account calls taking a test.
const ACTION: &str = "test.take";
/// Account's reason when it could not ask Identity.
const UNKNOWN: &str = "verification_unknown";
/// What can't be found out while Account is away.
const WHETHER: &str = "whether the person may take tests in this account";

/// A client of Account. Clones share connections.
#[derive(Debug, Clone)]
pub struct Account {
    service: ServiceClient,
}

impl Account {
    /// Wraps a client for the service.
    #[must_use]
    pub fn new(service: ServiceClient) -> Self {
        Self { service }
    }

    /// Makes sure that a person may take tests in an account, as Account says in this moment.
    ///
    /// # Errors
    /// A problem for the caller: there is no such account, the person may not, or nobody can tell.
    pub async fn must_permit(&self, account_id: Uuid, human_name_id: Uuid) -> Result<(), Problem> {
        let message =
            CheckPermissionsRequest { account_id: account_id.to_string(), human_name_id: human_name_id.to_string() };
        let ask = |line, request| async move { PermissionServiceClient::new(line).check_permissions(request).await };
        match self.service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await {
            Ok(answer) => judge(answer.permissions.iter().find(|one| one.action == ACTION)),
            Err(error) if error.refusal().is_some_and(|problem| problem.is(NOT_FOUND)) => {
                Err(Problem::new(INVALID_VALUE).field("/account_id", "no account has this identifier"))
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "account can't say what a person may do");
                Err(away("account", WHETHER))
            }
        }
    }
}

/// The problem when the service that knows can't be asked; `unknown` is what can't be found out. The answer is no, and says so.
fn away(service: &str, unknown: &str) -> Problem {
    Problem::new(DEPENDENCY_UNAVAILABLE)
        .detail(format!("{unknown} can't be found out right now: the service `{service}` could not be asked"))
        .retry_after(1)
}

/// An Account that doesn't know the action gives no leave.
fn judge(permission: Option<&Permission>) -> Result<(), Problem> {
    let refused = |why: &str| Err(Problem::new(NOT_PERMITTED).detail(format!("{ACTION}: {why}")));
    match permission {
        Some(one) if one.allowed => Ok(()),
        Some(one) if one.reason == UNKNOWN => Err(away("identity", "whether the person is verified")),
        Some(one) => refused(match one.reason.as_str() {
            "no_role" => "no_role, the person has no role in this account",
            "role_too_low" => "role_too_low, none of the person's roles in this account gives it",
            "not_verified" => "not_verified, the person has not proved both an email address and a telephone",
            _ => "account does not allow it",
        }),
        None => refused("account does not know it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_leave() {
        let permission =
            |allowed, reason: &str| Permission { allowed, reason: reason.to_owned(), ..Permission::default() };
        assert!(judge(Some(&permission(true, "role"))).is_ok());
        for reason in ["no_role", "role_too_low", "not_verified", "mood", ""] {
            assert_eq!(judge(Some(&permission(false, reason))).unwrap_err().kind(), NOT_PERMITTED, "{reason}");
        }
        assert_eq!(judge(Some(&permission(false, UNKNOWN))).unwrap_err().kind(), DEPENDENCY_UNAVAILABLE);
        assert_eq!(judge(None).unwrap_err().kind(), NOT_PERMITTED);
    }
}
