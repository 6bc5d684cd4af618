//! What an earlier or another migration has left on record.

use super::{Check, Findings};
use crate::inspect::Inventory;
use crate::phase::Phase;
use crate::spec::{Side, Spec};

/// Owner rows are per schema: the source must own it, no other migration be at work on it, and the target not own it.
pub(super) fn check(findings: &mut Findings, spec: &Spec, source: &Inventory, target: &Inventory) {
    if let Some(claim) = &source.around.claim {
        let other = &claim.migration;
        let is_over = |phase: &String| phase.parse().is_ok_and(|phase: Phase| phase.is_terminal());
        let at_work = claim.phase.as_ref().filter(|phase| !is_over(phase));
        if !claim.is_owner {
            let message = format!("migration {other} has moved data of this schema away and closed it");
            let fix = "give the URL of the database that owns it now; tables that stayed can be moved from a schema of their \
                       own: ALTER TABLE … SET SCHEMA …";
            findings.fatal(Check::SourceClosed, Side::Source, &source.schema, message, fix);
        } else if let Some(phase) = at_work.filter(|_| *other != spec.migration) {
            let message =
                format!("migration {other}, in {phase}, moves tables of this schema, which has one owner row");
            let fix = "wait until that migration has ended, or abort it";
            findings.fatal(Check::SchemaOfAnotherMigration, Side::Source, &source.schema, message, fix);
        }
    }
    if let Some(claim) = &target.around.claim
        && (claim.is_owner || (claim.is_armed && claim.migration != spec.migration))
    {
        let message = format!("migration {} has made this side the owner of the schema", claim.migration);
        let fix = "give the URL of a database that doesn't own this schema";
        findings.fatal(Check::TargetInUse, Side::Target, &target.schema, message, fix);
    }
}
