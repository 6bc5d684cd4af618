//! The worker's report in the API's words.

use super::super::journal::Journal;
use super::words::{FINDING_TEXT, FINDINGS};
use super::*;
use rerp_split::phase::Phase;
use rerp_split::spec::Side;
use rerp_split::status::{Cleanup, CopyStatus, Evidence, ForeignKey, ForeignKeyState, Replication, TableStatus, Use};

fn finding(id: &str) -> rerp_split::status::Finding {
    rerp_split::status::Finding {
        id: id.into(),
        side: Side::Source,
        object: "\"note_item_fkey\" on stay.note".into(),
        message: "3 rows refer to 2 keys that app.item doesn't have".into(),
        fix: "SELECT 1".into(),
        severity: Severity::Warning,
    }
}

fn key(state: ForeignKeyState, orphans: Option<u64>) -> ForeignKey {
    ForeignKey {
        name: "note_item_fkey".into(),
        child: "stay.note".into(),
        parent: "app.item".into(),
        state,
        severed_at: Some(Timestamp::from_second(60).unwrap()),
        orphans,
        tries: u32::from(orphans.is_some()),
        lock_wait_ms: 1.5,
        ..ForeignKey::default()
    }
}

fn reported(report: Status) -> DatabaseSplitMigrationStatus {
    let migration = DatabaseSplitMigration::new("identity", Default::default());
    let seen = Observed { journal: Some(Journal { status: report, heartbeat: None }), ..Observed::default() };
    let outcome = Outcome::waiting(Reason::Progressing, "busy", std::time::Duration::from_secs(1));
    status(&migration, Some(&seen), None, &outcome, Timestamp::from_second(100).unwrap())
}

#[test]
fn severed_foreign_keys_and_their_orphans_reach_the_status() {
    let report = Status {
        phase: Phase::Observe,
        foreign_keys: vec![key(ForeignKeyState::Severed, Some(3))],
        findings: vec![finding("orphans")],
        ..Status::default()
    };
    let after = serde_json::to_value(reported(report)).unwrap();
    let expected = serde_json::json!([{"name": "note_item_fkey", "child": "stay.note", "parent": "app.item",
        "state": "Severed", "severedAt": "1970-01-01T00:01:00Z", "orphans": 3, "lockWaitMs": 1.5}]);
    assert_eq!(after["foreignKeys"], expected);
    assert_eq!(after["findings"][0]["id"], "orphans");
    assert_eq!(after["findings"][0]["severity"], "Warning");
}

#[test]
fn the_evidence_reaches_the_status_in_short() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let one = |last: Option<i64>| Use { role: "report".into(), last: last.map(at), ..Use::default() };
    let seen = Evidence {
        since: at(0),
        looked_at: Some(at(90)),
        closed: Some("others".into()),
        uses: vec![one(Some(60)), one(Some(30)), one(None)],
        ..Evidence::default()
    };
    let after = serde_json::to_value(reported(Status { evidence: Some(seen), ..Status::default() })).unwrap();
    let expected = serde_json::json!({"since": "1970-01-01T00:00:00Z", "lookedAt": "1970-01-01T00:01:30Z", "uses": 2,
        "lastUse": "1970-01-01T00:01:00Z", "closed": "others"});
    assert_eq!(after["evidence"], expected);
    assert!(serde_json::to_value(reported(Status::default())).unwrap().get("evidence").is_none());
}

#[test]
fn a_status_holds_the_first_hundred_findings_and_the_fatal_ones_before_all_others() {
    let mut all: Vec<_> = (0..150).map(|_| finding("dependent")).collect();
    let fatal =
        rerp_split::status::Finding { severity: Severity::Fatal, fix: "ä".repeat(5000), ..finding("owner-login") };
    all.push(fatal);
    let after = reported(Status { phase: Phase::Preflight, findings: all, ..Status::default() });
    assert_eq!(after.findings.len(), FINDINGS);
    assert_eq!(after.findings[0].id, "owner-login");
    assert_eq!(after.findings[0].fix.as_ref().unwrap().chars().count(), FINDING_TEXT + 1);
    assert!(after.findings[0].fix.as_ref().unwrap().ends_with('…'));
}

#[test]
fn before_the_first_comparison_nobody_says_that_there_are_none() {
    let report =
        Status { phase: Phase::Cutover, foreign_keys: vec![key(ForeignKeyState::Intended, None)], ..Status::default() };
    let after = serde_json::to_value(reported(report)).unwrap();
    assert!(after["foreignKeys"][0].get("orphans").is_none());
    assert_eq!(after["foreignKeys"][0]["state"], "Intended");
    let without = serde_json::to_value(reported(Status::default())).unwrap();
    assert!(without.get("foreignKeys").is_none());
}

fn made(side: Side, kind: &str, name: &str) -> Made {
    Made { side, kind: kind.into(), name: name.into() }
}

#[test]
fn what_is_left_on_a_side_that_is_away_is_named_by_the_report_and_by_the_status_after_it() {
    let mut migration = DatabaseSplitMigration::new("identity", Default::default());
    migration.metadata.uid = Some("uid".into());
    let rest = format!("rows of migration {} in the schema rerp_split", names::migration_id("uid"));
    let report = Status {
        phase: Phase::Copy,
        made: vec![made(Side::Source, "slot", "rerp_x_fwd_1"), made(Side::Target, "table", "app.email")],
        ..Status::default()
    };
    migration.status = Some(reported(report.clone()));
    for report in [Some(&report), None] {
        let text = left_on(&migration, report, Side::Target, "target: no route");
        let expected =
            format!("target: no route; until the target is back there remain on it: table app.email, {rest}");
        assert!(text.starts_with(&expected), "{text}");
        let text = left_on(&migration, report, Side::Source, "source: no route");
        assert!(text.contains("remain on it: slot rerp_x_fwd_1, rows"), "{text}");
    }
    migration.status = None;
    assert!(left_on(&migration, None, Side::Source, "source: no route").contains(&format!("remain on it: {rest}")));
}

#[test]
fn the_wait_for_the_old_tables_reaches_the_status() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let old = Cleanup {
        quiet_since: Some(at(60)),
        until: Some(at(120)),
        disturbed: Some("email was read".into()),
        ..Cleanup::default()
    };
    let report = Status { phase: Phase::Finalize, cleanup: Some(old), ..Status::default() };
    let migration = DatabaseSplitMigration::new("identity", Default::default());
    let seen = Observed { journal: Some(Journal { status: report, heartbeat: None }), ..Observed::default() };
    let outcome = Outcome::waiting(Reason::AwaitingQuiet, "quiet since then", std::time::Duration::from_secs(1));
    let after = serde_json::to_value(status(&migration, Some(&seen), None, &outcome, at(100))).unwrap();
    let expected = serde_json::json!({"quietSince": "1970-01-01T00:01:00Z", "until": "1970-01-01T00:02:00Z",
        "disturbed": "email was read"});
    assert_eq!(after["cleanup"], expected);
    let finalized = after["conditions"].as_array().unwrap().iter().find(|one| one["type"] == "Finalized").unwrap();
    assert_eq!((&finalized["status"], &finalized["reason"]), (&"False".into(), &"AwaitingQuiet".into()));
    assert!(finalized["message"].as_str().unwrap().contains("quiet since then"));
}

#[test]
fn figures_of_copy_and_wal_reach_the_status_and_fit_into_it() {
    let table = TableStatus { name: "t".into(), bytes: 5, total_bytes: u64::MAX, ..TableStatus::default() };
    let stream = Replication {
        slot: "s".into(),
        retained_wal_bytes: 7,
        wal_room_bytes: Some(8),
        wal_bytes_per_second: Some(9),
        wal_seconds_left: Some(u64::MAX),
        ..Replication::default()
    };
    let copy = CopyStatus { bytes: 5, total_bytes: 6, eta_seconds: Some(3), ..CopyStatus::default() };
    let report = Status {
        phase: Phase::Copy,
        tables: vec![table],
        copy: Some(copy),
        replication: Some(stream),
        ..Status::default()
    };
    let after = serde_json::to_value(reported(report)).unwrap();
    assert_eq!(after["tables"][0]["totalBytes"], i64::MAX);
    assert_eq!(after["copy"], serde_json::json!({"bytes": 5, "totalBytes": 6, "etaSeconds": 3}));
    let expected = serde_json::json!({"lagBytes": 0, "retainedWalBytes": 7, "walRoomBytes": 8, "walBytesPerSecond": 9,
        "walSecondsLeft": i64::MAX, "slot": "s"});
    assert_eq!(after["replication"], expected);
}
