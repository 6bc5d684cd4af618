//! Starts what a service needs of events. In come its parts and what it wants; out go tasks that end with it. Must not wait for the broker.

use std::sync::Arc;

use uuid::Uuid;

use super::handlers::Handlers;
use super::looks::LOOK;
use super::reader::{self, Reader};
use super::relay::{self, Relay};
use super::{inbox, outbox};
use crate::app::Parts;
use crate::pool::{Db, DbError, Session};

/// Publishes what this service announces, from now on. For services with the tables of [`outbox::DDL`].
pub fn announce(parts: &Parts) {
    let (db, metrics, stop) = (parts.db.at_work(), parts.metrics.events.clone(), parts.stop.clone());
    match &parts.bus {
        Some(broker) => drop(tokio::spawn(relay::keep(Relay::new(db, Arc::clone(broker), metrics), stop))),
        None => {
            tracing::info!("RERP_BUS_URL is not set: events are written down and published to nobody");
            drop(tokio::spawn(relay::keep_unheard(db, metrics, stop)));
        }
    }
}

/// Has events of others have their effects here, from now on. For services with the table of [`inbox::DDL`].
pub fn follow(parts: &Parts, handlers: Handlers) {
    let reader = Reader::new(parts.db.at_work(), handlers, parts.metrics.events.clone());
    let idle = match &parts.bus {
        Some(broker) => {
            drop(tokio::spawn(reader::keep_stored(reader.clone(), Arc::clone(broker), parts.stop.clone())));
            reader::IDLE
        }
        // Nothing comes. What came while there was a broker still has its effect.
        None => LOOK,
    };
    drop(tokio::spawn(reader::keep_working(reader, idle, parts.stop.clone())));
}

/// How many events that were given up go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// To be published.
    pub outbox: u64,
    /// To have their effect.
    pub inbox: u64,
}

/// Lets everything go on that was given up, in the tables that the service has.
///
/// # Errors
/// See [`DbError`].
pub async fn replay(db: &Db) -> Result<Replayed, DbError> {
    db.run(&(), |session, ()| Box::pin(replay_in(session, None))).await
}

/// The same of one event, or of all.
///
/// # Errors
/// The driver's.
pub(super) async fn replay_in(session: &mut Session, id: Option<Uuid>) -> Result<Replayed, sqlx::Error> {
    let (has_outbox, has_inbox) = tables(session).await?;
    Ok(Replayed {
        outbox: if has_outbox { outbox::let_go_on(session, id).await? } else { 0 },
        inbox: if has_inbox { inbox::let_go_on(session, id).await? } else { 0 },
    })
}

/// Whether the service has an outbox, and an inbox.
///
/// # Errors
/// The driver's.
pub(super) async fn tables(session: &mut Session) -> Result<(bool, bool), sqlx::Error> {
    let tables = "SELECT to_regclass('outbox') IS NOT NULL, to_regclass('inbox') IS NOT NULL";
    sqlx::query_as(tables).fetch_one(session.conn()).await
}
