//! The data goes to a database of its own, back, and there again, each time by `kubectl patch` and under traffic: no request fails,
//! and both sides have the same rows in the end.

use rerp_e2e::{TestNamespace, TestResult, eventually};
use serde_json::{Value, json};

const PLATFORM: &str = include_str!("rollback/platform.yaml");
const MIGRATION: &str = include_str!("abort/migration.yaml");
/// What identity has, in a text that says little where it agrees.
const ROWS: &str =
    "SELECT count(*) || ' ' || coalesce(md5(string_agg(e::text, '' ORDER BY id)), '') FROM identity.email_addresses e";
/// Streams and their slots, on either server.
const STREAMS: &str = "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_subscription)";

type Failure = Box<dyn std::error::Error>;

/// Starts a load that outlasts a turn; were it left alone it would end by itself.
fn start(ns: &TestNamespace) -> TestResult {
    let wish = json!({"rate": 40, "maxSeconds": 150}).to_string();
    ns.run_with(&["create", "--raw", &format!("{}/start", base(ns)), "-f", "-"], &wish)?;
    Ok(())
}

/// The load is still going on, and ends now: every request has been answered as it should be.
fn ended(ns: &TestNamespace, during: &str) -> TestResult {
    let report = || -> Result<Value, String> {
        let text = ns.run(&["get", "--raw", &format!("{}/report", base(ns))]).map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| e.to_string())
    };
    assert_eq!(report()?["running"], true, "{during}: the load was over before the turn");
    ns.run_with(&["create", "--raw", &format!("{}/stop", base(ns)), "-f", "-"], "{}")?;
    let report = eventually(60, "the load to end", || match report()? {
        report if report["running"] == false => Ok(report),
        report => Err(report.to_string()),
    })?;
    assert_eq!(report["failed"], 0, "{during}: {report}");
    assert!(report["total"].as_u64() > Some(100), "{during}: {report}");
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
            ("Observe", json!({"advanceTo": "Cutover"}), "identity"),
            ("RolledBack", json!({"rollback": {"epoch": 1}}), "identity-shared"),
            ("Observe", json!({"forward": {"epoch": 2}}), "identity"),
        ];
        for (turn, (phase, wish, database)) in turns.into_iter().enumerate() {
            start(ns)?;
            patch(ns, &wish)?;
            assert_eq!(reached(ns, phase)?, turn as i64 + 1, "after {wish}");
            ended(ns, phase)?;
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
