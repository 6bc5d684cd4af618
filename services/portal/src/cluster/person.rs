//! Whose rights are used. In: who was found by their token. Out: a person, and the headers that tell the apiserver for whom the program asks. Pure.
//!
//! Kubernetes can pin a user, a group and the name of an extra field by RBAC, but no prefix of a user's name. So all staff are one user, each role is a
//! group, and who it is stands in an extra field, which the apiserver writes into its audit log.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rerp_kit::access::May;
use rerp_kit::bearer::Principal;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, NOT_PERMITTED};
use uuid::Uuid;

/// Whom the program speaks for.
static USER: (HeaderName, HeaderValue) =
    (HeaderName::from_static("impersonate-user"), HeaderValue::from_static("rerp:staff"));
static GROUP: HeaderName = HeaderName::from_static("impersonate-group");
static PERSON: HeaderName = HeaderName::from_static("impersonate-extra-person");

/// The roles that there are on the platform, and the group of each. Who has another one is let into no group.
pub const ROLES: [(&str, &str); 4] = [
    ("owner", "rerp:role:owner"),
    ("admin", "rerp:role:admin"),
    ("member", "rerp:role:member"),
    ("viewer", "rerp:role:viewer"),
];

/// A member of staff who has proved it with a second factor, and has a role.
#[derive(Debug, Clone)]
pub struct Person {
    /// The platform user's identifier.
    pub id: Uuid,
    /// The role on the platform.
    pub role: &'static str,
    group: &'static str,
    name: HeaderValue,
}

impl Person {
    /// Who asks, if they are staff.
    ///
    /// # Errors
    /// A problem: a customer, staff with one factor, or staff without a role.
    pub fn of(principal: &Principal) -> Result<Self, Problem> {
        May::Staff.admits(&principal.told())?;
        let role = principal.role.as_deref().and_then(|name| ROLES.into_iter().find(|role| role.0 == name));
        let Some((role, group)) = role else {
            return Err(
                Problem::new(NOT_PERMITTED).detail("you have no role on the platform; an owner can give you one")
            );
        };
        let name = HeaderValue::from_str(&principal.id.to_string()).map_err(|_| Problem::new(INTERNAL))?;
        Ok(Self { id: principal.id, role, group, name })
    }

    /// Tells the apiserver for whom a request is. Whatever it said of that before is gone.
    pub(super) fn sign(&self, headers: &mut HeaderMap) {
        headers.insert(&USER.0, USER.1.clone());
        headers.insert(&GROUP, HeaderValue::from_static(self.group));
        headers.insert(&PERSON, self.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_kit::access::{Assurance, PrincipalKind};

    fn of(kind: PrincipalKind, assurance: Assurance, role: Option<&str>) -> Result<Person, Problem> {
        Person::of(&Principal { id: Uuid::from_u128(7), kind, assurance, key: None, role: role.map(Into::into) })
    }

    #[test]
    fn only_staff_with_a_second_factor_and_a_role_get_in() {
        let mut headers = HeaderMap::new();
        headers.insert(&GROUP, HeaderValue::from_static("system:masters"));
        of(PrincipalKind::Staff, Assurance::Second, Some("admin")).unwrap().sign(&mut headers);
        assert_eq!(headers.get_all(&GROUP).iter().collect::<Vec<_>>(), ["rerp:role:admin"]);
        assert_eq!((&headers["impersonate-user"], headers.len()), (&HeaderValue::from_static("rerp:staff"), 3));
        for (kind, assurance, role) in [
            (PrincipalKind::Person, Assurance::Second, Some("owner")),
            (PrincipalKind::Staff, Assurance::First, Some("owner")),
            (PrincipalKind::Staff, Assurance::Second, None),
            (PrincipalKind::Staff, Assurance::Second, Some("system:masters")),
        ] {
            assert_eq!(of(kind, assurance, role).unwrap_err().kind(), NOT_PERMITTED, "{role:?}");
        }
    }
}
