//! What Supabase says no with, and what a person is told instead. In: status and code of an answer. Out: a problem. Its own words stay here: they
//! tell who has which address.
//!
//! Whatever isn't known for certain to be about what somebody has shown is trouble on the other side: a hook that doesn't answer, two calls at once, a
//! door in front of it. A session is not lost by that, and no password called wrong.

use axum::http::StatusCode;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{
    CODE_REFUSED, CREDENTIALS_REFUSED, DEPENDENCY_UNAVAILABLE, INVALID_VALUE, NOT_SIGNED_IN, NOT_VERIFIED,
    TOO_MANY_REQUESTS,
};

/// When trying again may help, in seconds, where Supabase names no time.
const AGAIN: u32 = 30;
/// The session is over. `validation_failed`: its token can't be read.
const OVER: [&str; 7] = [
    "refresh_token_not_found",
    "refresh_token_already_used",
    "session_not_found",
    "session_expired",
    "user_banned",
    "user_not_found",
    "validation_failed",
];
/// Nobody has this address with this password.
const WRONG_PASSWORD: [&str; 4] = ["invalid_credentials", "user_banned", "user_not_found", "validation_failed"];
/// Nobody was sent this code.
const WRONG_CODE: [&str; 4] = ["otp_expired", "user_banned", "user_not_found", "validation_failed"];

/// A no, or no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It said no, with a status and a code.
    Said {
        /// Below 500.
        status: StatusCode,
        /// One of <https://supabase.com/docs/guides/auth/debugging/error-codes>.
        code: String,
    },
    /// Nothing of what was asked has arrived.
    Unreachable,
    /// It is in trouble, answers too late, or what can't be read.
    Unavailable,
}

impl Refusal {
    /// Whether it said no with one of these codes.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        matches!(self, Self::Said { code, .. } if codes.contains(&code.as_str()))
    }

    /// Whether the session is over: trying again won't help.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        self.is(&OVER) || self.is_a_hooks()
    }

    /// A hook has said that this person gets no token: such an answer has the hook's status, and no code but this.
    fn is_a_hooks(&self) -> bool {
        matches!(self, Self::Said { status, code } if *status == StatusCode::FORBIDDEN && code == "unknown")
    }

    /// The problem where a password was shown. That an address isn't proved is told to those alone who know the password.
    #[must_use]
    pub fn of_password(&self) -> Problem {
        if self.is(&["email_not_confirmed"]) {
            return Problem::new(NOT_VERIFIED).detail("the address of this account isn't proved; support can help");
        }
        self.or(self.is(&WRONG_PASSWORD) || self.is_a_hooks(), Problem::new(CREDENTIALS_REFUSED))
    }

    /// The problem where a code was shown.
    #[must_use]
    pub fn of_code(&self) -> Problem {
        self.or(self.is(&WRONG_CODE) || self.is_a_hooks(), Problem::new(CODE_REFUSED))
    }

    /// The problem where a session was shown.
    #[must_use]
    pub fn of_session(&self) -> Problem {
        self.or(self.ends_session(), Problem::new(NOT_SIGNED_IN).detail("the session is over"))
    }

    /// The problem where a new password was chosen.
    #[must_use]
    pub fn of_new_password(&self) -> Problem {
        let weak = Problem::new(INVALID_VALUE).field("/password", "is too easy to guess: make it longer");
        self.or(self.is(&["weak_password"]), weak)
    }

    /// The problem where somebody asked for a letter: only what Supabase says before it looks whom it knows. None for the rest, for a known address is
    /// answered otherwise than an unknown one: its mail can't be sent, it was written to a moment ago, there is no money left for mails.
    #[must_use]
    pub fn of_letter(&self) -> Option<Problem> {
        if self.is(&["validation_failed"]) {
            return Some(Problem::new(INVALID_VALUE).field("/email", "must be an e-mail address"));
        }
        let is_told = *self == Self::Unreachable || self.is(&["over_request_rate_limit"]);
        is_told.then(|| self.or(false, Problem::new(DEPENDENCY_UNAVAILABLE)))
    }

    /// This where it `is` so, and else what is the same everywhere.
    fn or(&self, is: bool, so: Problem) -> Problem {
        match self {
            Self::Said { .. } if is => so,
            Self::Said { status: StatusCode::TOO_MANY_REQUESTS, .. } => {
                Problem::new(TOO_MANY_REQUESTS).retry_after(AGAIN)
            }
            Self::Said { .. } | Self::Unreachable | Self::Unavailable => {
                Problem::new(DEPENDENCY_UNAVAILABLE).retry_after(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, code: &str) -> Refusal {
        Refusal::Said { status: StatusCode::from_u16(status).unwrap(), code: code.to_owned() }
    }

    /// What GoTrue, its hooks and what stands before it answer of which none is about what somebody has shown.
    fn trouble() -> Vec<Refusal> {
        let said = [
            (409, "conflict"),
            (422, "hook_timeout"),
            (422, "hook_timeout_after_retry"),
            (422, "hook_payload_over_size_limit"),
            (400, "hook_payload_invalid_content_type"),
            (408, ""),
            (403, ""),
            (404, ""),
            (418, "something_new"),
        ]
        .map(|(status, code)| said(status, code));
        [said.as_slice(), &[Refusal::Unreachable, Refusal::Unavailable]].concat()
    }

    #[test]
    fn what_would_tell_who_has_an_address_is_told_as_anything_else() {
        for code in ["invalid_credentials", "user_banned", "user_not_found", "validation_failed"] {
            assert_eq!(said(400, code).of_password(), Problem::new(CREDENTIALS_REFUSED), "{code}");
        }
        for (status, code) in [
            (429, "over_email_send_rate_limit"),
            (429, "unknown"),
            (400, "email_address_invalid"),
            (403, "unknown"),
            (401, "no_authorization"),
        ] {
            assert_eq!(said(status, code).of_letter(), None, "{code}");
        }
        assert_eq!(Refusal::Unavailable.of_letter(), None);
        for (refusal, kind) in [
            (said(429, "over_request_rate_limit"), TOO_MANY_REQUESTS),
            (said(400, "validation_failed"), INVALID_VALUE),
            (Refusal::Unreachable, DEPENDENCY_UNAVAILABLE),
        ] {
            assert_eq!(refusal.of_letter().map(|problem| problem.kind()), Some(kind), "{refusal:?}");
        }
    }

    #[test]
    fn only_what_says_so_ends_a_session() {
        for code in OVER {
            assert!(said(400, code).ends_session(), "{code}");
        }
        assert!(said(403, "unknown").ends_session(), "a hook says who gets no token");
        assert_eq!(said(403, "session_not_found").of_session().kind(), NOT_SIGNED_IN);
        for refusal in [trouble(), vec![said(429, "over_request_rate_limit"), said(429, "unknown")]].concat() {
            assert!(!refusal.ends_session(), "{refusal:?}");
        }
    }

    #[test]
    fn trouble_is_nobodys_mistake() {
        for refusal in trouble() {
            for problem in [refusal.of_password(), refusal.of_code(), refusal.of_session(), refusal.of_new_password()] {
                assert_eq!(problem.kind(), DEPENDENCY_UNAVAILABLE, "{refusal:?}");
            }
        }
    }
}
