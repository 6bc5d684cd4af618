//! What a person may do in an account, and why. In come the person's roles there and what Identity says of the person; out goes
//! every action with its reason. Pure: one table holds the rules.
//!
//! Money and tests ask for a verified person besides the role; while that can't be found out the answer is no, with a reason that says so,
//! and everything else is still answered.

use rerp_people::Proof;
use schemars::JsonSchema;
use serde::Serialize;

use super::role::Role::{self, Admin, Member, Owner, Viewer};

/// Why an action is allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A role gives it.
    Role,
    /// The person has no role in the account.
    NoRole,
    /// None of the person's roles gives it.
    RoleTooLow,
    /// The role would do, but the person isn't verified.
    NotVerified,
    /// The role would do, but whether the person is verified can't be found out now.
    VerificationUnknown,
}

impl Reason {
    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::NoRole => "no_role",
            Self::RoleTooLow => "role_too_low",
            Self::NotVerified => "not_verified",
            Self::VerificationUnknown => "verification_unknown",
        }
    }
}

/// One action, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Permission {
    /// What is done.
    pub action: &'static str,
    /// Whether the person may.
    pub allowed: bool,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub detail: String,
    /// The mightiest of the person's roles that gives it.
    pub granted_by: Option<Role>,
}

/// Giving and taking roles of everybody but owners.
pub const ROLE_MANAGE: &str = "role.manage";
/// Giving and taking the role of an owner.
pub const OWNER_MANAGE: &str = "owner.manage";
/// Adding and changing addresses.
pub const ADDRESS_MANAGE: &str = "address.manage";

/// Whether somebody may do something in an account, as far as roles alone decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// A role gives it.
    Given,
    /// Without a role the account isn't there.
    Absent,
    /// None of the roles gives it. Why, for people.
    Denied(String),
}

struct Rule {
    action: &'static str,
    /// Who may, the mightiest first.
    roles: &'static [Role],
    /// Whether the person has to be verified as well.
    verified: bool,
}

const fn rule(action: &'static str, roles: &'static [Role], verified: bool) -> Rule {
    Rule { action, roles, verified }
}

const RULES: [Rule; 9] = [
    rule("account.view", &[Owner, Admin, Member, Viewer], false),
    rule("account.close", &[Owner], false),
    rule("role.view", &[Owner, Admin, Member, Viewer], false),
    // Of everybody but owners: an admin must not be able to become one.
    rule(ROLE_MANAGE, &[Owner, Admin], false),
    rule(OWNER_MANAGE, &[Owner], false),
    rule(ADDRESS_MANAGE, &[Owner, Admin], false),
    rule("billing.view", &[Owner, Admin], false),
    rule("billing.manage", &[Owner], true),
    rule("test.take", &[Owner, Admin, Member], true),
];

/// Whether deciding takes a look at Identity: some action hangs on nothing else.
#[must_use]
pub fn hangs_on_proof(roles: &[Role]) -> bool {
    RULES.iter().any(|rule| rule.verified && rule.granting(roles).is_some())
}

/// Every action, decided.
#[must_use]
pub fn decide(roles: &[Role], proof: Proof) -> Vec<Permission> {
    RULES.iter().map(|rule| rule.decide(roles, proof)).collect()
}

/// Whether roles give an action. One that hangs on more than roles is given to nobody here.
#[must_use]
pub fn leave(roles: &[Role], action: &str) -> Leave {
    let Some(rule) = RULES.iter().find(|rule| rule.action == action) else {
        return Leave::Denied("nobody may do this".to_owned());
    };
    let decided = rule.decide(roles, Proof::Unknown);
    match decided.reason {
        Reason::Role => Leave::Given,
        Reason::NoRole => Leave::Absent,
        _ => Leave::Denied(format!("{action}: {}", decided.detail)),
    }
}

impl Rule {
    fn granting(&self, roles: &[Role]) -> Option<Role> {
        self.roles.iter().copied().find(|role| roles.contains(role))
    }

    fn decide(&self, roles: &[Role], proof: Proof) -> Permission {
        let granted_by = self.granting(roles);
        let reason = match (granted_by, proof) {
            (None, _) if roles.is_empty() => Reason::NoRole,
            (None, _) => Reason::RoleTooLow,
            (Some(_), Proof::NotVerified) if self.verified => Reason::NotVerified,
            (Some(_), Proof::Unknown) if self.verified => Reason::VerificationUnknown,
            (Some(_), _) => Reason::Role,
        };
        let detail = match reason {
            Reason::Role => format!("the role `{}` gives it", granted_by.map_or("", Role::name)),
            Reason::NoRole => "the person has no role in this account".to_owned(),
            Reason::RoleTooLow => format!("it takes one of the roles: {}", self.names()),
            Reason::NotVerified => "the person has not proved both an email address and a telephone".to_owned(),
            Reason::VerificationUnknown => "whether the person is verified can't be found out right now".to_owned(),
        };
        Permission { action: self.action, allowed: reason == Reason::Role, reason, detail, granted_by }
    }

    fn names(&self) -> String {
        self.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(roles: &[Role], proof: Proof) -> Vec<&'static str> {
        decide(roles, proof).into_iter().filter(|one| one.allowed).map(|one| one.action).collect()
    }

    #[test]
    fn a_mightier_role_gives_everything_a_lesser_one_gives() {
        let of = |role| allowed(&[role], Proof::Verified);
        assert_eq!(of(Owner).len(), RULES.len());
        assert_eq!(of(Viewer), ["account.view", "role.view"]);
        for pair in Role::ALL.windows(2) {
            assert!(of(pair[1]).iter().all(|action| of(pair[0]).contains(action)), "{pair:?}");
        }
        assert!(!of(Admin).contains(&"owner.manage"), "an admin must not become an owner");
        assert!(allowed(&[], Proof::Verified).is_empty());
    }

    #[test]
    fn money_and_tests_ask_for_a_verified_person() {
        for (proof, reason) in
            [(Proof::NotVerified, Reason::NotVerified), (Proof::Unknown, Reason::VerificationUnknown)]
        {
            let decided = decide(&[Owner], proof);
            let refused: Vec<_> = decided.iter().filter(|one| !one.allowed).collect();
            assert_eq!(refused.iter().map(|one| one.action).collect::<Vec<_>>(), ["billing.manage", "test.take"]);
            assert!(refused.iter().all(|one| one.reason == reason && one.granted_by == Some(Owner)));
        }
        assert!(hangs_on_proof(&[Member]) && !hangs_on_proof(&[Viewer]) && !hangs_on_proof(&[]));
    }

    #[test]
    fn roles_alone_give_leave_or_say_why_not() {
        assert_eq!(leave(&[Admin], ROLE_MANAGE), Leave::Given);
        assert_eq!(leave(&[], ROLE_MANAGE), Leave::Absent);
        let denied = |text: &str| Leave::Denied(text.to_owned());
        assert_eq!(leave(&[Admin], OWNER_MANAGE), denied("owner.manage: it takes one of the roles: owner"));
        assert_eq!(
            leave(&[Viewer, Member], ADDRESS_MANAGE),
            denied("address.manage: it takes one of the roles: owner, admin")
        );
        for action in ["billing.manage", "account.sell"] {
            assert!(matches!(leave(&[Owner], action), Leave::Denied(_)), "{action}");
        }
        // What any role lets see needs no more than a role.
        for role in Role::ALL {
            assert_eq!((leave(&[role], "account.view"), leave(&[role], "role.view")), (Leave::Given, Leave::Given));
        }
    }

    #[test]
    fn every_answer_says_why() {
        let why = |roles: &[Role]| decide(roles, Proof::Verified).pop().map(|one| (one.reason, one.detail));
        assert_eq!(why(&[]).map(|(reason, _)| reason), Some(Reason::NoRole));
        let (reason, detail) = why(&[Viewer]).unwrap();
        assert_eq!((reason, detail.as_str()), (Reason::RoleTooLow, "it takes one of the roles: owner, admin, member"));
        assert_eq!(why(&[Viewer, Member]).map(|(_, detail)| detail), Some("the role `member` gives it".to_owned()));
        for reason in [Reason::Role, Reason::NoRole, Reason::RoleTooLow, Reason::NotVerified] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }
}
