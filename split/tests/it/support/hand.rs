//! A fence that is put together by hand, statement by statement, to leave one out: here and nowhere else.
//!
//! In: a pair whose stream runs. Out: sessions, the steps as they should be, and a client's transaction in their way.

use super::eventually;
use super::ledger::{Ack, Ledger};
use super::pair::Pair;
use rerp_split::fence::{Closing, CutoverConfig, Stmt, render};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

/// Sends a statement and returns the value in `column`, if there is one.
pub async fn send(client: &Client, sql: &str, column: &str) -> Option<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let value = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) if row.columns().iter().any(|c| c.name() == column) => {
            row.get(column).map(str::to_owned)
        }
        _ => None,
    };
    messages.iter().find_map(value)
}

/// The sessions of a fence that is put together by hand.
pub struct Hand {
    pub cfg: CutoverConfig,
    pub a: Client,
    pub b: Client,
    pub t: Client,
}

impl Hand {
    pub async fn new(pair: &Pair) -> Self {
        let (source, target) = pair.endpoints();
        let (a, b) = (source.connect("a").await.unwrap(), source.connect("b").await.unwrap());
        // A hand is slower than the program.
        let cfg = CutoverConfig { max_write_pause: Duration::from_secs(10), ..pair.config() };
        Self { cfg, a, b, t: target.connect("t").await.unwrap() }
    }

    pub async fn run(&self, client: &Client, stmt: &Stmt, column: &str) -> Option<String> {
        send(client, &render(stmt, &self.cfg), column).await
    }

    /// P2, F1 and F2 as they should be.
    pub async fn begin(&self) {
        self.run(&self.b, &Stmt::P2Declare, "").await;
        self.run(&self.t, &Stmt::P2Close, "").await;
        let messages = self.a.simple_query(&render(&Stmt::F1Begin { epoch: 0 }, &self.cfg)).await.unwrap();
        let row = messages
            .into_iter()
            .find_map(|message| match message {
                SimpleQueryMessage::Row(row) if row.columns().iter().any(|c| c.name() == "hash") => Some(row),
                _ => None,
            })
            .unwrap();
        let hash = row.get("hash").unwrap().to_owned();
        let closing = Closing { epoch: 1, hash, pid: 0, xid: "3".to_owned() };
        self.run(&self.t, &Stmt::F2Arm(closing), "").await;
    }

    /// F3 beside writers: tried until it is granted.
    pub async fn lock(&self) {
        while self.a.simple_query(&render(&Stmt::F3Lock, &self.cfg)).await.is_err() {
            self.run(&self.a, &Stmt::F3Unlock, "").await;
        }
    }

    /// F5, F7 as they should be.
    pub async fn drain(&self) {
        let token: Uuid = self.run(&self.b, &Stmt::F5Token, "token").await.unwrap().parse().unwrap();
        eventually("the token", Duration::from_secs(20), || async {
            self.run(&self.t, &Stmt::F5Look(token), "answer").await.as_deref() == Some("t")
        })
        .await;
        assert!(self.run(&self.t, &Stmt::F7Flush { epoch: 1, tokens: vec![token] }, "lsn").await.is_some());
    }

    /// F9 with the proof as `reader` sees it.
    pub async fn open(&self, reader: &Client) {
        let proof = send(reader, "SELECT proof FROM rerp_split.owner", "proof").await.unwrap();
        let open = Stmt::F9Open(proof.parse().unwrap());
        assert_eq!(self.run(&self.t, &open, "answer").await.as_deref(), Some("t"));
    }
}

/// A transaction of a client that has written on the source, with a counter of its own, and is not committed yet.
pub struct InFlight {
    client: Client,
    ack: Ack,
}

impl InFlight {
    pub async fn begin(pair: &Pair, key: i32) -> Self {
        let client = pair.source.app().await;
        let write = format!(
            "BEGIN; INSERT INTO item VALUES ({key}); UPDATE item SET v = v + 1 WHERE key = {key};
             INSERT INTO entry (writer, n, key, v) VALUES (99, 1, {key}, 1)"
        );
        client.batch_execute(&write).await.unwrap();
        let now = Instant::now();
        Self { client, ack: Ack { writer: 99, n: 1, key, v: 1, begun: now, acked: now } }
    }

    pub async fn commit(mut self, ledger: &Ledger) {
        self.client.batch_execute("COMMIT").await.unwrap();
        self.ack.acked = Instant::now();
        ledger.acknowledge(self.ack);
    }
}
