//! The fence's three sessions: A and B on the source, one on the target.
//!
//! In: endpoints that carry the run. Out: answers. A statement that belongs to an open transaction is never sent on a
//! session that was opened after that transaction began: the session is lost, and with it the transaction.

use super::answer::Rows;
use super::error::Cause;
use super::stmt::{Place, Stmt};
use crate::connect::Endpoint;
use std::time::Duration;
use tokio_postgres::Client;

pub(super) struct Sessions {
    source: Endpoint,
    target: Endpoint,
    a: Option<Client>,
    b: Option<Client>,
    t: Option<Client>,
}

impl Sessions {
    pub(super) fn new(source: &Endpoint, target: &Endpoint) -> Self {
        Self { source: source.clone(), target: target.clone(), a: None, b: None, t: None }
    }

    /// Runs one simple query for `stmt`, connecting first where that is allowed. After any failure but the server's own
    /// refusal the session is dropped: its state is unknown.
    pub(super) async fn run(&mut self, stmt: &Stmt, place: Place, sql: &str, limit: Duration) -> Result<Rows, Cause> {
        let work = async {
            let client = self.session(place, continues(stmt)).await?;
            client.simple_query(sql).await.map(Rows::of).map_err(Cause::Query)
        };
        let answer = tokio::time::timeout(limit, work).await.unwrap_or(Err(Cause::Deadline(limit)));
        if let Err(cause) = &answer {
            self.after(place, cause, stmt).await;
        }
        answer
    }

    /// Opens what F1 to F9 need, so that no connection is made while writers are blocked.
    pub(super) async fn warm(&mut self, limit: Duration) -> Result<(), Cause> {
        let work = async {
            for place in [Place::A, Place::B, Place::Target] {
                self.session(place, false).await?;
            }
            Ok(())
        };
        tokio::time::timeout(limit, work).await.unwrap_or(Err(Cause::Deadline(limit)))
    }

    async fn session(&mut self, place: Place, continues: bool) -> Result<&Client, Cause> {
        let (slot, endpoint, purpose) = match place {
            Place::A => (&mut self.a, &self.source, "fence-a"),
            Place::B => (&mut self.b, &self.source, "fence-b"),
            Place::Target | Place::Nowhere => (&mut self.t, &self.target, "fence"),
        };
        let closed = slot.as_ref().is_none_or(Client::is_closed);
        if closed && continues {
            *slot = None;
            return Err(Cause::Gone);
        }
        if closed {
            *slot = Some(endpoint.connect(purpose).await?);
        }
        slot.as_ref().ok_or(Cause::Gone)
    }

    /// A refusal leaves the session usable, but B's and the target's transaction has to be ended.
    async fn after(&mut self, place: Place, cause: &Cause, stmt: &Stmt) {
        let refused = matches!(cause, Cause::Query(error) if error.code().is_some() && !error.is_closed());
        if refused && (place == Place::A || continues(stmt)) {
            return;
        }
        let slot = match place {
            Place::A => &mut self.a,
            Place::B => &mut self.b,
            Place::Target | Place::Nowhere => &mut self.t,
        };
        let ended = match slot {
            Some(client) if refused => tokio::time::timeout(Duration::from_secs(1), client.batch_execute("ROLLBACK"))
                .await
                .is_ok_and(|r| r.is_ok()),
            _ => false,
        };
        if !ended {
            *slot = None;
        }
    }
}

/// Whether a statement belongs to a transaction that an earlier one has begun.
fn continues(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::F3Lock
            | Stmt::F3Unlock
            | Stmt::F3Wait { .. }
            | Stmt::F8Close
            | Stmt::Retreat
            | Stmt::TakeCommit
            | Stmt::TakeRetreat
    )
}
