//! Who reaches a service: each layer (network, TLS) is shown to refuse alone, next to a guest whom both let through. And
//! certificates that live for a minute, of services and of the database server, change under traffic, and so does the authority
//! that signs them.

use rerp_e2e::{TestNamespace, TestResult, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PLATFORM: &str = include_str!("identities/platform.yaml");
/// Versions of its certificate that each pod has to use before the test ends.
const VERSIONS: u64 = 3;
/// Versions of the database server's certificate that have to be there. One comes every half of a lifetime, so with the fourth the
/// first has ended: a server that still showed it would be refused by every new connection.
const SERVER_VERSIONS: usize = 4;
/// When the database server was started.
const STARTED: &str = "SELECT pg_postmaster_start_time()";

/// A load generator that nobody manages, with the certificate of a service: what an intruder with a stolen key would be.
fn guest(name: &str, network: &str, certificate_of: &str, namespace: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"network": network}},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "traffic", "image": "ghcr.io/rerp/traffic:dev", "imagePullPolicy": "IfNotPresent", "args": ["serve"],
                "env": [
                    {"name": "RERP_MARKETING_URL", "value": format!("https://marketing.{namespace}.svc:8080")},
                    {"name": "RERP_TLS_DIR", "value": "/etc/rerp/tls"},
                ],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": 9090}, "periodSeconds": 1},
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [{"name": "tls", "mountPath": "/etc/rerp/tls"}, {"name": "tmp", "mountPath": "/tmp"}],
            }],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "tls", "projected": {"sources": [
                    {"secret": {"name": format!("{certificate_of}-mtls")}},
                    {"configMap": {"name": format!("{certificate_of}-trust")}},
                ]}},
            ],
        },
    })
    .to_string()
}

/// Runs a load to its end from the load generator at `target` and gives its report.
fn load(ns: &TestNamespace, target: &str, wish: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let base = format!("/api/v1/namespaces/{}/{target}/proxy", ns.name());
    ns.run_with(&["create", "--raw", &format!("{base}/start"), "-f", "-"], &wish.to_string())?;
    let report = eventually(60, &format!("the load of {target} to end"), || {
        let text = ns.run(&["get", "--raw", &format!("{base}/report")]).map_err(|e| e.to_string())?;
        let report: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        if report["running"] == false { Ok(report) } else { Err(text) }
    })?;
    Ok(report)
}

/// Versions of its certificate that the pod of a service has used.
fn versions(ns: &TestNamespace, service: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let selector = format!("rerp.dev/service={service}");
    let pod = ns.run(&["get", "pods", "-l", &selector, "-o", "jsonpath={.items[0].metadata.name}"])?;
    let path = format!("/api/v1/namespaces/{}/pods/{pod}:9090/proxy/metrics", ns.name());
    let page = ns.run(&["get", "--raw", &path])?;
    let line = page.lines().find_map(|line| line.strip_prefix("rerp_tls_reloads_total{outcome=\"used\"} "));
    Ok(line.map_or(Ok(0), str::parse)?)
}

/// The authority's Secret: what signs, and what is trusted.
fn authority(ns: &TestNamespace) -> Result<[String; 2], Box<dyn std::error::Error>> {
    let secret = ns.get(&["secret", "rerp-ca", "-n", "rerp-system"])?;
    let text = |key: &str| secret["data"][key].as_str().unwrap_or_default().to_owned();
    Ok([text("tls.crt"), text("ca.crt")])
}

/// Asks for a new authority. Pods of the local node need ten seconds for what they read.
fn change_authority(ns: &TestNamespace) -> TestResult {
    let wish = ["rerp.dev/change-authority=test", "rerp.dev/authority-settle=20s"];
    ns.run(&[&["annotate", "secret", "rerp-ca", "-n", "rerp-system", "--overwrite"], wish.as_slice()].concat())?;
    Ok(())
}

/// Ends all connections of services to the database, none of which is at work, so that what comes next begins with handshakes.
fn disconnect(ns: &TestNamespace) -> TestResult {
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%'";
    assert_ne!(ns.psql("monolith", "monolith", ended)?, "0", "no service was connected");
    Ok(())
}

#[test]
fn only_a_dependent_reaches_a_service_and_certificates_change_under_traffic() -> TestResult {
    TestNamespace::run_test("identities", |ns| {
        ns.apply(PLATFORM)?;
        for service in ["identity", "account", "marketing", "traffic"] {
            ns.condition(&format!("rsvc/{service}"), "Ready", "True", 180)?;
        }
        ns.condition("rsvc/billing", "CertificatesValid", "True", 60)?;
        each_layer_refuses_alone(ns)?;
        let changed = certificates_change(ns);
        // The next change of this cluster's authority is no test.
        ns.run(&["annotate", "secret", "rerp-ca", "-n", "rerp-system", "rerp.dev/authority-settle-"])?;
        changed
    })
}

fn each_layer_refuses_alone(ns: &TestNamespace) -> TestResult {
    let guests = [
        ("welcome", "open", "traffic", None),
        ("without-a-dependency", "open", "billing", Some("tls")),
        ("outside-of-the-network", "closed", "traffic", Some("network")),
    ];
    for (name, network, certificate_of, _) in guests {
        ns.apply(&guest(name, network, certificate_of, ns.name()))?;
    }
    let few = json!({"rate": 20, "maxRequests": 10});
    for (name, _, _, refused_by) in guests {
        ns.run(&["wait", &format!("pod/{name}"), "--for=condition=Ready", "--timeout=60s"])?;
        let report = load(ns, &format!("pods/{name}:8080"), &few)?;
        match refused_by {
            None => assert_eq!((&report["failed"], &report["total"]), (&json!(0), &json!(10)), "{name}: {report}"),
            Some(layer) => {
                assert_eq!(report["acknowledged"], 0, "{name}: {report}");
                // A closed network shows as a connection that never comes about, TLS as one that ends.
                let waited = report["reasons"]["timeout"].as_u64().unwrap_or_default() > 0;
                assert_eq!(waited, layer == "network", "{name}: {report}");
            }
        }
    }
    let page =
        ns.run(&["get", "--raw", &format!("/api/v1/namespaces/{}/services/marketing:admin/proxy/metrics", ns.name())])?;
    assert!(page.contains("rerp_tls_handshakes_total{outcome=\"refused\"}"), "marketing turned nobody away:\n{page}");
    Ok(())
}

/// Each run begins with connections of its own, between services and to the database, so every version is met by handshakes.
fn certificates_change(ns: &TestNamespace) -> TestResult {
    let (mut sent, mut of_server) = (0, BTreeSet::new());
    let started = ns.psql("monolith", "monolith", STARTED)?;
    let [before, _] = authority(ns)?;
    change_authority(ns)?;
    eventually(300, "every pod to have used several certificates, and the authority to have changed", || {
        disconnect(ns).map_err(|e| e.to_string())?;
        of_server.insert(
            ns.run(&["get", "secret", "monolith-postgres-tls", "-o", "jsonpath={.data.tls\\.crt}"])
                .map_err(|e| e.to_string())?,
        );
        let report =
            load(ns, "services/traffic:http", &json!({"rate": 40, "maxSeconds": 5})).map_err(|e| e.to_string())?;
        sent += report["total"].as_u64().unwrap_or_default();
        assert_eq!(report["failed"], 0, "{report}");
        let seen: Result<Vec<u64>, _> =
            ["identity", "account", "marketing", "traffic"].iter().map(|one| versions(ns, one)).collect();
        let seen = seen.map_err(|e| e.to_string())?;
        let [signs, trusted] = authority(ns).map_err(|e| e.to_string())?;
        // Another signs, and is trusted alone.
        let changed = signs != before && signs == trusted;
        let all = seen.iter().all(|versions| *versions >= VERSIONS) && of_server.len() >= SERVER_VERSIONS && changed;
        let so_far = || format!("versions used: {seen:?}, of the server {}; new authority: {changed}", of_server.len());
        if all { Ok(()) } else { Err(so_far()) }
    })?;
    assert!(sent >= 1000, "only {sent} requests");
    assert_eq!(ns.psql("monolith", "monolith", STARTED)?, started, "the server was restarted");
    let unproved = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE client_addr IS NOT NULL AND version IS DISTINCT FROM 'TLSv1.3'";
    assert_eq!(ns.psql("monolith", "monolith", unproved)?, "0", "connections without TLS");
    ns.condition("sdb/monolith", "CertificatesValid", "True", 5)?;
    Ok(())
}
