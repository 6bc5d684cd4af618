//! One connection of a writer, and its statement. In: a side. Out: whether a transaction was acknowledged.

use tokio_postgres::{Client, Config, NoTls, Statement};

/// See the file's header.
pub(super) struct Session {
    client: Client,
    prepared: Option<Statement>,
}

impl Session {
    /// None if the side lets nobody in.
    pub(super) async fn open(side: &Config) -> Option<Self> {
        let (client, connection) = side.connect(NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(Self { client, prepared: None })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Has the statement planned, if the side already has the tables.
    pub(super) async fn prepare(&mut self, statement: &str) {
        if self.prepared.is_none() {
            self.prepared = self.client.prepare(statement).await.ok();
        }
    }

    /// One transaction. False: it was refused, or nobody knows.
    pub(super) async fn write(&mut self, statement: &str, key: i64, writer: u32, n: i64) -> bool {
        self.prepare(statement).await;
        let Some(prepared) = &self.prepared else { return false };
        self.client.execute(prepared, &[&key, &i64::from(writer), &n]).await.is_ok()
    }
}
