//! `rerp.identity.v1.EmailService`: the same rules and the same SQL as the routes in `http/email.rs`. Must not log what it reads.

use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::identity::v1::email_service_server::{EmailService, EmailServiceServer};
use rerp_proto::identity::v1::{UpsertEmailRequest, UpsertEmailResponse};
use tonic::{Request, Response, Status};

use crate::domain::email::EmailAddress;
use crate::store::upsert::Upserts;

/// The service over what makes addresses known.
#[derive(Debug, Clone)]
pub struct Emails(Upserts);

/// The service, ready to be routed to.
#[must_use]
pub fn server(upserts: &Upserts) -> EmailServiceServer<Emails> {
    EmailServiceServer::new(Emails(upserts.clone())).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl EmailService for Emails {
    async fn upsert_email(
        &self,
        request: Request<UpsertEmailRequest>,
    ) -> Result<Response<UpsertEmailResponse>, Status> {
        let email = EmailAddress::parse(&request.get_ref().email)
            .map_err(|error| Problem::new(INVALID_VALUE).field("/email", error.to_string()))?;
        let stored = self.0.upsert(email).await.map_err(Problem::from)?;
        Ok(Response::new(UpsertEmailResponse { email_address_id: stored.id.to_string(), created: stored.created }))
    }
}
