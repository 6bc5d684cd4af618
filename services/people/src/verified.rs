//! People of whom Identity has announced that both their contacts are proved, in the table `verified_people` of each service that wants to show them.
//! In come events; out go rows. Must not be asked whether somebody may do something: that is [`crate::Identity::proof`], which is never stale.

use futures::future::BoxFuture;
use jiff_sqlx::ToSqlx as _;
use rerp_kit::events::catalogue::UserVerified;
use rerp_kit::events::{Envelope, Handlers};
use rerp_kit::pool::Session;

/// The table, as each of these services has it in a migration.
pub const DDL: &str = include_str!("verified_people.sql");

const NOTE: &str = "INSERT INTO verified_people (human_name_id, verified_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Adds the effect of `identity.user.verified`: a row for the person, who may have nothing else here yet.
#[must_use]
pub fn noted(handlers: Handlers) -> Handlers {
    handlers.on::<UserVerified>(note)
}

fn note<'c>(
    session: &'c mut Session,
    envelope: &'c Envelope,
    event: UserVerified,
) -> BoxFuture<'c, Result<(), sqlx::Error>> {
    Box::pin(async move {
        let note = sqlx::query(NOTE).bind(event.human_name_id).bind(envelope.time.to_sqlx());
        note.execute(session.conn()).await.map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program has no effect for need not be delivered, and what isn't delivered has none.
    #[test]
    fn manifests_declare_what_these_services_read() {
        let wanted: String =
            noted(Handlers::default()).types().iter().map(|name| format!("      - {name}\n")).collect();
        for manifest in [
            include_str!("../../../manifests/platform/account.yaml"),
            include_str!("../../../manifests/platform/billing.yaml"),
            include_str!("../../../manifests/platform/fte.yaml"),
        ] {
            let read = manifest.split("    consumes:\n").nth(1).unwrap_or_default();
            assert!(read.strip_prefix(wanted.as_str()).is_some_and(|rest| !rest.starts_with("      - ")), "{manifest}");
        }
    }
}
