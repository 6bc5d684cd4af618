//! The demo's platform for whoever goes on with it after the story: how it is made, its load, its ledgers and their judge. In: a cluster. Out:
//! figures and findings. Must not judge anything itself: what is lost or doubled says `ledger.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::api::Api;
use super::kube::Kube;
use super::postgres::{Place, Side, Traces};
pub(crate) use super::traffic::Wish;
use super::traffic::{self, Load};
use super::{Error, READY, dump, journeys, ledger, ready, reset, seed};
use crate::cluster::Cluster;
use crate::deploy;
use crate::paths::Paths;
use crate::progress::Step;

/// A cluster, with the demo's ways into it.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    cluster: &'a Cluster,
    api: Api,
}

/// The load, as its generator saw it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flow {
    pub(crate) running: bool,
    /// Requests, of forms and of journeys.
    pub(crate) total: u64,
    /// Acknowledged writes.
    pub(crate) acknowledged: u64,
    pub(crate) failed: u64,
    /// Failures by reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Journeys that began, and those that came to their end.
    pub(crate) journeys: u64,
    pub(crate) completed: u64,
    /// Journeys and companies that were shown something else than had been acknowledged.
    pub(crate) contradicting: u64,
}

/// Acknowledged writes against the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    pub(crate) acknowledged: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) different: u64,
    /// Of a request that failed or was cut off, and that had its effect all the same.
    pub(crate) unacknowledged: u64,
    /// The first findings in words.
    pub(crate) examples: Vec<String>,
}

/// A run of the load that has ended.
#[derive(Debug)]
pub(crate) struct Ended(Load);

impl Ended {
    /// Its figures.
    pub(crate) fn flow(&self) -> Flow {
        Flow::of(&self.0)
    }

    /// When it began (RFC 3339).
    pub(crate) fn since(&self) -> &str {
        &self.0.started_at
    }
}

impl Flow {
    fn of(load: &Load) -> Self {
        Self {
            running: load.running,
            total: load.total,
            acknowledged: load.acknowledged,
            failed: load.failed,
            reasons: load.reasons.clone(),
            journeys: load.journeys.started,
            completed: load.journeys.completed,
            contradicting: load.journeys.contradicting + load.companies.contradicting,
        }
    }
}

impl<'a> Stage<'a> {
    /// Opens the ways in.
    pub(crate) fn open(cluster: &'a Cluster) -> Result<Self, Error> {
        Ok(Self { cluster, api: Api::open(cluster)? })
    }

    fn kube(&self) -> Kube<'_> {
        Kube { cluster: self.cluster, api: &self.api }
    }

    /// A new platform on one shared database with so many rows; the one before goes with its data.
    pub(crate) fn raise(&self, paths: &Paths, rows: u64) -> Result<(), Error> {
        reset::run(self.kube())?;
        let step = Step::begin("The platform on one shared database: kubectl apply -k manifests/platform");
        deploy::kustomize(paths, self.cluster, "platform")?;
        step.done("applied");
        self.ready("sdb,rsvc", READY)?;
        seed::run(paths, self.kube(), rows)
    }

    /// Waits until everything of these kinds is Ready.
    pub(crate) fn ready(&self, kinds: &str, limit: Duration) -> Result<(), Error> {
        ready::all(self.kube(), kinds, limit)
    }

    /// Starts forms and journeys; they end by themselves after so many seconds.
    pub(crate) fn start(&self, wish: Wish) -> Result<(), Error> {
        traffic::start(self.kube(), wish).map(drop)
    }

    /// How the load goes.
    pub(crate) fn flow(&self) -> Result<Flow, Error> {
        traffic::report(self.kube()).map(|load| Flow::of(&load))
    }

    /// Ends the load and waits for answers still out.
    pub(crate) fn stop(&self) -> Result<Ended, Error> {
        traffic::stop(self.kube()).map(Ended)
    }

    /// Compares every acknowledged write of the run with the rows; `servers` says which server holds a service's.
    pub(crate) fn judge(&self, ended: &Ended, servers: &BTreeMap<&'static str, String>) -> Result<Kept, Error> {
        let kube = self.kube();
        let place = |service: &'static str| {
            let database = servers.get(service).map_or("monolith", String::as_str);
            Place { now: Side { kube, database, schema: service }, before: None }
        };
        let traces = Traces {
            run: &ended.0.run,
            since: &ended.0.started_at,
            identity: place("identity"),
            account: place("account"),
            marketing: place("marketing"),
            billing: place("billing"),
            fte: place("fte"),
        };
        let rows = traces.read()?;
        let mut verdict = ledger::judge(&traffic::ledger(kube)?, &rows);
        journeys::judge(&traffic::journeys(kube)?, &rows, &mut verdict);
        Ok(Kept {
            acknowledged: verdict.acknowledged,
            lost: verdict.lost,
            duplicated: verdict.duplicated,
            different: verdict.different,
            unacknowledged: verdict.unacknowledged,
            examples: verdict.examples,
        })
    }

    /// Writes down what a person needs after a failure.
    pub(crate) fn dump(&self, dir: &Path) {
        dump::everything(self.kube(), dir);
    }
}
