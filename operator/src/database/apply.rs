//! All writes of a pass, in an order in which a crash between any two does no harm. In: `Checked`,
//! `Built`. Out: `Applied`, or the outcome that stopped it.
//!
//! The NetworkPolicy comes first: who waits to be let in must not wait for a server that is in trouble.
//! The superuser's Secret comes before the server that reads it. Passwords reach the server before
//! the Secret that publishes them: an unpublished password is simply replaced by the next pass.

use super::MANAGER;
use super::build::{Built, ServerChildren};
use super::check::{Checked, Engine};
use super::engine::embedded;
use crate::cluster::apply::Applier;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::postgres::exec::Error;
use crate::postgres::plan::{Refusal, Statement};
use rerp_crds::Reason;

/// A pass that went through: everything in `checked` is now so.
pub(super) struct Applied {
    /// What was wanted, and is.
    pub(super) checked: Checked,
}

/// Applies everything.
pub(super) async fn apply(checked: Checked, built: Built, context: &Context) -> Result<Applied, Outcome> {
    let applier = context.applier(MANAGER, checked.owner.clone());
    let Built { server, binding, binding_migrate } = built;
    if let (Some(children), Engine::Embedded(engine)) = (server, &checked.engine) {
        let ServerChildren { network_policy, admin, config, service, nodes, stateful_set } = children;
        applier.apply(&network_policy).await?;
        applier.apply(&admin).await?;
        applier.apply(&config).await?;
        applier.apply(&service).await?;
        applier.apply(&nodes).await?;
        embedded::judge(&applier.apply(&stateful_set).await?, engine)?;
        let postgres = &context.postgres;
        if postgres.ensure_database(&checked.admin, &checked.server.database).await.map_err(outcome)? {
            tracing::info!(database = checked.server.database, "created a database");
        }
    }
    converge(&checked, context).await?;
    publish(&applier, [binding, binding_migrate]).await?;
    Ok(Applied { checked })
}

/// Roles, schema, extensions, passwords.
async fn converge(checked: &Checked, context: &Context) -> Result<(), Outcome> {
    let statements = context.postgres.converge(&checked.admin, &checked.wanted).await.map_err(outcome)?;
    if !statements.is_empty() {
        let passwords = statements.iter().filter(|s| matches!(s, Statement::SetVerifier { .. })).count();
        tracing::info!(
            database = checked.server.database,
            schema = checked.wanted.schema,
            statements = statements.len(),
            passwords,
            "changed the database"
        );
    }
    Ok(())
}

async fn publish(applier: &Applier, secrets: [k8s_openapi::api::core::v1::Secret; 2]) -> Result<(), Outcome> {
    for secret in &secrets {
        applier.apply(secret).await?;
    }
    Ok(())
}

/// What a failed visit to the server means for the object.
fn outcome(error: Error) -> Outcome {
    let message = error.describe();
    let reason = match &error {
        Error::Connect { .. } | Error::Roots { .. } | Error::Timeout { .. } => Reason::ServerUnreachable,
        Error::Password { .. } => Reason::AuthenticationFailed,
        Error::Statement { .. } => Reason::StatementFailed,
        Error::Refused(Refusal::ExtensionUnavailable { .. }) => Reason::ExtensionUnavailable,
        Error::Refused(Refusal::RoleTaken { .. } | Refusal::SchemaTaken { .. }) => Reason::OwnershipConflict,
    };
    if error.is_transient() { Outcome::failed(reason, message) } else { Outcome::refused(reason, message) }
}
