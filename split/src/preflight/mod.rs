//! Inventory of both sides -> findings. Pure: no session, no clock.
//!
//! One function per subject, each a list of checks that don't know of each other. A finding names the object and the
//! exact statement or setting that mends it. Fatal is what could lose data, serve stale data, or hang.

mod checks;
mod defaults;
mod foreign_keys;
mod journal;
mod left;
mod limits;
mod neighbours;
mod objects;
mod replication;
mod rights;
mod roles;
mod servers;
mod tables;
mod wal;

pub use checks::Check;
pub use wal::limit;

use crate::inspect::Inventory;
use crate::spec::{DO_WITHOUT, Side, Spec};
use crate::status::{Finding, Severity};

/// Everything that stands between the two sides and a migration, fatal findings first.
#[must_use]
pub fn check(spec: &Spec, source: &Inventory, target: &Inventory, pg_dump_major: Option<u32>) -> Vec<Finding> {
    let mut findings = Findings::default();
    servers::both(&mut findings, source, target, pg_dump_major);
    replication::publisher(&mut findings, source);
    replication::transactions(&mut findings, &source.server);
    wal::check(&mut findings, spec, source);
    replication::subscriber(&mut findings, target);
    limits::check(&mut findings, spec, source, target);
    defaults::check(&mut findings, source, target);
    rights::check(&mut findings, source);
    rights::check(&mut findings, target);
    journal::check(&mut findings, spec, source, target);
    if spec.way_back {
        way_back(&mut findings, source, target);
    }
    tables::check(&mut findings, source);
    tables::policies(&mut findings, source, target);
    left::check(&mut findings, source, target);
    foreign_keys::check(&mut findings, spec.foreign_keys, source);
    objects::source(&mut findings, source);
    objects::target(&mut findings, spec, source, target);
    neighbours::check(&mut findings, &spec.source.roles.owner, source, target);
    roles::check(&mut findings, spec, source);
    roles::check(&mut findings, spec, target);
    findings.0.sort_by(|a, b| (b.severity, a.side, &a.id, &a.object).cmp(&(a.severity, b.side, &b.id, &b.object)));
    findings.0
}

/// The same servers the other way round. One can do without.
fn way_back(findings: &mut Findings, source: &Inventory, target: &Inventory) {
    let mut more = Findings::default();
    replication::publisher(&mut more, target);
    replication::subscriber(&mut more, source);
    servers::target_host(&mut more, &source.server, &target.server);
    findings.0.extend(more.0.into_iter().map(|finding| Finding {
        message: format!("for a way back: {}", finding.message),
        fix: format!("{}; {DO_WITHOUT}", finding.fix),
        ..finding
    }));
}

/// What there is to say if `plan` is another plan than the approved one; both are hashes. Without a plan the findings say why.
#[must_use]
pub fn approved(plan: Option<&str>, approved: Option<&str>) -> Option<Finding> {
    let (plan, approved) = (plan?, approved?);
    let mut findings = Findings::default();
    if plan != approved {
        let message = format!("what would be done is no longer what was approved ({approved})");
        let fix = format!("read the plan again (`rerp-split plan`), and approve it: --approve {plan}");
        findings.fatal(Check::NotApproved, Side::Source, plan, message, fix);
    }
    findings.0.pop()
}

/// Collects findings.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn fatal(
        &mut self,
        check: Check,
        side: Side,
        object: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Fatal, check, side, (object.into(), message.into(), fix.into()));
    }

    fn warn(
        &mut self,
        check: Check,
        side: Side,
        object: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Severity::Warning, check, side, (object.into(), message.into(), fix.into()));
    }

    fn add(&mut self, severity: Severity, check: Check, side: Side, (object, message, fix): (String, String, String)) {
        self.0.push(Finding { id: check.id().to_owned(), side, object, message, fix, severity });
    }
}
