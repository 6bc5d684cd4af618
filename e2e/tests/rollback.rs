//! The data goes to a database of its own, is written there for a minute, goes back, and there again, each time by `kubectl patch` and under
//! traffic: no request fails, after each turn its owner has what was acknowledged, once, and both sides have the same rows in the end.

use rerp_e2e::{TestNamespace, TestResult, eventually};
use serde_json::{Value, json};
use std::collections::HashMap;

const PLATFORM: &str = include_str!("rollback/platform.yaml");
const MIGRATION: &str = include_str!("abort/migration.yaml");
/// What identity has, in a text that says little where it agrees.
const ROWS: &str =
    "SELECT count(*) || ' ' || coalesce(md5(string_agg(e::text, '' ORDER BY id)), '') FROM identity.email_addresses e";
/// Addresses of a load: their texts and ids.
const ADDRESSES: &str = "SELECT email || ' ' || id FROM identity.email_addresses WHERE position('$run' in email) > 0";
/// For how long is written between the first turn and the way back, in seconds.
const WRITTEN_S: f64 = 60.0;
/// Streams and their slots, on either server.
const STREAMS: &str = "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_subscription)";

type Failure = Box<dyn std::error::Error>;

/// Starts a load that outlasts a turn; were it left alone it would end by itself.
fn start(ns: &TestNamespace) -> TestResult {
    let wish = json!({"rate": 40, "maxSeconds": 150}).to_string();
    ns.run_with(&["create", "--raw", &format!("{}/start", base(ns)), "-f", "-"], &wish)?;
    Ok(())
}

fn report(ns: &TestNamespace) -> Result<Value, String> {
    let text = ns.run(&["get", "--raw", &format!("{}/report", base(ns))]).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

/// The load goes on until it has written for so long.
fn written(ns: &TestNamespace, seconds: f64) -> TestResult {
    eventually(150, "the load to have written for long enough", || match report(ns)? {
        report if report["seconds"].as_f64() >= Some(seconds) => Ok(()),
        report => Err(report.to_string()),
    })?;
    Ok(())
}

/// The load is still going on, and ends now: every request has been answered as it should be. Gives its name.
fn ended(ns: &TestNamespace, during: &str) -> Result<String, Failure> {
    assert_eq!(report(ns)?["running"], true, "{during}: the load was over before the turn");
    ns.run_with(&["create", "--raw", &format!("{}/stop", base(ns)), "-f", "-"], "{}")?;
    let report = eventually(60, "the load to end", || match report(ns)? {
        report if report["running"] == false => Ok(report),
        report => Err(report.to_string()),
    })?;
    assert_eq!(report["failed"], 0, "{during}: {report}");
    assert!(report["total"].as_u64() > Some(100), "{during}: {report}");
    Ok(report["run"].as_str().unwrap_or_default().to_owned())
}

/// The ledger against the owner: each address that was acknowledged is there once, under the id that was told.
fn kept(ns: &TestNamespace, owner: &str, run: &str) -> TestResult {
    let ledger = ns.run(&["get", "--raw", &format!("{}/ledger", base(ns))])?;
    let rows = ns.psql(owner, owner, &ADDRESSES.replace("$run", run))?;
    let mut stored: HashMap<&str, Vec<&str>> = HashMap::new();
    for (text, id) in rows.lines().filter_map(|row| row.rsplit_once(' ')) {
        stored.entry(text).or_default().push(id);
    }
    assert!(ledger.lines().count() > 100, "{run}: {ledger}");
    for line in ledger.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let (text, id) = (entry["canonical"].as_str().unwrap_or_default(), entry["emailAddressId"].as_str());
        let ids = stored.get(text).map(Vec::as_slice).unwrap_or_default();
        assert!(ids.len() == 1 && ids.first().copied() == id, "{owner} has {ids:?} for {line}");
    }
    Ok(())
}

fn base(ns: &TestNamespace) -> String {
    format!("/api/v1/namespaces/{}/services/traffic:http/proxy", ns.name())
}

/// The status once it is at `phase` and the data can change hands once more; gives the epoch.
fn reached(ns: &TestNamespace, phase: &str) -> Result<i64, Failure> {
    let epoch = eventually(120, phase, || {
        let status = ns.get(&["dsm/identity"]).map_err(|e| e.to_string())?["status"].clone();
        let ready = status["phase"] == phase && status["rollback"]["possible"] == true;
        status["epoch"].as_i64().filter(|_| ready).ok_or_else(|| status.to_string())
    })?;
    Ok(epoch)
}

fn patch(ns: &TestNamespace, spec: &Value) -> TestResult {
    ns.run(&["patch", "dsm/identity", "--type=merge", "-p", &json!({"spec": spec}).to_string()])?;
    Ok(())
}

/// What the service's record says of where its data is.
fn place(ns: &TestNamespace) -> Result<String, Failure> {
    Ok(ns.run(&["get", "rsvc/identity", "-o", "jsonpath={.status.resolved.databaseRef.name}"])?)
}

#[test]
fn there_and_back_and_there_again_without_a_failed_request() -> TestResult {
    TestNamespace::run_test("rollback", |ns| {
        ns.apply(PLATFORM)?;
        for service in ["identity", "account", "marketing", "traffic"] {
            ns.condition(&format!("rsvc/{service}"), "Ready", "True", 240)?;
        }
        ns.condition("sdb/identity", "Ready", "True", 180)?;
        ns.apply(MIGRATION)?;
        eventually(180, "ReadyForCutover", || {
            let phase =
                ns.run(&["get", "dsm/identity", "-o", "jsonpath={.status.phase}"]).map_err(|e| e.to_string())?;
            if phase == "ReadyForCutover" { Ok(()) } else { Err(phase) }
        })?;
        let turns = [
            ("Observe", json!({"advanceTo": "Cutover"}), "identity", "identity"),
            ("RolledBack", json!({"rollback": {"epoch": 1}}), "identity-shared", "monolith"),
            ("Observe", json!({"forward": {"epoch": 2}}), "identity", "identity"),
        ];
        for (turn, (phase, wish, database, owner)) in turns.into_iter().enumerate() {
            start(ns)?;
            patch(ns, &wish)?;
            assert_eq!(reached(ns, phase)?, turn as i64 + 1, "after {wish}");
            if turn == 0 {
                written(ns, WRITTEN_S)?;
            }
            kept(ns, owner, &ended(ns, phase)?)?;
            eventually(60, "the service's record to follow", || match place(ns) {
                Ok(found) if found == database => Ok(()),
                other => Err(format!("{other:?}")),
            })?;
        }
        let status = ns.get(&["dsm/identity"])?["status"].clone();
        assert!(status["rollback"]["last"]["writePauseMs"].as_f64() > Some(0.0), "{status}");
        ns.condition("dsm/identity", "ReverseReplicating", "True", 60)?;
        eventually(60, "both sides to have the same rows", || {
            let rows = |server: &str| ns.psql(server, server, ROWS).map_err(|e| e.to_string());
            let (monolith, own) = (rows("monolith")?, rows("identity")?);
            if monolith == own { Ok(()) } else { Err(format!("{monolith} and {own}")) }
        })?;
        // The wishes stand where they were, and nothing follows from them any more.
        patch(ns, &json!({"advanceTo": "Completed"}))?;
        ns.condition("dsm/identity", "Ready", "True", 120)?;
        for server in ["monolith", "identity"] {
            assert_eq!(ns.psql(server, server, STREAMS)?, "0", "{server}");
        }
        assert_eq!(place(ns)?, "identity");
        Ok(())
    })
}
