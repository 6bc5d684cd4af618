//! One side as somebody outside sees it, who doesn't fall over when it is away.
//!
//! In: a side. Out: what its journal says, and who is connected; nothing while it can't be asked.

use crate::support::side::Side;
use rerp_split::journal::{self, OwnerRow, Turn, Wish};
use rerp_split::status::Status;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// How long a server may take to answer before it counts as away.
const ANSWER: Duration = Duration::from_secs(2);

/// See the file's header.
pub struct Eye {
    pub side: Side,
    client: Option<Client>,
}

impl Eye {
    pub fn new(side: Side) -> Self {
        Self { side, client: None }
    }

    /// A session of the superuser.
    pub async fn client(&mut self) -> Option<&Client> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            let config = self.side.admin_config();
            let (client, connection) = tokio::time::timeout(ANSWER, config.connect(NoTls)).await.ok()?.ok()?;
            tokio::spawn(connection);
            self.client = Some(client);
        }
        self.client.as_ref()
    }

    /// Whether it answers.
    pub async fn is_there(&mut self) -> bool {
        let Some(client) = self.client().await else { return false };
        tokio::time::timeout(ANSWER, client.batch_execute("SELECT")).await.is_ok_and(|answer| answer.is_ok())
    }

    /// What the worker says.
    pub async fn status(&mut self, migration: &str) -> Option<Status> {
        let read = journal::read_status(self.client().await?, migration);
        tokio::time::timeout(ANSWER, read).await.ok()?.ok()?
    }

    /// Who owns, as this side has it.
    pub async fn owner(&mut self) -> Option<OwnerRow> {
        let read = journal::read_owner(self.client().await?, "app");
        tokio::time::timeout(ANSWER, read).await.ok()?.ok()?
    }

    /// The highest run that has taken over.
    pub async fn run(&mut self, migration: &str) -> Option<i64> {
        let select = "SELECT run FROM rerp_split.run WHERE migration = $1";
        Some(self.client().await?.query_opt(select, &[&migration]).await.ok()??.get(0))
    }

    /// Writes how far the migration may go; whether it is written.
    pub async fn wish(&mut self, migration: &str, wish: &Wish) -> bool {
        let Some(client) = self.client().await else { return false };
        journal::write_wish(client, migration, wish).await.is_ok()
    }

    /// Writes that the data change hands; whether it is written.
    pub async fn turn(&mut self, migration: &str, turn: Turn) -> bool {
        let Some(client) = self.client().await else { return false };
        journal::write_turn(client, migration, turn).await.is_ok()
    }

    /// Processes by a query for pids that takes `name`.
    pub async fn pids(&mut self, query: &str, name: &str) -> Vec<i32> {
        let Some(client) = self.client().await else { return vec![] };
        client.query(query, &[&name]).await.unwrap_or_default().iter().map(|row| row.get(0)).collect()
    }
}
