//! Every event of the platform: its name and what it tells. In: nothing. Out: constants and structs. A change that readers would not
//! survive gets a new version, which replaces the old one once everybody who reads knows both: nobody ever publishes two. Must not hold anything of a person: identifiers and states only.
//!
//! Writers can't add a field by accident, since the struct is all there is; readers pass over what they don't know.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a service tells.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name of its type, with the version.
    const TYPE: &'static str;

    /// What it is about: events of one subject come in order.
    fn subject(&self) -> Uuid;
}

/// Names a type of events and the field that holds its subject.
macro_rules! event {
    ($payload:ident, $name:ident, $subject:ident) => {
        impl Event for $payload {
            const TYPE: &'static str = $name;

            fn subject(&self) -> Uuid {
                self.$subject
            }
        }
    };
}

/// An address got its identifier.
pub const EMAIL_CREATED: &str = "identity.email.created.v1";
/// A person has proved address and telephone.
pub const USER_VERIFIED: &str = "identity.user.verified.v1";
/// A person has another address or telephone, which isn't proved.
pub const CONTACT_CHANGED: &str = "identity.contact.changed.v1";
/// A person is erased: nobody has this identifier any more.
pub const USER_ERASED: &str = "identity.user.erased.v1";
/// An account was opened; whoever opened it owns it.
pub const ACCOUNT_CREATED: &str = "account.created.v1";
/// A role was given to a person, or taken away, after the account was opened.
pub const ROLE_CHANGED: &str = "account.role.changed.v1";
/// A subscription has another state, plan or end.
pub const SUBSCRIPTION_CHANGED: &str = "billing.subscription.changed.v1";
/// Proof of who pays has another state.
pub const KYC_CHANGED: &str = "billing.kyc.changed.v1";
/// A test session has ended.
pub const SESSION_COMPLETED: &str = "fte.session.completed.v1";
/// A certificate was issued.
pub const CERTIFICATE_ISSUED: &str = "fte.certificate.issued.v1";
/// A certificate was taken back.
pub const CERTIFICATE_REVOKED: &str = "fte.certificate.revoked.v1";

/// All of them.
pub const ALL: [&str; 11] = [
    EMAIL_CREATED,
    USER_VERIFIED,
    CONTACT_CHANGED,
    USER_ERASED,
    ACCOUNT_CREATED,
    ROLE_CHANGED,
    SUBSCRIPTION_CHANGED,
    KYC_CHANGED,
    SESSION_COMPLETED,
    CERTIFICATE_ISSUED,
    CERTIFICATE_REVOKED,
];

/// See [`EMAIL_CREATED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailCreated {
    /// Identity's: the address. The subject.
    pub email_address_id: Uuid,
}
event!(EmailCreated, EMAIL_CREATED, email_address_id);

/// See [`USER_VERIFIED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserVerified {
    /// Identity's: the person. The subject.
    pub human_name_id: Uuid,
}
event!(UserVerified, USER_VERIFIED, human_name_id);

/// What can be changed of how a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// The address.
    Email,
    /// The telephone.
    Phone,
}

/// See [`CONTACT_CHANGED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactChanged {
    /// Identity's: the person. The subject.
    pub human_name_id: Uuid,
    /// What was changed.
    pub contact: Contact,
    /// Identity's: the address that the person has now.
    pub email_address_id: Uuid,
}
event!(ContactChanged, CONTACT_CHANGED, human_name_id);

/// See [`USER_ERASED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserErased {
    /// Identity's: the person. The subject.
    pub human_name_id: Uuid,
}
event!(UserErased, USER_ERASED, human_name_id);

/// See [`ACCOUNT_CREATED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCreated {
    /// The account. The subject.
    pub account_id: Uuid,
    /// Identity's: who opened it, its first owner.
    pub human_name_id: Uuid,
    /// `personal` or `business`.
    pub kind: String,
    /// The company it is for.
    pub company_id: Option<Uuid>,
}
event!(AccountCreated, ACCOUNT_CREATED, account_id);

/// What became of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleChange {
    /// The person has it now.
    Granted,
    /// The person has it no more.
    Revoked,
}

/// See [`ROLE_CHANGED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChanged {
    /// The account. The subject.
    pub account_id: Uuid,
    /// Identity's: whose role.
    pub human_name_id: Uuid,
    /// `owner`, `admin`, `member` or `viewer`.
    pub role: String,
    /// What became of it.
    pub change: RoleChange,
}
event!(RoleChanged, ROLE_CHANGED, account_id);

/// See [`SUBSCRIPTION_CHANGED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChanged {
    /// Account's. The subject: an account has one after the other.
    pub account_id: Uuid,
    /// The subscription.
    pub subscription_id: Uuid,
    /// Its plan.
    pub plan_id: Uuid,
    /// One of Stripe's eight states.
    pub status: String,
    /// Whether it ends with what is paid for.
    pub cancel_at_period_end: bool,
}
event!(SubscriptionChanged, SUBSCRIPTION_CHANGED, account_id);

/// See [`KYC_CHANGED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KycChanged {
    /// Account's. The subject.
    pub account_id: Uuid,
    /// The verification.
    pub verification_id: Uuid,
    /// Identity's: who shows documents.
    pub human_name_id: Uuid,
    /// `requires_input`, `processing`, `verified` or `canceled`.
    pub status: String,
}
event!(KycChanged, KYC_CHANGED, account_id);

/// See [`SESSION_COMPLETED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCompleted {
    /// The session. The subject.
    pub session_id: Uuid,
    /// Identity's: who was tested.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The module.
    pub module_id: Uuid,
    /// `completed`, `failed` or `expired`.
    pub status: String,
    /// Whether it is passed.
    pub passed: bool,
}
event!(SessionCompleted, SESSION_COMPLETED, session_id);

/// See [`CERTIFICATE_ISSUED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateIssued {
    /// The certificate. The subject.
    pub certificate_id: Uuid,
    /// Identity's: whose.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The session that earned it.
    pub session_id: Uuid,
}
event!(CertificateIssued, CERTIFICATE_ISSUED, certificate_id);

/// See [`CERTIFICATE_REVOKED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRevoked {
    /// The certificate. The subject.
    pub certificate_id: Uuid,
    /// Identity's: whose.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
}
event!(CertificateRevoked, CERTIFICATE_REVOKED, certificate_id);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::events::EventType;

    #[test]
    fn every_type_has_a_name_of_its_own() {
        assert_eq!(ALL.into_iter().collect::<BTreeSet<_>>().len(), ALL.len());
        for name in ALL {
            let name = EventType::parse(name).unwrap();
            assert!(["identity", "account", "billing", "fte"].contains(&name.source()), "{name}");
        }
    }

    /// Names in a list of `spec.events` of a manifest.
    fn declared<'a>(manifest: &'a str, list: &str) -> Vec<&'a str> {
        let lines = manifest.split(&format!("    {list}:\n")).nth(1).unwrap_or_default().lines();
        lines.map_while(|line| line.strip_prefix("      - ")).collect()
    }

    #[test]
    fn manifests_declare_what_services_announce() {
        let manifests = [
            ("identity", include_str!("../../../../manifests/platform/identity.yaml")),
            ("account", include_str!("../../../../manifests/platform/account.yaml")),
            ("billing", include_str!("../../../../manifests/platform/billing.yaml")),
            ("fte", include_str!("../../../../manifests/platform/fte.yaml")),
        ];
        let mut all = Vec::new();
        for (service, manifest) in manifests {
            for name in declared(manifest, "publishes") {
                assert_eq!(EventType::parse(name).unwrap().source(), service, "{name}");
                all.push(name);
            }
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>(), ALL.iter().collect());
    }

    #[test]
    fn words_are_as_the_tables_have_them() {
        let role = RoleChanged {
            account_id: Uuid::nil(),
            human_name_id: Uuid::nil(),
            role: "owner".to_owned(),
            change: RoleChange::Revoked,
        };
        assert_eq!(serde_json::to_value(role).unwrap()["change"], "revoked");
    }
}
