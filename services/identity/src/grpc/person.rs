//! `rerp.identity.v1.PersonService`: the same SQL as the routes in `http/person.rs`, without anything that tells who a person is.
//! Must not log what it reads.

use rerp_kit::http::strict_uuid;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::identity::v1::person_service_server::{PersonService, PersonServiceServer};
use rerp_proto::identity::v1::{CheckPersonRequest, CheckPersonResponse, Verification};
use tonic::{Request, Response, Status};

use crate::store::person as store;

/// The service over a database.
#[derive(Debug, Clone)]
pub struct People(Db);

/// The service, ready to be routed to.
#[must_use]
pub fn server(db: &Db) -> PersonServiceServer<People> {
    PersonServiceServer::new(People(db.at_work())).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl PersonService for People {
    async fn check_person(
        &self,
        request: Request<CheckPersonRequest>,
    ) -> Result<Response<CheckPersonResponse>, Status> {
        let id = strict_uuid(&request.get_ref().human_name_id).ok_or_else(|| {
            Problem::new(INVALID_VALUE).field("/human_name_id", "must be an identifier: a UUID of 36 characters")
        })?;
        let stored = store::verification(&self.0, id).await.map_err(Problem::from)?;
        let verification = stored.map(|stored| Verification {
            email_verified: stored.email_verified,
            phone_verified: stored.phone_verified,
            both_verified: stored.both_verified,
        });
        Ok(Response::new(CheckPersonResponse { known: verification.is_some(), verification }))
    }
}
