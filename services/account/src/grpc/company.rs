//! `rerp.account.v1.CompanyService`: the same rules and the same SQL as the routes in `http/company.rs`. Must not log what it
//! reads.

use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::account::v1::company_service_server::{CompanyService, CompanyServiceServer};
use rerp_proto::account::v1::{UpsertCompanyRequest, UpsertCompanyResponse};
use tonic::{Request, Response, Status};

use crate::domain::company::CompanyName;
use crate::domain::provenance::Provenance;
use crate::store::company as store;

/// The service over a database.
#[derive(Debug, Clone)]
pub struct Companies(Db);

/// The service, ready to be routed to.
#[must_use]
pub fn server(db: &Db) -> CompanyServiceServer<Companies> {
    CompanyServiceServer::new(Companies(db.at_work())).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl CompanyService for Companies {
    async fn upsert_company(
        &self,
        request: Request<UpsertCompanyRequest>,
    ) -> Result<Response<UpsertCompanyResponse>, Status> {
        let name = CompanyName::parse(&request.get_ref().name)
            .map_err(|error| Problem::new(INVALID_VALUE).field("/name", error.to_string()))?;
        let upserted = store::upsert(&self.0, &name, Provenance::Service).await.map_err(Problem::from)?;
        let company_id = upserted.company_id.to_string();
        Ok(Response::new(UpsertCompanyResponse { company_id, created: upserted.created }))
    }
}
