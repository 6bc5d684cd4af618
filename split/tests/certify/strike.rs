//! What is done to servers, sessions and the network.
//!
//! In: a disturbance that is none of the worker. Out: it has begun, and ends when `end` is told to. Signals go to processes that the
//! run's own servers have named a moment ago.

use super::eye::Eye;
use super::plan::{End, Kind, Link, Session};
use super::wire::Wire;
use crate::support::cluster::Cluster;
use rerp_split::spec::Side;
use rustix::process::{Pid, Signal, kill_process};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long somebody is looked for whose session is to be ended.
const SOMEBODY: Duration = Duration::from_secs(2);
/// How long a server whose disk was full may take to come back by itself.
const RECOVERS: Duration = Duration::from_secs(5);

const WALSENDERS: &str = "SELECT active_pid FROM pg_replication_slots
    WHERE starts_with(slot_name, 'rerp_' || $1::text || '_') AND active_pid IS NOT NULL ORDER BY 1";
const APPLY_WORKERS: &str = "SELECT pid FROM pg_stat_subscription
    WHERE starts_with(subname, 'rerp_' || $1::text || '_') AND pid IS NOT NULL ORDER BY 1";
const WORKERS: &str = "SELECT pid FROM pg_stat_activity
    WHERE starts_with(application_name, 'rerp-split/' || $1::text || '/') ORDER BY 1";
const WRITERS: &str = "SELECT pid FROM pg_stat_activity WHERE usename = $1 || '_app_a' ORDER BY 1";

/// What came of it.
pub enum Struck {
    /// It has begun.
    Begun,
    /// There was nobody, or nothing, to do it to.
    Nobody,
    /// This machine doesn't let it be done.
    Impossible,
}

/// Who can be struck.
pub struct Field<'a> {
    pub migration: &'a str,
    pub eyes: &'a mut [Eye; 2],
    pub wires: &'a [Wire; 2],
    /// How long it is meant to last; picks among several sessions too.
    pub ms: u64,
}

fn at(side: Side) -> usize {
    usize::from(side == Side::Target)
}

impl Field<'_> {
    /// Begins.
    pub async fn begin(&mut self, kind: Kind) -> Struck {
        match kind {
            Kind::WorkerKilled | Kind::WorkerFrozen | Kind::WorkerDoubled => Struck::Nobody,
            Kind::Ends(session, end) => self.end_session(session, end).await,
            Kind::Crash(side) => {
                let cluster = self.cluster(side);
                tokio::task::spawn_blocking(move || cluster.crash()).await.unwrap();
                Struck::Begun
            }
            Kind::Cut(link, side) => {
                self.ways(link, side).iter().for_each(|wire| wire.cut(link));
                Struck::Begun
            }
            Kind::Stalled(link, side) => {
                self.ways(link, side).iter().for_each(|wire| wire.stall(link));
                Struck::Begun
            }
            Kind::Full(side) => match self.cluster(side).disk() {
                None => Struck::Impossible,
                Some(disk) => {
                    if disk.fill() {
                        Struck::Begun
                    } else {
                        Struck::Nobody
                    }
                }
            },
        }
    }

    /// Ends what has begun.
    pub async fn end(&mut self, kind: Kind) {
        match kind {
            Kind::Crash(side) => self.boot(side).await,
            Kind::Cut(..) | Kind::Stalled(..) => self.wires.iter().for_each(Wire::mend),
            Kind::Full(side) => {
                if let Some(disk) = self.cluster(side).disk() {
                    disk.free();
                }
                let begun = Instant::now();
                while !self.eyes[at(side)].is_there().await {
                    if begun.elapsed() > RECOVERS {
                        let cluster = self.cluster(side);
                        tokio::task::spawn_blocking(move || cluster.crash()).await.unwrap();
                        return self.boot(side).await;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            _ => {}
        }
    }

    /// Between the servers it is both ways, or what leads back could stay.
    fn ways(&self, link: Link, side: Side) -> &[Wire] {
        match link {
            Link::Between => self.wires,
            Link::Worker => &self.wires[at(side)..=at(side)],
        }
    }

    async fn boot(&self, side: Side) {
        let cluster = self.cluster(side);
        tokio::task::spawn_blocking(move || cluster.boot()).await.unwrap();
    }

    fn cluster(&self, side: Side) -> Arc<Cluster> {
        self.eyes[at(side)].side.cluster.clone()
    }

    async fn end_session(&mut self, session: Session, end: End) -> Struck {
        let begun = Instant::now();
        while begun.elapsed() < SOMEBODY {
            if let Some((side, pid)) = self.somebody(session).await {
                return match end {
                    End::Terminated => self.terminate(side, pid).await,
                    End::Killed => killed(pid),
                };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Struck::Nobody
    }

    async fn somebody(&mut self, session: Session) -> Option<(usize, i32)> {
        let query = match session {
            Session::Walsender => WALSENDERS,
            Session::ApplyWorker => APPLY_WORKERS,
            Session::Worker => WORKERS,
            Session::Writer => WRITERS,
        };
        for side in [0, 1] {
            let database = self.eyes[side].side.database.clone();
            let name = if session == Session::Writer { &database } else { self.migration };
            let pids = self.eyes[side].pids(query, name).await;
            if !pids.is_empty() {
                return Some((side, pids[self.ms as usize % pids.len()]));
            }
        }
        None
    }

    async fn terminate(&mut self, side: usize, pid: i32) -> Struck {
        let Some(client) = self.eyes[side].client().await else { return Struck::Nobody };
        match client.query_one("SELECT pg_terminate_backend($1)", &[&pid]).await {
            Ok(row) if row.get(0) => Struck::Begun,
            _ => Struck::Nobody,
        }
    }
}

fn killed(pid: i32) -> Struck {
    match Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL)) {
        Some(Ok(())) => Struck::Begun,
        _ => Struck::Nobody,
    }
}
