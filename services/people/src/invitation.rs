//! Inviting people whom a service knows by identifiers only. In come an address as somebody typed it, or a person, and a token; out goes an identifier, and whether a
//! mail is on its way. Must not keep or log the address or the token.

use rerp_kit::client::{CallError, Repeat};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_kit::telemetry::chain;
use rerp_proto::identity::v1::email_service_client::EmailServiceClient;
use rerp_proto::identity::v1::invitation_service_client::InvitationServiceClient;
use rerp_proto::identity::v1::send_invitation_request::To;
use rerp_proto::identity::v1::{SendInvitationRequest, UpsertEmailRequest};
use uuid::Uuid;

use super::{Identity, PATIENCE};

/// Whom somebody invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// Whoever reads mail at the address of this identifier.
    Address(Uuid),
    /// This person.
    Person(Uuid),
}

impl Identity {
    /// The identifier of an address, new or known. `pointer` is where it stands in the request.
    ///
    /// # Errors
    /// A problem for the caller: this is no address, or Identity can't be used.
    pub async fn email_id(&self, typed: &str, pointer: &str) -> Result<Uuid, Problem> {
        let message = UpsertEmailRequest { email: typed.to_owned() };
        let ask = |line, request| async move { EmailServiceClient::new(line).upsert_email(request).await };
        let answer = self.service.call_within(PATIENCE, message, Repeat::Idempotent, ask).await;
        let answer = answer.map_err(|error| no_address(&error, pointer))?;
        let unreadable = || CallError::Unreadable { service: "identity" };
        Uuid::try_parse(&answer.email_address_id).map_err(|_| Problem::from(&unreadable()))
    }

    /// Has an invitation sent; `message` stays the same when it is the same mail. Whether it is on its way: where it isn't, the cause has been logged, and it may be
    /// asked for again.
    pub async fn invite(&self, whom: Invited, token: &str, message: Uuid) -> bool {
        let to = match whom {
            Invited::Address(id) => To::EmailAddressId(id.to_string()),
            Invited::Person(id) => To::HumanNameId(id.to_string()),
        };
        let request = SendInvitationRequest { to: Some(to), token: token.to_owned(), message_id: message.to_string() };
        let ask = |line, request| async move { InvitationServiceClient::new(line).send_invitation(request).await };
        match self.service.call_within(PATIENCE, request, Repeat::Idempotent, ask).await {
            Ok(answer) => answer.accepted,
            Err(error) => {
                tracing::warn!(error = chain(&error), "identity does not send an invitation");
                false
            }
        }
    }
}

/// An address that Identity refuses is the caller's mistake; everything else is ours.
fn no_address(error: &CallError, pointer: &str) -> Problem {
    match error.refusal() {
        Some(remote) if remote.is(INVALID_VALUE) => {
            let detail = remote.errors.first().map_or("this is not an email address", |field| &field.detail);
            Problem::new(INVALID_VALUE).field(pointer, detail)
        }
        _ => error.into(),
    }
}
