//! One pass over a migration, told case by case.

mod answers;
mod approval;
mod copy;
mod deletion;
mod order;
mod turn;
mod verification;

use super::*;
use crate::postgres::exec::Admin;
use crate::record::Record;
use crate::split::address::Address;
use crate::split::gather::Member;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use rerp_crds::database::{ServiceDatabaseStatus, SharedEngine};
use rerp_crds::split::{AcrossDomains, DatabaseSplitMigrationStatus, ForeignKeys, Observe};
use rerp_crds::{Duration as Text, ObjectRef, RerpService, ServiceDatabase};
use rerp_split::spec::Side;
use rerp_split::status::{Cutover, Finding, Made, Status};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn migration(name: &str) -> DatabaseSplitMigration {
    let mut object = DatabaseSplitMigration::new(name, Default::default());
    object.metadata.uid = Some(format!("uid-of-{name}"));
    object.metadata.generation = Some(1);
    object.metadata.creation_timestamp = Some(Time(at(100)));
    object.spec.service_ref = ObjectRef::new("identity");
    object.spec.source.database_ref = ObjectRef::new("identity-shared");
    object.spec.target.database_ref = ObjectRef::new("identity");
    object
}

fn member(name: &str, server: &str) -> Member {
    let mut database = ServiceDatabase::new(name, Default::default());
    database.metadata.generation = Some(1);
    if name != server {
        let shared = SharedEngine { database_ref: ObjectRef::new(server), schema: "identity".into() };
        database.spec.engine.shared = Some(shared);
    }
    let ready = Condition {
        type_: "Ready".into(),
        status: "True".into(),
        reason: "AsExpected".into(),
        message: String::new(),
        observed_generation: Some(1),
        last_transition_time: Time(at(1)),
    };
    database.status = Some(ServiceDatabaseStatus { conditions: vec![ready], ..Default::default() });
    let admin =
        Admin { host: "h".into(), port: 5432, user: "postgres".into(), password: "p".into(), roots: "r".into() };
    let admin = Some(Address { admin, database: server.into() });
    Member { database, server: server.into(), stays: true, admin }
}

/// Everything is there, the worker is at `phase`.
fn seen(phase: Phase) -> Observed {
    let mut service = RerpService::new("identity", Default::default());
    service.spec.database_ref = Some(ObjectRef::new("identity-shared"));
    let status = Status { phase, message: "busy".into(), ..Status::default() };
    Observed {
        namespace: "rerp".into(),
        held: true,
        service: Some(service),
        source: Some(member("identity-shared", "monolith")),
        target: Some(member("identity", "identity")),
        journal: Some(Journal { status, heartbeat: Some(at(1000)) }),
        ..Observed::default()
    }
}

fn run(decision: &Decision) -> &Worker {
    match &decision.worker {
        WorkerAct::Run(worker) => worker,
        other => panic!("the worker should run, not {other:?}"),
    }
}

#[test]
fn a_new_migration_is_held_and_its_worker_told_to_stop_before_the_cutover() {
    let decision = decide(&migration("m"), &Observed { held: false, journal: None, ..seen(Phase::Pending) }, at(1000));
    assert!(decision.hold);
    let worker = run(&decision);
    assert_eq!(worker.wish.advance_to, Phase::ReadyForCutover);
    assert_eq!(
        worker.checked.spec.source.roles.app,
        vec![worker.checked.spec.source.roles.owner.replace("_owner", "_app")]
    );
    assert_ne!(worker.checked.spec.source.roles.owner, worker.checked.spec.target.roles.owner);
}

#[test]
fn what_is_missing_is_named_and_leaves_a_worker_alone() {
    type Change = fn(&mut Observed);
    let cases: [(&str, Change, Reason); 5] = [
        ("RerpService identity", |s| s.service = None, Reason::ServiceMissing),
        ("identity-shared", |s| s.source = None, Reason::DatabaseMissing),
        (
            "identity (the target) is not ready",
            |s| s.target.as_mut().unwrap().database.status = None,
            Reason::DatabaseNotReady,
        ),
        ("monolith-admin", |s| s.source.as_mut().unwrap().admin = None, Reason::SecretMissing),
        (
            "server of ServiceDatabase monolith",
            |s| s.target = Some(member("identity", "monolith")),
            Reason::InvalidSpec,
        ),
    ];
    for (needle, change, reason) in cases {
        let mut seen = seen(Phase::Copy);
        change(&mut seen);
        let decision = decide(&migration("m"), &seen, at(1000));
        assert_eq!(decision.outcome.reason(), reason, "{needle}");
        assert!(decision.outcome.message().contains(needle), "{}", decision.outcome.message());
        assert_eq!((decision.worker, decision.hold), (WorkerAct::Leave, true));
    }
}

#[test]
fn a_service_that_lives_elsewhere_is_refused_until_the_move_has_begun() {
    let elsewhere = |journal: bool| {
        let mut seen = seen(Phase::Copy);
        seen.service.as_mut().unwrap().spec.database_ref = Some(ObjectRef::new("other"));
        if !journal {
            seen.journal = None;
        }
        decide(&migration("m"), &seen, at(1000))
    };
    assert_eq!(elsewhere(false).outcome.reason(), Reason::SourceMismatch);
    run(&elsewhere(true));
}

#[test]
fn the_older_of_two_migrations_goes_on() {
    let mut rival = migration("rival");
    rival.metadata.creation_timestamp = Some(Time(at(99)));
    let mut seen = seen(Phase::Pending);
    seen.others = vec![rival.clone()];
    let decision = decide(&migration("m"), &seen, at(1000));
    assert_eq!(decision.outcome.reason(), Reason::MigrationConflict);
    assert!(decision.outcome.message().contains("rival"));
    rival.status = Some(DatabaseSplitMigrationStatus { phase: Some(SplitPhase::Completed), ..Default::default() });
    seen.others = vec![rival];
    run(&decide(&migration("m"), &seen, at(1000)));
}

#[test]
fn dependencies_must_be_completed() {
    let mut waiting = migration("m");
    waiting.spec.depends_on = vec![ObjectRef::new("first")];
    let decision = decide(&waiting, &seen(Phase::Pending), at(1000));
    assert_eq!(decision.outcome.reason(), Reason::WaitingForMigration);
    assert!(decision.outcome.message().contains("first"));
}

#[test]
fn the_cutover_waits_for_approval_and_then_for_the_pods() {
    let decision = decide(&migration("m"), &seen(Phase::ReadyForCutover), at(1000));
    assert_eq!(decision.outcome.reason(), Reason::AwaitingApproval);
    let mut approved = migration("m");
    approved.spec.advance_to = Some(AdvanceTo::Cutover);
    let mut seen = seen(Phase::ReadyForCutover);
    seen.unprepared = Some(vec!["identity-1".into()]);
    let decision = decide(&approved, &seen, at(1000));
    assert_eq!(decision.outcome.reason(), Reason::ServicesNotPrepared);
    assert!(decision.outcome.message().contains("identity-1") && !run(&decision).wish.services_prepared);
    seen.unprepared = Some(Vec::new());
    assert!(run(&decide(&approved, &seen, at(1000))).wish.services_prepared);
}

#[test]
fn the_end_waits_for_the_time_of_observation() {
    let mut watched = migration("m");
    watched.spec.advance_to = Some(AdvanceTo::Completed);
    watched.spec.observe = Some(Observe { duration: Some(Text::new("10m")) });
    let mut seen = seen(Phase::Observe);
    let status = &mut seen.journal.as_mut().unwrap().status;
    status.cutover = Some(Cutover {
        write_pause_ms: 70.0,
        lock_wait_ms: 1.0,
        longest_wait_ms: None,
        drain_ms: 1.0,
        sequence_ms: 1.0,
        attempts: 1,
        epoch: 2,
        at: at(1000),
    });
    assert_eq!(run(&decide(&watched, &seen, at(1030))).wish.advance_to, Phase::Cutover);
    assert_eq!(run(&decide(&watched, &seen, at(1600))).wish.advance_to, Phase::Completed);
}

#[test]
fn findings_and_failures_need_a_person_and_say_what_to_do() {
    let mut refused = seen(Phase::Preflight);
    refused.journal.as_mut().unwrap().status.findings = vec![Finding {
        id: "wal-level".into(),
        side: Side::Source,
        object: "wal_level".into(),
        message: "wal_level is replica.".into(),
        fix: "ALTER SYSTEM SET wal_level = logical".into(),
        severity: Severity::Fatal,
    }];
    let decision = decide(&migration("m"), &refused, at(1000));
    assert_eq!(decision.outcome.reason(), Reason::PreflightFailed);
    assert!(decision.outcome.message().contains("ALTER SYSTEM"));
    run(&decision);
    assert_eq!(decide(&migration("m"), &seen(Phase::Failed), at(1000)).outcome.reason(), Reason::Failed);
}

#[test]
fn a_silent_worker_is_reported() {
    let decision = decide(&migration("m"), &seen(Phase::Copy), at(1100));
    assert_eq!(decision.outcome.reason(), Reason::WorkerUnavailable);
    run(&decision);
}

#[test]
fn what_is_completed_stays_so_whatever_becomes_of_the_journal() {
    let mut done = migration("m");
    done.status = Some(DatabaseSplitMigrationStatus { phase: Some(SplitPhase::Completed), ..Default::default() });
    for seen in [seen(Phase::Completed), Observed { journal: None, source: None, ..seen(Phase::Completed) }] {
        let decision = decide(&done, &seen, at(1000));
        assert!(matches!(decision.outcome, Outcome::Done { .. }));
        assert_eq!((decision.worker, decision.close, decision.forget), (WorkerAct::Remove, true, false));
    }
}

#[test]
fn the_way_to_the_servers_is_closed_when_the_status_says_that_it_is_over() {
    let decision = decide(&migration("m"), &seen(Phase::Completed), at(1000));
    assert_eq!((decision.worker, decision.close), (WorkerAct::Remove, false), "the worker goes first");
    for phase in [Phase::Pending, Phase::Copy, Phase::Cutover, Phase::Observe, Phase::Failed] {
        assert!(!decide(&migration("m"), &seen(phase), at(1000)).close, "{phase}");
        assert!(!decide(&deleted(), &seen(phase), at(1000)).close, "{phase}, being deleted");
    }
}

fn deleted() -> DatabaseSplitMigration {
    let mut object = migration("m");
    object.metadata.deletion_timestamp = Some(Time(at(900)));
    object
}

#[test]
fn the_worker_is_told_what_becomes_of_foreign_keys() {
    let told = |keys: Option<ForeignKeys>| {
        let mut object = migration("identity");
        object.spec.foreign_keys = keys;
        match decide(&object, &seen(Phase::Preflight), at(200)).worker {
            WorkerAct::Run(worker) => worker.checked.spec.foreign_keys,
            other => panic!("{other:?}"),
        }
    };
    assert!(told(None).is_default() && told(Some(ForeignKeys::default())).is_default());
    let sever = |waive_orphans| ForeignKeys { across_domains: Some(AcrossDomains::Sever), waive_orphans };
    assert!(told(Some(sever(None))).severs() && !told(Some(sever(None))).waive_orphans);
    assert!(told(Some(sever(Some(true)))).waive_orphans);
}
