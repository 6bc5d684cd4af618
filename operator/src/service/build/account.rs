//! The service's ServiceAccount: an identity without rights, and without a token in the pods that don't ask for one.

use crate::service::check::Checked;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::core::v1::ServiceAccount;

pub(super) fn build(checked: &Checked) -> ServiceAccount {
    let owner = &checked.owner;
    ServiceAccount {
        metadata: owner.child(&owner.name, COMPONENT),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
