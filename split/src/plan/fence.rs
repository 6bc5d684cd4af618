//! What the fence is told, and its statements as the plan shows them.

use crate::fence::{Closing, CutoverConfig, SchemaHash, Stmt, WayBack, render};
use crate::inspect::{Inventory, Table, hash_query};
use crate::names;
use crate::spec::{Direction, Side, Spec};
use std::time::Duration;
use uuid::Uuid;

/// What finishes a turn in `direction` that has been decided: tables and definitions are not asked for any more.
#[must_use]
pub fn finishing_config(spec: &Spec, direction: Direction, run: i64) -> CutoverConfig {
    CutoverConfig {
        migration: spec.migration.clone(),
        run,
        direction,
        source: spec.side(direction.start()).clone(),
        target: spec.side(direction.end()).clone(),
        tables: Vec::new(),
        unnamed: Vec::new(),
        sequences: Vec::new(),
        views: Vec::new(),
        publication: names::publication(&spec.migration, direction),
        again: direction == Direction::Back,
        way_back: WayBack::None,
        schema_hash: None,
        max_write_pause: Duration::from_millis(spec.max_write_pause_ms),
        budget: Duration::from_secs(spec.cutover_budget_s),
        sequence_margin: CutoverConfig::SEQUENCE_MARGIN,
        token_limit: CutoverConfig::TOKEN_LIMIT,
    }
}

/// The fence's configuration, from the side that is to close. `expected_hash`: the schema hash at the time of the plan;
/// without one nothing is compared. `severed`: the lines in it of foreign keys that the migration has dropped itself.
#[must_use]
pub fn cutover_config(
    spec: &Spec,
    start: &Inventory,
    run: i64,
    expected_hash: Option<String>,
    severed: &[String],
) -> CutoverConfig {
    let direction = if start.side == Side::Source { Direction::Forward } else { Direction::Back };
    let mut tables: Vec<_> = start.tables.iter().collect();
    tables.sort_by_key(|table| (table.depth, table.oid));
    let service: Vec<&str> = spec.side(start.side).roles.service().collect();
    let is_named = |table: &&Table| table.grantees.iter().any(|role| service.contains(&role.as_str()));
    let unnamed = start.tables.iter().filter(|table| table.tree.is_some() && !is_named(table));
    let query = hash_query(&start.schema, spec.tables.as_deref(), severed);
    CutoverConfig {
        tables: tables.into_iter().map(|table| table.name.clone()).collect(),
        unnamed: unnamed.map(|table| table.name.clone()).collect(),
        sequences: start.sequences.iter().map(|sequence| sequence.name.clone()).collect(),
        views: start.views().map(str::to_owned).collect(),
        schema_hash: expected_hash.map(|expected| SchemaHash { query, expected }),
        ..finishing_config(spec, direction, run)
    }
}

/// The statements of an attempt that succeeds, in order. Run 0, epoch 0 and the nil proof stand for values that only
/// the attempt itself knows.
pub(super) fn statements(spec: &Spec, source: &Inventory) -> Vec<(Side, String)> {
    let severed: Vec<String> = source.edges.iter().map(|edge| edge.line.clone()).collect();
    let config = cutover_config(spec, source, 0, Some(source.hash.clone()), &severed);
    let closing = Closing { epoch: 1, hash: ":hash".into(), pid: 0, xid: "0".into() };
    let shown = [
        (Side::Source, Stmt::P2Declare),
        (Side::Target, Stmt::P2Close),
        (Side::Source, Stmt::P5Quiet),
        (Side::Source, Stmt::F1Begin { epoch: 0 }),
        (Side::Source, Stmt::F1Journal(closing.clone())),
        (Side::Target, Stmt::F2Arm(closing)),
        (Side::Source, Stmt::F3Lock),
        (Side::Source, Stmt::F4Check),
        (Side::Source, Stmt::F5Token),
        (Side::Source, Stmt::F6Read),
        (Side::Target, Stmt::F7Flush { epoch: 1, tokens: vec![Uuid::nil()] }),
        (Side::Source, Stmt::F8Close),
        (Side::Source, Stmt::F9Proof),
        (Side::Target, Stmt::F9Open(Uuid::nil())),
        (Side::Source, Stmt::F10Tidy),
        (Side::Target, Stmt::F10Stop { epoch: 1 }),
        (Side::Source, Stmt::F10Slot),
    ];
    let way_back = [(Side::Source, Stmt::F10Enable { position: ":position".into() })];
    let way_back = way_back.into_iter().filter(|_| spec.way_back);
    shown.into_iter().chain(way_back).map(|(side, stmt)| (side, render(&stmt, &config))).collect()
}
