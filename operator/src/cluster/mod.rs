//! The Kubernetes surface of every room: one timed call, one error, one apply, one status writer,
//! one prune. In: typed objects. Out: what the API server answered.
//! Must not: know what a room wants; nothing here names a kind of ours.

pub mod apply;
pub mod child;
pub mod covers;
pub mod gateway_api;
pub mod prune;
pub mod read;
pub mod status;
pub mod undecodable;

use std::time::Duration;

/// Deadline of one call. The operator turns the client's own retries off: its queue retries.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Longest piece of an API server's message that a condition quotes, in characters.
const QUOTE: usize = 400;

/// What kind of trouble an error is: decides who has to act, and how soon to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Goes away by itself: network, overload, a server that restarts.
    Transient,
    /// Somebody else wrote in between: read again.
    Conflict,
    /// A person has to change something: a spec, a quota, a permission.
    User,
    /// We did something wrong.
    Bug,
}

/// A call to the Kubernetes API that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server refused it or could not be reached.
    #[error("{verb} {kind} {name}")]
    Call { verb: &'static str, kind: String, name: String, source: Box<kube::Error> },
    /// No answer within `CALL_TIMEOUT`.
    #[error("{verb} {kind} {name}: no answer in time")]
    Timeout { verb: &'static str, kind: String, name: String },
    /// An object of that name exists and isn't ours; we never take over what others made.
    #[error("{kind} {name} exists and belongs to {holder}")]
    NotOurs { kind: String, name: String, holder: String },
    /// One of our own objects doesn't serialise.
    #[error("encode {kind} {name}")]
    Encode { kind: String, name: String, source: serde_json::Error },
}

impl Error {
    /// Who has to act.
    pub fn class(&self) -> Class {
        match self {
            Self::Timeout { .. } => Class::Transient,
            Self::NotOurs { .. } => Class::User,
            Self::Encode { .. } => Class::Bug,
            Self::Call { source, .. } => match source.as_ref() {
                kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => Class::Conflict,
                kube::Error::Api(status) if status.is_forbidden() || status.is_invalid() => Class::User,
                kube::Error::Api(status) if status.code == 400 => Class::Bug,
                kube::Error::SerdeError(_) | kube::Error::BuildRequest(_) => Class::Bug,
                _ => Class::Transient,
            },
        }
    }

    /// One line for a condition: the action, and a bounded part of the API server's own words.
    /// The client error's Display isn't used: it prints a whole Status object.
    pub fn describe(&self) -> String {
        match self {
            Self::Call { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => {
                    let said: String = status.message.chars().take(QUOTE).collect();
                    format!("{self}: {said}")
                }
                _ => format!("{self}: the API server can't be reached"),
            },
            _ => self.to_string(),
        }
    }

    /// The namespace or the object went away meanwhile.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Call { source, .. }
            if matches!(source.as_ref(), kube::Error::Api(status) if status.is_not_found()))
    }
}

/// Runs one call under the deadline and gives its error the action's name.
pub async fn call<T>(
    verb: &'static str,
    kind: &str,
    name: &str,
    future: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Error> {
    within(CALL_TIMEOUT, verb, kind, name, future).await
}

async fn within<T>(
    limit: Duration,
    verb: &'static str,
    kind: &str,
    name: &str,
    future: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, future).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => {
            Err(Error::Call { verb, kind: kind.to_owned(), name: name.to_owned(), source: Box::new(source) })
        }
        Err(_) => Err(Error::Timeout { verb, kind: kind.to_owned(), name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn api_error(code: u16, reason: &str, message: &str) -> Error {
        let mut status = Status::failure(message, reason);
        status.code = code;
        Error::Call {
            verb: "apply",
            kind: "StatefulSet".to_owned(),
            name: "rerp/a".to_owned(),
            source: Box::new(kube::Error::Api(status.boxed())),
        }
    }

    #[test]
    fn classes_say_who_has_to_act() {
        assert_eq!(api_error(409, "Conflict", "").class(), Class::Conflict);
        assert_eq!(api_error(403, "Forbidden", "").class(), Class::User);
        assert_eq!(api_error(422, "Invalid", "").class(), Class::User);
        assert_eq!(api_error(503, "ServiceUnavailable", "").class(), Class::Transient);
        assert!(api_error(404, "NotFound", "").is_gone());
    }

    #[test]
    fn a_description_is_bounded_and_names_the_object() {
        let said = api_error(422, "Invalid", &"x".repeat(5000)).describe();
        assert!(said.starts_with("apply StatefulSet rerp/a: xxx"));
        assert!(said.len() < 500);
        assert!(!said.contains("Status {"));
    }

    #[tokio::test]
    async fn a_call_without_an_answer_ends() {
        let hung = within::<()>(Duration::from_millis(1), "get", "Pod", "p", std::future::pending()).await;
        assert!(matches!(hung, Err(Error::Timeout { .. })));
    }
}
