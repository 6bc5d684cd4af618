//! Invitations to have a role in an account. In come typed texts, chance and times; out go checked wishes, tokens and states. Pure but for chance.

use jiff::Timestamp;
use rerp_kit::problem::Mistakes;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::role::Role;

/// How long a token is good for, in seconds: seven days.
pub const LIFETIME_S: i32 = 7 * 24 * 3600;
/// Least time between two mails of one invitation, in seconds; `store/invite.rs` has it in its text.
pub const GAP_S: u32 = 60;
/// How often one invitation is sent at most.
pub const MOST_SENDS: i16 = 5;
/// How many invitations of one account may be open: each sends mail to somebody who may not want it.
pub const MOST_OPEN: i64 = 50;
/// Bytes of a token.
const TOKEN: usize = 32;

/// Whom somebody invites, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// An address as typed: Identity gives its identifier, and nobody else keeps it.
    Typed(String),
    /// A person.
    Person(Uuid),
}

/// What somebody wishes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvite {
    /// Whom.
    pub whom: Whom,
    /// The role they are to have.
    pub role: Role,
}

impl NewInvite {
    /// Checks what was typed: an address or a person, and a role.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(email: Option<&str>, human_name_id: Option<&str>, role: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let whom = match (email, human_name_id) {
            (Some(email), None) => Whom::Typed(email.to_owned()),
            (None, Some(id)) => Whom::Person(mistakes.id("/human_name_id", id)),
            _ => {
                mistakes.add("/email", "either this or `human_name_id` must be there");
                Whom::Person(Uuid::nil())
            }
        };
        let role = Role::parse(role).unwrap_or_else(|| {
            mistakes.add("/role", "must be `owner`, `admin`, `member` or `viewer`");
            Role::Viewer
        });
        mistakes.finish(Self { whom, role })
    }
}

/// What an invited person shows. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A new one.
    #[must_use]
    pub fn draw() -> Self {
        Self(hex::encode(rand::random::<[u8; TOKEN]>()))
    }

    /// What somebody shows; none if it has not the form of one.
    #[must_use]
    pub fn shown(text: &str) -> Option<Self> {
        let is_one = text.len() == 2 * TOKEN && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// For the mail that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Its 256 random bits need no salt and no slow hash.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }
}

/// What an invitation is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "InviteState")]
pub enum State {
    /// Somebody may accept it.
    Open,
    /// Its token is too old; it may be sent again.
    Expired,
    /// Somebody has the role by it.
    Accepted,
    /// It was taken back.
    Revoked,
}

impl State {
    /// By what is stored.
    #[must_use]
    pub fn of(accepted: bool, revoked: bool, expires_at: Timestamp, now: Timestamp) -> Self {
        match (accepted, revoked) {
            (true, _) => Self::Accepted,
            (_, true) => Self::Revoked,
            _ if now >= expires_at => Self::Expired,
            _ => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_both_and_a_role() {
        let id = "0191f7a1-3f0c-7000-8000-000000000001";
        assert!(NewInvite::new(Some("ann@example.com"), None, "admin").is_ok());
        assert!(NewInvite::new(None, Some(id), "owner").is_ok());
        for (email, person, role, mistakes) in
            [(None, None, "admin", 1), (Some("a"), Some(id), "admin", 1), (None, Some("7"), "guest", 2)]
        {
            assert_eq!(NewInvite::new(email, person, role).unwrap_err().0.len(), mistakes);
        }
    }

    #[test]
    fn a_token_is_long_and_only_its_digest_is_kept() {
        let token = Token::draw();
        assert_ne!(token, Token::draw());
        assert_eq!(Token::shown(token.reveal()), Some(token.clone()));
        assert!(!hex::encode(token.digest()).contains(&token.reveal()[..16]));
        assert_eq!(format!("{token:?}"), "Token");
        for text in ["", "7", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
            assert_eq!(Token::shown(text), None, "{text}");
        }
    }

    #[test]
    fn an_invitation_ends() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(State::of(false, false, at(10), at(9)), State::Open);
        assert_eq!(State::of(false, false, at(10), at(10)), State::Expired);
        assert_eq!(State::of(true, false, at(10), at(99)), State::Accepted);
        assert_eq!(State::of(false, true, at(10), at(9)), State::Revoked);
    }
}
