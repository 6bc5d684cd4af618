//! What must be left when all is over.
//!
//! In: a migration that has ended. Out: how much had been acknowledged; whatever is not as it must be fails.

use super::catalogs::{closed, difference, everything, journal as journal_rows, renamed};
use super::play::{Play, owned_at};
use crate::support::side::Side;
use crate::support::{check, eventually};
use crate::world::LIMIT;
use rerp_split::journal;
use rerp_split::names;
use rerp_split::spec::Direction;
use tokio_postgres::error::SqlState;

/// Tables that always move.
const MOVING: [&str; 3] = ["item", "entry", "child"];

impl Play {
    /// Both sides are as they were, and the source has all that was acknowledged; how much that is.
    pub async fn nothing_is_left(self, orphan: bool) -> usize {
        let findings = self.status().await.findings;
        self.forget().await;
        let after = [everything(&self.source).await, everything(&self.target).await];
        let mut changed = [0, 1].map(|side| difference(&self.before[side], &after[side]));
        if orphan {
            assert!(findings.iter().any(|finding| finding.id == "orphans"), "{findings:?}");
            let [source, _] = &mut changed;
            assert_eq!(source.len(), 2, "{source:?}");
            assert!(source.iter().all(|line| line.contains("note_item_fkey")), "{source:?}");
            assert!(source[1].contains(" f f ") && source[1].contains("NOT VALID"), "{source:?}");
            source.clear();
        }
        let nothing: [Vec<String>; 2] = [vec![], vec![]];
        assert_eq!(changed, nothing);
        assert_eq!(difference(&self.still, &still(self.world.contents().await.0)), Vec::<String>::new());
        let (side, other) = (self.world.source.clone(), self.world.target.clone());
        self.agrees(side, other).await
    }

    /// The target owns, open as the source was; the source has kept its tables, closed; no side object is left on either.
    pub async fn detached(self, severed: bool) -> usize {
        let owned = (owned_at(&self.source).await, owned_at(&self.target).await);
        assert!(matches!(owned, (None, Some(_))), "{owned:?}");
        self.forget().await;
        for client in [&self.source, &self.target] {
            assert_eq!(journal_rows(client, &self.world.migration).await, ["owner"]);
        }
        // A key between the two ends with them in two databases, and what stays doesn't move.
        let of_keys = |line: &String| {
            // The superuser has made this table: nobody has rights on it by default, nor where it goes, where that is written down.
            let parts = ["stay.", " stay", "FOREIGN KEY", "grant on app.member"];
            parts.iter().any(|part| line.contains(part))
        };
        let moved = |line: &String| !(severed && of_keys(line));
        let kept = |lines: &[String]| lines.iter().filter(|line| moved(line)).cloned().collect::<Vec<_>>();
        let (from, to) = (&self.world.source.database, &self.world.target.database);
        let after = [everything(&self.source).await, everything(&self.target).await];
        assert_eq!(
            difference(&kept(&closed(&self.before[0])), &kept(&closed(&after[0]))),
            Vec::<String>::new(),
            "source"
        );
        self.is_closed(&after[0]).await;
        let expected = renamed(&self.before[0], from, to);
        assert_eq!(difference(&kept(&expected), &kept(&renamed(&after[1], from, to))), Vec::<String>::new(), "target");
        let prefix = names::prefix(&self.world.migration);
        let left: Vec<&String> = after.iter().flatten().filter(|line| line.contains(&prefix)).collect();
        assert!(left.is_empty(), "{left:?}");
        let (old, new) = self.world.contents().await;
        assert_eq!(difference(&self.still, &still(old)), Vec::<String>::new(), "the source's rows");
        assert_eq!(difference(&self.still, &still(new)), Vec::<String>::new(), "the target's rows");
        let (side, other) = (self.world.target.clone(), self.world.source.clone());
        self.agrees(side, other).await
    }

    /// No table that has moved can be used by the service on the source, by rights or by its guard.
    async fn is_closed(&self, source: &[String]) {
        for table in MOVING {
            let granted = format!("grant on app.{table} {}", self.world.source.database);
            assert!(!source.iter().any(|line| line.starts_with(&granted)), "{granted}: {source:#?}");
            let guarded = |line: &&String| {
                line.starts_with(&format!("trigger app.{table} ")) && line.contains("rerp_split_guard")
            };
            assert!(source.iter().any(|line| guarded(&line)), "{table} has no guard: {source:#?}");
        }
        let written = self.world.source.app().await.batch_execute("DELETE FROM app.item").await;
        assert_eq!(written.unwrap_err().code().map(SqlState::code), Some("42501"));
    }

    /// What the operator does last.
    async fn forget(&self) {
        for client in [&self.source, &self.target] {
            // The server may still be busy with the last statement of a worker that is gone.
            let forgotten = || async { journal::forget(client, &self.world.migration).await.is_ok() };
            eventually("the journal is forgotten", LIMIT, forgotten).await;
        }
    }

    /// The ledger agrees with `side`, no role is left, and the databases can go.
    async fn agrees(self, side: Side, other: Side) -> usize {
        let roles = Direction::ALL.map(|way| names::replication_role(&self.world.migration, way)).to_vec();
        for client in [&self.source, &self.target] {
            let left = client.query("SELECT FROM pg_roles WHERE rolname = ANY($1)", &[&roles]).await.unwrap();
            assert!(left.is_empty(), "a login of the migration is left");
        }
        let ledger = self.writers.stop().await;
        let verdict = check::compare(&side.admin().await, &ledger.acks()).await;
        assert!(verdict.is_clean(), "{verdict:?} {:?}", ledger.errors());
        drop((self.source, self.target));
        for side in [side, other] {
            let admin = side.cluster.client("postgres").await;
            admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", side.database)).await.unwrap();
        }
        verdict.acknowledged
    }
}

/// The rows that the writers leave alone.
pub(super) fn still(rows: Vec<String>) -> Vec<String> {
    rows.into_iter().filter(|row| !row.starts_with("item ") && !row.starts_with("entry ")).collect()
}
