//! The servers of one lane: a source and a target of each version, on file systems of their own where that is allowed.
//!
//! In: what is installed. Out: pairs by the numbers that a plan has drawn. Runs of one lane come one after the other, so nobody else
//! is hurt when one of these is killed.

use super::plan::Plan;
use crate::support::cluster::Cluster;
use crate::support::cluster::installed::installed;
use crate::support::side::Side;
use rerp_split::spec;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a disk of its own holds is little, so old WAL goes early; and rests that never were last long enough to be found.
const SETTINGS: &[&str] = &["max_wal_size = '192MB'", "wal_sender_timeout = '10s'", "wal_receiver_timeout = '10s'"];

/// What is wanted of the machine by the certificate.
const WANTED: [u32; 3] = [15, 17, 18];

/// A lane's servers, started when they are needed.
#[derive(Default)]
pub struct Servers {
    running: HashMap<(u32, spec::Side), Arc<Cluster>>,
}

impl Servers {
    /// The two servers of `plan`, and their versions.
    pub async fn of(&mut self, plan: &Plan) -> ([Arc<Cluster>; 2], [u32; 2]) {
        let found = installed();
        let drawn = plan.versions.map(|version| found[version % found.len()].clone());
        let source = self.get(spec::Side::Source, drawn[0].clone()).await;
        let target = self.get(spec::Side::Target, drawn[1].clone()).await;
        ([source, target], drawn.map(|(major, _)| major))
    }

    /// Forgets all of them: after a run that broke off nobody knows how they are.
    pub fn renew(&mut self) {
        self.running.clear();
    }

    async fn get(&mut self, side: spec::Side, (major, bin): (u32, PathBuf)) -> Arc<Cluster> {
        if let Some(cluster) = self.running.get(&(major, side)) {
            return cluster.clone();
        }
        let start = move || Arc::new(Cluster::start_on_own_disk(&bin));
        let cluster = tokio::task::spawn_blocking(start).await.unwrap();
        let admin = cluster.client("postgres").await;
        for setting in SETTINGS {
            admin.batch_execute(&format!("ALTER SYSTEM SET {setting}")).await.unwrap();
        }
        admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        self.running.insert((major, side), cluster.clone());
        cluster
    }
}

/// The versions that a certificate should have and this machine hasn't.
pub fn missing() -> Vec<u32> {
    let found = installed();
    WANTED.into_iter().filter(|wanted| !found.iter().any(|(major, _)| major == wanted)).collect()
}

/// Databases that nobody needs any more, with whoever is still connected: what a lane's disks hold is little.
pub async fn drop_databases(sides: [&Side; 2]) {
    for side in sides {
        let admin = side.cluster.client("postgres").await;
        // One that has a slot stays, and so does the finding that says so.
        let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", side.database)).await;
    }
}
