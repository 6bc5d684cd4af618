//! The ledger: what the databases have acknowledged, kept outside of them.
//!
//! In: one record per acknowledged commit. Out: all of them, and the pause as clients saw it. Tables that writers use:
//! `entry` (one row per operation, keyed by writer and number) and `item` (one counter per key).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The tables that the writers use, created as the schema's owner.
pub const TABLES: &str = "
    CREATE TABLE item (key integer PRIMARY KEY, v bigint NOT NULL DEFAULT 0);
    CREATE TABLE entry (
        writer integer NOT NULL, n bigint NOT NULL, key integer NOT NULL, v bigint NOT NULL,
        id bigserial NOT NULL UNIQUE, PRIMARY KEY (writer, n));";

/// One acknowledged commit.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    /// Who wrote it, and which of its operations it was: together the idempotent key.
    pub writer: i32,
    pub n: i64,
    /// The counter that was raised, and what it was raised to.
    pub key: i32,
    pub v: i64,
    /// When the transaction that was acknowledged began, and when its acknowledgement came.
    pub begun: Instant,
    pub acked: Instant,
}

/// Records of all writers.
#[derive(Default)]
pub struct Ledger {
    acks: Mutex<Vec<Ack>>,
    errors: Mutex<BTreeMap<String, u64>>,
}

impl Ledger {
    /// Writes down an acknowledged commit.
    pub fn acknowledge(&self, ack: Ack) {
        self.acks.lock().unwrap().push(ack);
    }

    /// Counts an error by SQLSTATE, or by what it was.
    pub fn error(&self, what: &str) {
        *self.errors.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    /// How many commits were acknowledged so far.
    pub fn len(&self) -> usize {
        self.acks.lock().unwrap().len()
    }

    /// A copy of all records.
    pub fn acks(&self) -> Vec<Ack> {
        self.acks.lock().unwrap().clone()
    }

    /// Errors by SQLSTATE.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.lock().unwrap().clone()
    }

    /// The longest time without an acknowledged commit between `from` and `to`.
    pub fn longest_gap(&self, from: Instant, to: Instant) -> Duration {
        let mut times: Vec<Instant> = self.acks().iter().map(|ack| ack.acked).collect();
        times.retain(|at| (from..=to).contains(at));
        times.extend([from, to]);
        times.sort();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }
}
