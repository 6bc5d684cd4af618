//! `rerp.identity.v1.ConfirmationService`. Must not log what it reads.

use rerp_kit::http::strict_uuid;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::identity::v1::confirmation_service_server::{ConfirmationService, ConfirmationServiceServer};
use rerp_proto::identity::v1::{SendConfirmationRequest, SendConfirmationResponse};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::verification::Verification;

/// The service, where mail is configured.
#[derive(Debug, Clone)]
pub struct Confirmations(Verification);

/// The service, ready to be routed to.
#[must_use]
pub fn server(verification: &Verification) -> ConfirmationServiceServer<Confirmations> {
    ConfirmationServiceServer::new(Confirmations(verification.at_work()))
        .max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl ConfirmationService for Confirmations {
    async fn send_confirmation(
        &self,
        request: Request<SendConfirmationRequest>,
    ) -> Result<Response<SendConfirmationResponse>, Status> {
        let asked = request.get_ref();
        let address = identifier("/email_address_id", &asked.email_address_id)?;
        let message = identifier("/message_id", &asked.message_id)?;
        let accepted = self.0.confirm(address, &asked.token, message).await.map_err(Problem::from)?;
        Ok(Response::new(SendConfirmationResponse { accepted }))
    }
}

fn identifier(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text)
        .ok_or_else(|| Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters"))
}
