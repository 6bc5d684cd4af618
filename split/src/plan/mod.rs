//! Inventory -> `Plan`: every statement of the migration, as a template, before anything is done.
//!
//! Pure and printable. Values known only at run time are named parameters (`:run`, `:password`); a plan holds no
//! secret. The hash covers the templates: approval of a plan stays valid exactly as long as the plan is the same.

mod fence;

pub use fence::{cutover_config, finishing_config};

use crate::copy;
use crate::inspect::Inventory;
use crate::names;
use crate::old_tables;
use crate::phase::Phase;
use crate::schema;
use crate::sever;
use crate::spec::{Direction, Side, Spec};
use crate::sql;
use crate::stream;
use sha2::{Digest, Sha256};
use std::fmt;

/// One statement, or one script that runs as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub phase: Phase,
    /// Where.
    pub side: Side,
    /// What, with named parameters.
    pub sql: String,
}

/// Everything that will be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In the order of execution.
    pub statements: Vec<Planned>,
}

/// The target's schema as `pg_dump` gives it.
#[derive(Clone, Debug, Default)]
pub struct Dumps {
    /// Types, functions, tables, sequences.
    pub pre_data: String,
    /// Indexes, constraints, triggers.
    pub post_data: String,
}

impl Plan {
    /// Lays the plan out.
    #[must_use]
    pub fn new(spec: &Spec, source: &Inventory, target: &Inventory, dumps: &Dumps) -> Self {
        let mut plan = Self { statements: Vec::new() };
        plan.prepare(spec, source, target, dumps);
        plan.copy(spec, source, target);
        plan.catch_up(dumps);
        if spec.way_back {
            plan.way_back(spec, source, target);
        }
        let (before, after): (Vec<_>, Vec<_>) = sever::planned(&spec.migration, &source.edges)
            .into_iter()
            .partition(|(phase, ..)| *phase == Phase::Cutover);
        for (phase, side, statement) in before {
            plan.add(phase, side, statement);
        }
        for (side, statement) in fence::statements(spec, source) {
            plan.add(Phase::Cutover, side, statement);
        }
        plan.finalize(spec);
        for (phase, side, statement) in after {
            plan.add(phase, side, statement);
        }
        for statement in old_tables::planned(spec, &source.table_names().collect::<Vec<_>>()) {
            plan.add(Phase::Finalize, Side::Source, statement);
        }
        plan
    }

    /// `sha256:<hex>` over all statements.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for planned in &self.statements {
            hasher.update(planned.phase.as_str());
            hasher.update([0]);
            hasher.update(planned.side.to_string());
            hasher.update([0]);
            hasher.update(&planned.sql);
            hasher.update([0]);
        }
        format!("sha256:{}", hex::encode(hasher.finalize()))
    }

    fn add(&mut self, phase: Phase, side: Side, sql: impl Into<String>) {
        self.statements.push(Planned { phase, side, sql: sql.into() });
    }

    fn prepare(&mut self, spec: &Spec, source: &Inventory, target: &Inventory, dumps: &Dumps) {
        let phase = Phase::Prepare;
        for statement in schema::freeze_sql(spec) {
            self.add(phase, Side::Source, statement);
        }
        self.add(phase, Side::Source, stream::publication_sql(spec, Direction::Forward, source.table_names()));
        if target.schema_owner.is_none() {
            self.add(phase, Side::Target, schema::schema_sql(spec));
        }
        self.add(phase, Side::Target, format!("SET LOCAL ROLE {}", sql::ident(&spec.target.roles.owner)));
        self.add(phase, Side::Target, dumps.pre_data.as_str());
        for statement in schema::close_sql(spec) {
            self.add(phase, Side::Target, statement);
        }
    }

    fn copy(&mut self, spec: &Spec, source: &Inventory, target: &Inventory) {
        let phase = Phase::Copy;
        self.add(phase, Side::Source, copy::lock_sql(&source.schema, source.table_names()));
        let name = format!("{}_:run", names::publication(&spec.migration, Direction::Forward));
        self.add(phase, Side::Source, copy::slot_sql(&name));
        self.add(phase, Side::Source, "SET TRANSACTION SNAPSHOT :snapshot");
        self.subscribe(spec, phase, Direction::Forward, (source.server.version, target.server.version));
        self.add(phase, Side::Target, format!("TRUNCATE {}", sql::tables(&spec.target.schema, source.table_names())));
        for table in source.tables.iter().filter(|table| table.stores()) {
            self.add(phase, Side::Source, copy::copy_out_sql(&source.schema, table, ":from", Some(":to")));
            self.add(phase, Side::Target, copy::copy_in_sql(&spec.target.schema, table));
        }
    }

    /// `versions`: of publisher and subscriber.
    fn subscribe(&mut self, spec: &Spec, phase: Phase, direction: Direction, versions: (u32, u32)) {
        for statement in stream::role_sql(&spec.migration, direction, ":verifier", false) {
            self.add(phase, direction.start(), statement);
        }
        let name = format!("{}_:run", names::publication(&spec.migration, direction));
        let subscription = stream::subscription_sql(&spec.migration, direction, (&name, &name), ":conninfo", versions);
        self.add(phase, direction.end(), subscription);
    }

    fn way_back(&mut self, spec: &Spec, source: &Inventory, target: &Inventory) {
        let (phase, way) = (Phase::Cutover, Direction::Back);
        let name = format!("{}_:run", names::publication(&spec.migration, way));
        for statement in schema::watch_sql(spec) {
            self.add(phase, way.start(), statement);
        }
        self.add(phase, way.start(), stream::publication_sql(spec, way, source.table_names()));
        let slot = format!("SELECT pg_create_logical_replication_slot({}, 'pgoutput')", sql::literal(&name));
        self.add(phase, way.start(), slot);
        self.subscribe(spec, phase, way, (target.server.version, source.server.version));
    }

    fn catch_up(&mut self, dumps: &Dumps) {
        self.add(Phase::CatchUp, Side::Target, dumps.post_data.as_str());
        self.add(Phase::CatchUp, Side::Target, "ALTER SUBSCRIPTION :subscription ENABLE");
    }

    fn finalize(&mut self, spec: &Spec) {
        let phase = Phase::Finalize;
        if spec.way_back {
            self.add(phase, Side::Source, "ALTER SUBSCRIPTION :subscription DISABLE");
            self.add(phase, Side::Source, "ALTER SUBSCRIPTION :subscription SET (slot_name = NONE)");
            self.add(phase, Side::Source, "DROP SUBSCRIPTION :subscription");
            self.add(phase, Side::Target, "SELECT pg_drop_replication_slot(:slot)");
        }
        let watch = spec.way_back.then(|| (Side::Target, names::watch_trigger(&spec.migration)));
        for (side, trigger) in [(Side::Source, names::ddl_trigger(&spec.migration))].into_iter().chain(watch) {
            for event in ["end", "drop"] {
                let trigger = sql::ident(&format!("{trigger}_{event}"));
                self.add(phase, side, format!("DROP EVENT TRIGGER IF EXISTS {trigger}"));
            }
        }
        for way in Direction::ALL.into_iter().filter(|way| spec.way_back || *way == Direction::Forward) {
            let publication = sql::ident(&names::publication(&spec.migration, way));
            self.add(phase, way.start(), format!("DROP PUBLICATION IF EXISTS {publication}"));
            let role = sql::ident(&names::replication_role(&spec.migration, way));
            self.add(phase, way.start(), format!("DROP OWNED BY {role}; DROP ROLE {role}"));
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for planned in &self.statements {
            writeln!(
                f,
                "-- {} on the {}\n{};\n",
                planned.phase,
                planned.side,
                planned.sql.trim_end_matches([';', '\n'])
            )?;
        }
        write!(f, "-- plan hash {}", self.hash())
    }
}
