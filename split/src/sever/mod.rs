//! Foreign keys between moving and staying tables: none can span two databases, so they are dropped right before the
//! cutover, compared across the databases from then on, and made again if the migration is taken back.
//!
//! Read `statement` and `query` (all SQL, pure), `scan` (before), `cut` (the severing), `watch` and `compare` (after),
//! `restore` and `undo` (back), `release` (the end). `rows` is what the journal holds; `lock` is how live tables are changed.

mod compare;
mod cut;
mod dump;
mod lock;
mod query;
mod release;
mod report;
mod restore;
mod rows;
mod scan;
mod statement;
mod undo;
mod watch;

pub use cut::{Severing, arm, cut, intend, lines, sever};
pub use dump::{NotFound, leave_out};
pub use query::list_sql;
pub use release::release;
pub use report::{ORPHANS, Report, report};
pub use restore::restore;
pub use rows::{Severed, State, read};
pub use scan::scan;
pub use statement::by_hand_sql;
pub use undo::{Undone, undo};
pub use watch::watch;

use crate::inspect::Edge;
use crate::phase::Phase;
use crate::spec::Side;

/// The statements as the plan shows them: when, where, what.
#[must_use]
pub fn planned(migration: &str, edges: &[Edge]) -> Vec<(Phase, Side, String)> {
    let mut all = Vec::new();
    for (number, edge) in (1..).zip(edges) {
        if !edge.child_moves {
            let on_target = statement::capture_sql(migration, number, edge);
            all.extend(on_target.into_iter().map(|sql| (Phase::Cutover, Side::Target, sql)));
        }
        let mut on_source = vec![statement::lock_sql(edge)];
        on_source.extend(statement::capture_sql(migration, number, edge));
        on_source.push(statement::drop_sql(edge));
        all.extend(on_source.into_iter().map(|sql| (Phase::Cutover, Side::Source, sql)));
    }
    for (number, edge) in (1..).zip(edges) {
        for sql in statement::release_sql(migration, number, edge) {
            all.push((Phase::Finalize, Side::Source, sql.clone()));
            if !edge.child_moves {
                all.push((Phase::Finalize, Side::Target, sql));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::EdgeColumn;

    /// `stay.note.item` refers to the moving `app.item.key`.
    pub(super) fn edge() -> Edge {
        let column = EdgeColumn {
            child: "item".into(),
            parent: "key".into(),
            type_name: "integer".into(),
            operators: "pg_catalog".into(),
            plain: true,
        };
        Edge {
            name: "note_item_fkey".into(),
            child: "stay.note".into(),
            parent: "app.item".into(),
            child_oid: 1,
            parent_oid: 2,
            definition: "FOREIGN KEY (item) REFERENCES app.item(key)".into(),
            validated: true,
            columns: vec![column],
            ..Edge::default()
        }
    }

    #[test]
    fn the_plan_shows_what_is_done_on_either_side() {
        let sides = |edge: Edge| planned("m", &[edge]).into_iter().map(|(_, side, _)| side).collect::<Vec<_>>();
        assert!(sides(edge()).contains(&Side::Target), "a parent that moves is watched there");
        assert!(!sides(Edge { child_moves: true, ..edge() }).contains(&Side::Target));
    }
}
