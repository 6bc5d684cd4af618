//! Roles in an account. In come names; out go roles, and whether one may be taken away. Pure.
//!
//! Four, because an account asks four things of people, and Identity's staff have the same four names: somebody answers for it
//! (money, other owners, its end), somebody runs it from day to day without touching the money, people work in it, and some, such
//! as a tax adviser, only look. A fifth would differ from a neighbour in nothing that any action asks for; rights for each action and
//! person were rejected, because nobody can tell who may do what by looking at them.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use rerp_kit::problem::Mistakes;

/// A role of a person in an account. One person may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers for the account: money, other owners, its end. Never nobody.
    Owner,
    /// Runs it: people and addresses.
    Admin,
    /// Works in it.
    Member,
    /// Looks at it.
    Viewer,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// The role of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Its name, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Whether it may be taken from one person of an account that has so many owners now: somebody has to answer for it.
    #[must_use]
    pub fn may_go(self, owners: i64) -> bool {
        self != Self::Owner || owners > 1
    }
}

/// A role that somebody is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewRole {
    /// Identity's.
    pub human_name_id: Uuid,
    /// Which.
    pub role: Role,
}

impl NewRole {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(human_name_id: &str, role: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let human_name_id = mistakes.id("/human_name_id", human_name_id);
        let role = Role::parse(role).unwrap_or_else(|| {
            mistakes.add("/role", "must be `owner`, `admin`, `member` or `viewer`");
            Role::Viewer
        });
        mistakes.finish(Self { human_name_id, role })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_owner_has_to_stay() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert!(role.may_go(2));
            assert_eq!(role.may_go(1), role != Role::Owner, "{role:?}");
        }
        for name in ["", "Owner", "owner ", "guest"] {
            assert_eq!(Role::parse(name), None);
            assert!(NewRole::new("0191f7a1-3f0c-7000-8000-000000000001", name).is_err());
        }
    }
}
