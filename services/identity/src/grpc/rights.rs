//! `rerp.identity.v1.RightsService`: what services that hold something of people ask. A service speaks for itself: what its certificate says counts. Must not
//! give out an address.

use rerp_kit::access::Caller;
use rerp_kit::http::strict_uuid;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_VALUE, NOT_PERMITTED};
use rerp_kit::rights::Part;
use rerp_proto::identity::v1::rights_service_server::{RightsService, RightsServiceServer};
use rerp_proto::identity::v1::{
    Erasure, ListAddressesRequest, ListAddressesResponse, ListErasuresRequest, ListErasuresResponse,
    ReportErasureRequest, ReportErasureResponse,
};
use tonic::{Extensions, Request, Response, Status};
use uuid::Uuid;

use crate::store::erasure::{self as store, HOLDERS};

/// Most tables of one receipt: more than any service has.
const MOST_TABLES: usize = 100;
/// Longest name of a table.
const LONGEST: usize = 63;

/// The service over a database.
#[derive(Debug, Clone)]
pub struct Rights(Db);

/// The service, ready to be routed to.
#[must_use]
pub fn server(db: &Db) -> RightsServiceServer<Rights> {
    RightsServiceServer::new(Rights(db.at_work())).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

/// The service that calls, if it is one that holds something of people and speaks for itself. Where no certificate says who calls, its word is taken.
fn holder(named: &str, extensions: &Extensions) -> Result<&'static str, Problem> {
    let holder = HOLDERS.into_iter().find(|holder| *holder == named);
    let holder = holder.ok_or_else(|| Problem::new(INVALID_VALUE).field("/service", "holds nothing of people"))?;
    match extensions.get::<Caller>() {
        Some(Caller::Service(name)) if **name != *holder => {
            Err(Problem::new(NOT_PERMITTED).detail("a service speaks for itself"))
        }
        _ => Ok(holder),
    }
}

fn id(text: &str, pointer: &str) -> Result<Uuid, Problem> {
    let mistake = || Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters");
    strict_uuid(text).ok_or_else(mistake)
}

fn texts(ids: Vec<Uuid>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

fn parts(request: &ReportErasureRequest) -> Result<Vec<Part>, Problem> {
    let is_name = |text: &str| {
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let is_fine = request.tables.len() <= MOST_TABLES
        && request.tables.iter().all(|one| {
            is_name(&one.table) && ["deleted", "cleared", "kept"].contains(&one.done.as_str()) && one.rows >= 0
        });
    if !is_fine {
        return Err(Problem::new(INVALID_VALUE).field("/tables", "is no list of tables and what was done to them"));
    }
    let part = |one: &rerp_proto::identity::v1::ErasedTable| Part {
        table: one.table.clone(),
        done: one.done.clone(),
        rows: one.rows,
    };
    Ok(request.tables.iter().map(part).collect())
}

#[tonic::async_trait]
impl RightsService for Rights {
    async fn list_erasures(
        &self,
        request: Request<ListErasuresRequest>,
    ) -> Result<Response<ListErasuresResponse>, Status> {
        let service = holder(&request.get_ref().service, request.extensions())?;
        let due = store::due(&self.0, service).await.map_err(Problem::from)?;
        let erasures = due.into_iter().map(|due| Erasure {
            erasure_id: due.id.to_string(),
            human_name_id: due.human_name_id.to_string(),
            email_address_ids: texts(due.addresses),
        });
        Ok(Response::new(ListErasuresResponse { erasures: erasures.collect() }))
    }

    async fn report_erasure(
        &self,
        request: Request<ReportErasureRequest>,
    ) -> Result<Response<ReportErasureResponse>, Status> {
        let message = request.get_ref();
        let service = holder(&message.service, request.extensions())?;
        let erasure = id(&message.erasure_id, "/erasure_id")?;
        store::report(&self.0, erasure, service, &parts(message)?).await.map_err(Problem::from)?;
        Ok(Response::new(ReportErasureResponse {}))
    }

    async fn list_addresses(
        &self,
        request: Request<ListAddressesRequest>,
    ) -> Result<Response<ListAddressesResponse>, Status> {
        let human = id(&request.get_ref().human_name_id, "/human_name_id")?;
        let ids = store::addresses(&self.0, human).await.map_err(Problem::from)?;
        Ok(Response::new(ListAddressesResponse { email_address_ids: texts(ids) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_speaks_for_itself() {
        let mut calls = Extensions::new();
        assert_eq!(holder("fte", &calls).unwrap(), "fte", "where nothing can be proved its word is taken");
        calls.insert(Caller::Service("fte".into()));
        assert_eq!(holder("fte", &calls).unwrap(), "fte");
        assert_eq!(holder("billing", &calls).unwrap_err().kind(), NOT_PERMITTED);
        assert_eq!(holder("gateway", &calls).unwrap_err().kind(), INVALID_VALUE);
    }
}
