//! `rerp.billing.v1.Entitlements`: the same rule as in the answers of `http/subscription.rs`.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::http::strict_uuid;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use rerp_proto::billing::v1::entitlements_server::{self, EntitlementsServer};
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};
use tonic::{Request, Response, Status};

use crate::domain::subscription::Entitlement;
use crate::store::subscription;

/// The service over the database.
#[derive(Debug, Clone)]
pub struct Entitlements(Db);

/// The service, ready to be routed to.
#[must_use]
pub fn server(db: &Db) -> EntitlementsServer<Entitlements> {
    EntitlementsServer::new(Entitlements(db.at_work())).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl entitlements_server::Entitlements for Entitlements {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckAnswer>, Status> {
        let account = strict_uuid(&request.get_ref().account_id).ok_or_else(|| {
            Problem::new(INVALID_VALUE).field("/account_id", "must be an identifier: a UUID of 36 characters")
        })?;
        let found = subscription::of_account(&self.0, account, Reach::ALL).await.map_err(Problem::from)?;
        let entitlement = found.as_ref().map(|row| row.entitlement(Timestamp::now()));
        let reason = match entitlement {
            None => "no_subscription",
            Some(Entitlement::Full) => "subscribed",
            Some(Entitlement::Grace { .. }) => "grace",
            Some(Entitlement::None) => "not_paid",
        };
        let entitled = entitlement.is_some_and(Entitlement::is_active);
        let seats = found.as_ref().and_then(|row| row.seats).filter(|_| entitled);
        Ok(Response::new(CheckAnswer {
            entitled,
            reason: reason.to_owned(),
            status: found.and_then(|row| row.status).unwrap_or_default(),
            // The table holds none below 1.
            seats: seats.and_then(|seats| u32::try_from(seats).ok()),
        }))
    }
}
