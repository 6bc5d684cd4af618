//! `rerp.identity.v1.InvitationService`. Must not log what it reads.

use rerp_kit::http::strict_uuid;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::identity::v1::invitation_service_server::{InvitationService, InvitationServiceServer};
use rerp_proto::identity::v1::send_invitation_request::To;
use rerp_proto::identity::v1::{SendInvitationRequest, SendInvitationResponse};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::store::invitation::Invited;
use crate::verification::Verification;

/// The service, where mail is configured.
#[derive(Debug, Clone)]
pub struct Invitations(Verification);

/// The service, ready to be routed to.
#[must_use]
pub fn server(verification: &Verification) -> InvitationServiceServer<Invitations> {
    InvitationServiceServer::new(Invitations(verification.at_work()))
        .max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl InvitationService for Invitations {
    async fn send_invitation(
        &self,
        request: Request<SendInvitationRequest>,
    ) -> Result<Response<SendInvitationResponse>, Status> {
        let asked = request.get_ref();
        let whom = match &asked.to {
            Some(To::EmailAddressId(id)) => Invited::Address(identifier("/email_address_id", id)?),
            Some(To::HumanNameId(id)) => Invited::Person(identifier("/human_name_id", id)?),
            None => return Err(Problem::new(INVALID_VALUE).field("/to", "must be there").into()),
        };
        let message = identifier("/message_id", &asked.message_id)?;
        let accepted = self.0.invite(whom, &asked.token, message).await.map_err(Problem::from)?;
        Ok(Response::new(SendInvitationResponse { accepted }))
    }
}

fn identifier(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text)
        .ok_or_else(|| Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters"))
}
