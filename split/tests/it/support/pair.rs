//! Two sides ready for the fence: the writers' tables on both, journal installed, owner rows registered.
//!
//! In: a name. Out: sides, spec, run number, and the fence's configuration for them. No stream yet.

use super::cluster::{Cluster, shared};
use super::ledger::TABLES;
use super::side::{Side, unique};
use super::stream;
use rerp_split::connect::Endpoint;
use rerp_split::fence::{CutoverConfig, WayBack};
use rerp_split::journal::{self, Wish, run};
use rerp_split::phase::Phase;
use rerp_split::spec::{
    self, CleanupSpec, CopySpec, Direction, EvidenceSpec, ForeignKeySpec, ReplicationSpec, Spec, VerificationSpec,
};
use std::sync::Arc;
use std::time::Duration;

/// The tables of `ledger::TABLES` in the order of their OIDs, and their sequences.
pub const MOVING: [&str; 2] = ["item", "entry"];
pub const SEQUENCES: [&str; 1] = ["entry_id_seq"];

/// A migration from one side to the other.
#[derive(Clone)]
pub struct Pair {
    pub source: Side,
    pub target: Side,
    pub spec: Spec,
    pub run: i64,
}

impl Pair {
    /// Two new databases on the shared servers.
    pub async fn create(stem: &str) -> Self {
        let (one, two) = shared();
        Self::create_on(one, two, stem).await
    }

    /// Two new databases on given servers.
    pub async fn create_on(one: Arc<Cluster>, two: Arc<Cluster>, stem: &str) -> Self {
        let name = unique(stem);
        let source = Side::create(one, &format!("{name}_s")).await;
        let target = Side::create(two, &format!("{name}_t")).await;
        for side in [&source, &target] {
            side.migrate().await.batch_execute(TABLES).await.unwrap();
            journal::ensure(&side.admin().await).await.unwrap();
        }
        // What the engine does when it creates the tables: nobody may write to the target before it is opened.
        let service: Vec<&str> = target.roles.service().collect();
        let close = format!("REVOKE ALL ON ALL TABLES IN SCHEMA app FROM {}", service.join(", "));
        target.admin().await.batch_execute(&close).await.unwrap();
        Self::between(source, target, &unique("m")).await
    }

    /// A new migration between existing sides, `source` being open.
    pub async fn between(source: Side, target: Side, migration: &str) -> Self {
        let spec = Spec {
            migration: migration.to_owned(),
            source: source.spec(),
            target: target.spec(),
            tables: None,
            max_write_pause_ms: 2000,
            cutover_budget_s: 60,
            copy: CopySpec::default(),
            replication: ReplicationSpec::default(),
            foreign_keys: ForeignKeySpec::default(),
            evidence: EvidenceSpec::default(),
            verification: VerificationSpec::default(),
            way_back: false,
            cleanup: CleanupSpec::default(),
        };
        let (from, to) = (source.admin().await, target.admin().await);
        let run = run::claim(&from, &to, migration).await.unwrap();
        journal::register(&from, &to, run, &spec).await.unwrap();
        let wish =
            Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
        journal::write_wish(&from, migration, &wish).await.unwrap();
        Self { source, target, spec, run }
    }

    /// Starts the stream of the moving tables.
    pub async fn stream(&self) {
        stream::start(&self.spec.migration, &self.source, &self.target, &MOVING).await;
    }

    /// Takes the migration over as a new worker would.
    pub async fn claim(&mut self) {
        let (from, to) = (self.source.admin().await, self.target.admin().await);
        self.run = run::claim(&from, &to, &self.spec.migration).await.unwrap();
    }

    /// Both endpoints as this worker uses them.
    pub fn endpoints(&self) -> (Endpoint, Endpoint) {
        let endpoint = |side, url: String| Endpoint::parse(side, &url, &self.spec.migration).unwrap().for_run(self.run);
        (endpoint(spec::Side::Source, self.source.url()), endpoint(spec::Side::Target, self.target.url()))
    }

    /// The fence's configuration. Generous limits: other tests run on the same machine.
    pub fn config(&self) -> CutoverConfig {
        CutoverConfig {
            migration: self.spec.migration.clone(),
            run: self.run,
            direction: Direction::Forward,
            source: self.spec.source.clone(),
            target: self.spec.target.clone(),
            tables: MOVING.map(str::to_owned).to_vec(),
            sequences: SEQUENCES.map(str::to_owned).to_vec(),
            views: Vec::new(),
            unnamed: Vec::new(),
            publication: stream::publication(&self.spec.migration),
            again: false,
            way_back: WayBack::None,
            schema_hash: None,
            max_write_pause: Duration::from_millis(self.spec.max_write_pause_ms),
            budget: Duration::from_secs(self.spec.cutover_budget_s),
            sequence_margin: CutoverConfig::SEQUENCE_MARGIN,
            token_limit: Duration::from_secs(1),
        }
    }
}
