//! Identity, Account and Billing as FTE sees them: three gRPC services on one port, which say what a test wants. In: what they shall say.
//! Out: their address.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use rerp_kit::grpc::mount;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DATABASE_UNAVAILABLE, NOT_FOUND};
use rerp_proto::account::v1::permission_service_server::{PermissionService, PermissionServiceServer};
use rerp_proto::account::v1::{CheckPermissionsRequest, CheckPermissionsResponse, Permission};
use rerp_proto::billing::v1::entitlements_server::{Entitlements, EntitlementsServer};
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};
use rerp_proto::identity::v1::person_service_server::{PersonService, PersonServiceServer};
use rerp_proto::identity::v1::{CheckPersonRequest, CheckPersonResponse};
use tonic::{Request, Response, Status};

use super::{ACCOUNT, NOBODY};
use crate::support::service::serve;

/// What the three say.
#[derive(Debug, Clone)]
pub(crate) struct Say {
    /// The name of the one that is away.
    pub(crate) away: Option<&'static str>,
    /// Account's reason; `role` is leave.
    pub(crate) permission: &'static str,
    /// Billing's answer: entitled, reason, status.
    pub(crate) entitlement: (bool, &'static str, &'static str),
}

impl Default for Say {
    fn default() -> Self {
        Self { away: None, permission: "role", entitlement: (true, "subscribed", "active") }
    }
}

/// The three. Clones share what they say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Others(Arc<Mutex<Say>>);

impl Others {
    pub(crate) async fn serve(&self) -> SocketAddr {
        let router = mount(Router::new(), PersonServiceServer::new(self.clone()));
        let router = mount(router, PermissionServiceServer::new(self.clone()));
        serve(mount(router, EntitlementsServer::new(self.clone()))).await
    }

    pub(crate) fn say(&self) -> MutexGuard<'_, Say> {
        self.0.lock().unwrap()
    }

    fn heard(&self, name: &str) -> Result<Say, Status> {
        let say = self.say().clone();
        if say.away == Some(name) { Err(Problem::new(DATABASE_UNAVAILABLE).into()) } else { Ok(say) }
    }
}

#[tonic::async_trait]
impl PersonService for Others {
    async fn check_person(
        &self,
        request: Request<CheckPersonRequest>,
    ) -> Result<Response<CheckPersonResponse>, Status> {
        self.heard("identity")?;
        let known = request.get_ref().human_name_id != NOBODY;
        Ok(Response::new(CheckPersonResponse { known, verification: None }))
    }
}

#[tonic::async_trait]
impl PermissionService for Others {
    async fn check_permissions(
        &self,
        request: Request<CheckPermissionsRequest>,
    ) -> Result<Response<CheckPermissionsResponse>, Status> {
        let say = self.heard("account")?;
        if request.get_ref().account_id != ACCOUNT {
            return Err(Problem::new(NOT_FOUND).into());
        }
        let permission = |action: &str, allowed, reason: &str| Permission {
            action: action.to_owned(),
            allowed,
            reason: reason.to_owned(),
            ..Permission::default()
        };
        let test = permission("test.take", say.permission == "role", say.permission);
        let permissions = vec![permission("account.view", true, "role"), test];
        Ok(Response::new(CheckPermissionsResponse { permissions }))
    }
}

#[tonic::async_trait]
impl Entitlements for Others {
    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckAnswer>, Status> {
        let (entitled, reason, status) = self.heard("billing")?.entitlement;
        Ok(Response::new(CheckAnswer { entitled, reason: reason.to_owned(), status: status.to_owned(), seats: None }))
    }
}
