//! Events while the tables move to another server: nothing is lost, nothing has two effects, nothing overtakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{OVERTAKEN, ddl, handlers, tell};
use crate::support::{Split, open, until};
use rerp_kit::events::memory::Memory;
use rerp_kit::events::reader::{IDLE, Reader, keep_stored, keep_working};
use rerp_kit::events::relay::{Relay, keep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const TABLES: [&str; 6] = ["outbox_subjects", "outbox", "outbox_relay", "inbox", "effects", "trouble"];
const DONE: &str = "SELECT count(*) FROM svc.effects";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_has_one_effect_across_a_cutover() {
    let split = Split::new(&ddl(), &TABLES).await;
    let (db, metrics) = open(split.dir()).await;
    let db = db.at_work();
    let (memory, stop) = (Memory::default(), CancellationToken::new());
    let seat = memory.seat("self", &["account.created"]);
    let reader = Reader::new(db.clone(), handlers(), metrics.events.clone());
    tokio::spawn(keep(Relay::new(db.clone(), Arc::clone(&seat), metrics.events.clone()), stop.clone()));
    tokio::spawn(keep_stored(reader.clone(), seat, stop.clone()));
    tokio::spawn(keep_working(reader, IDLE, stop.clone()));

    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (db, done, subject) = (db.clone(), Arc::clone(&done), Uuid::now_v7());
            tokio::spawn(async move {
                let mut told = 0;
                while !done.load(Ordering::Relaxed) {
                    tell(&db, subject).await.expect("no write fails");
                    told += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                told
            })
        })
        .collect();
    until("events have effects", || async { split.source.number(DONE).await > 20 }).await;
    split.prepare().await;
    until("the next side is warm", || async { split.target.connections().await >= 2 }).await;
    split.close_source().await;
    let moved = split.target.number(DONE).await;
    until("events have effects on the other side", || async { split.target.number(DONE).await > moved + 20 }).await;
    done.store(true, Ordering::Relaxed);
    let mut told: i64 = 0;
    for writer in writers {
        told += writer.await.unwrap();
    }
    until("all is done", || async { split.target.number(DONE).await >= told }).await;
    stop.cancel();
    assert_eq!(split.target.number(DONE).await, told);
    assert_eq!(split.target.number("SELECT count(DISTINCT event) FROM svc.effects").await, told);
    assert_eq!(split.target.number(OVERTAKEN).await, 0);
}
