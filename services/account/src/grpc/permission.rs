//! `rerp.account.v1.PermissionService`: the same rules and the same SQL as the route in `http/permission.rs`. Must not log what it
//! reads.

use rerp_kit::access::Reach;
use rerp_kit::http::strict_uuid;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_VALUE, NOT_FOUND};
use rerp_proto::account::v1::permission_service_server::{PermissionService, PermissionServiceServer};
use rerp_proto::account::v1::{CheckPermissionsRequest, CheckPermissionsResponse, Permission};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::role::Role;
use crate::permissions;
use crate::state::AppState;

/// The service over the database and Identity.
#[derive(Debug, Clone)]
pub struct Permissions(AppState);

/// The service, ready to be routed to.
#[must_use]
pub fn server(state: AppState) -> PermissionServiceServer<Permissions> {
    let state = AppState { db: state.db.at_work(), ..state };
    PermissionServiceServer::new(Permissions(state)).max_decoding_message_size(rerp_kit::grpc::LARGEST_MESSAGE)
}

#[tonic::async_trait]
impl PermissionService for Permissions {
    async fn check_permissions(
        &self,
        request: Request<CheckPermissionsRequest>,
    ) -> Result<Response<CheckPermissionsResponse>, Status> {
        let CheckPermissionsRequest { account_id, human_name_id } = request.get_ref();
        let account = identifier("/account_id", account_id)?;
        let person = identifier("/human_name_id", human_name_id)?;
        let decided = permissions::of(&self.0, &self.0.db, account, person, Reach::ALL).await.map_err(Problem::from)?;
        let decided = decided.ok_or_else(|| Problem::new(NOT_FOUND).detail("there is no such account"))?;
        let permissions = decided.into_iter().map(|one| Permission {
            action: one.action.to_owned(),
            allowed: one.allowed,
            reason: one.reason.name().to_owned(),
            detail: one.detail,
            granted_by: one.granted_by.map_or("", Role::name).to_owned(),
        });
        Ok(Response::new(CheckPermissionsResponse { permissions: permissions.collect() }))
    }
}

fn identifier(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text)
        .ok_or_else(|| Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters"))
}
