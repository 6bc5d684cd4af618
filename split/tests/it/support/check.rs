//! Compares the ledger with the open side.
//!
//! In: the records and a connection to the side that is open at the end, all writers stopped. Out: what is lost,
//! doubled, reordered per key, or there without having been acknowledged.

use super::ledger::Ack;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;
use tokio_postgres::Client;

/// What the comparison found; all zero but `acknowledged` is what is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub acknowledged: usize,
    pub lost: usize,
    pub duplicated: usize,
    pub reordered: usize,
    pub unacknowledged: usize,
}

impl Verdict {
    /// Nothing lost, doubled, reordered or unaccounted for.
    pub fn is_clean(&self) -> bool {
        *self == Self { acknowledged: self.acknowledged, ..Self::default() }
    }
}

struct Entry {
    key: i32,
    v: i64,
    id: i64,
}

/// Reads the open side and compares.
pub async fn compare(client: &Client, acks: &[Ack]) -> Verdict {
    let mut entries: HashMap<(i32, i64), Vec<Entry>> = HashMap::new();
    for row in client.query("SELECT writer, n, key, v, id FROM app.entry", &[]).await.unwrap() {
        let entry = Entry { key: row.get(2), v: row.get(3), id: row.get(4) };
        entries.entry((row.get(0), row.get(1))).or_default().push(entry);
    }
    let mut counters = BTreeMap::new();
    for row in client.query("SELECT key, v FROM app.item", &[]).await.unwrap() {
        counters.insert(row.get::<_, i32>(0), row.get::<_, i64>(1));
    }
    let known: BTreeSet<_> = acks.iter().map(|ack| (ack.writer, ack.n)).collect();
    Verdict {
        acknowledged: acks.len(),
        lost: acks.iter().filter(|ack| !holds(&entries, ack)).count() + lost_updates(&entries, &counters),
        duplicated: doubled(&entries, &counters),
        reordered: reordered(acks),
        unacknowledged: entries.keys().filter(|key| !known.contains(key)).count(),
    }
}

fn holds(entries: &HashMap<(i32, i64), Vec<Entry>>, ack: &Ack) -> bool {
    let found = entries.get(&(ack.writer, ack.n));
    found.is_some_and(|found| found.iter().any(|entry| entry.key == ack.key && entry.v == ack.v))
}

fn per_key(entries: &HashMap<(i32, i64), Vec<Entry>>) -> BTreeMap<i32, i64> {
    let mut counts = BTreeMap::new();
    for entry in entries.values().flatten() {
        *counts.entry(entry.key).or_default() += 1;
    }
    counts
}

/// Each entry raised its counter by one: a counter below its entries has lost updates.
fn lost_updates(entries: &HashMap<(i32, i64), Vec<Entry>>, counters: &BTreeMap<i32, i64>) -> usize {
    let missing = |(key, count): (i32, i64)| count - counters.get(&key).copied().unwrap_or(0);
    per_key(entries).into_iter().map(missing).filter(|missing| *missing > 0).sum::<i64>() as usize
}

/// Entries twice, counter values twice, sequence values twice, counters above their entries.
fn doubled(entries: &HashMap<(i32, i64), Vec<Entry>>, counters: &BTreeMap<i32, i64>) -> usize {
    let all: Vec<&Entry> = entries.values().flatten().collect();
    let values: BTreeSet<_> = all.iter().map(|entry| (entry.key, entry.v)).collect();
    let ids: BTreeSet<_> = all.iter().map(|entry| entry.id).collect();
    let counts = per_key(entries);
    let above = |(key, v): (&i32, &i64)| (v - counts.get(key).copied().unwrap_or(0)).max(0);
    (all.len() - entries.len())
        + (all.len() - values.len())
        + (all.len() - ids.len())
        + counters.iter().map(above).sum::<i64>() as usize
}

/// Per key the counter's order must agree with real time: nothing that began after an acknowledgement comes before it.
fn reordered(acks: &[Ack]) -> usize {
    let mut keys: BTreeMap<i32, Vec<&Ack>> = BTreeMap::new();
    for ack in acks {
        keys.entry(ack.key).or_default().push(ack);
    }
    let mut count = 0;
    for of_key in keys.values_mut() {
        of_key.sort_by_key(|ack| ack.v);
        let mut latest: Option<Instant> = None;
        for ack in of_key {
            count += usize::from(latest.is_some_and(|begun| ack.acked < begun));
            latest = Some(latest.map_or(ack.begun, |begun| begun.max(ack.begun)));
        }
    }
    count
}
