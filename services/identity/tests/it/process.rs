//! The program as a kubelet runs it: configured by environment and files, asked over its two ports, stopped by a signal.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{Home, until, visitor};

const EMAIL: &str = "needle.in.the.logs@example.com";

fn program(dir: &Path, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rerp-identity"));
    program.arg(command).env_clear().env("RUST_LOG", "debug").env("POD_NAME", "identity-0");
    program.env("RERP_DATABASE_DIR", dir).env("RERP_MIGRATE_DIR", dir.join("migrate")).env("RERP_DRAIN_DELAY", "0s");
    program.stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Ended with the test, whatever happens.
struct Running(Option<Child>);

impl Running {
    fn stop(mut self) -> Output {
        let child = self.0.take().unwrap();
        let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
        assert!(told.success());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn get(url: &str) -> Option<(u16, String)> {
    let response = visitor().get(url).send().await.ok()?;
    Some((response.status().as_u16(), response.text().await.ok()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrated_served_watched_and_stopped() {
    let mut home = Home::new().await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("migrate")).unwrap();
    std::fs::write(dir.path().join("current"), home.app()).unwrap();
    std::fs::write(dir.path().join("migrate/current"), home.migrate()).unwrap();
    let migrated = program(dir.path(), "migrate").output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stdout));

    let (http, admin) = (free_port(), free_port());
    let mut serve = program(dir.path(), "serve");
    serve.env("RERP_HTTP_ADDR", format!("127.0.0.1:{http}")).env("RERP_ADMIN_ADDR", format!("127.0.0.1:{admin}"));
    let running = Running(Some(serve.spawn().unwrap()));
    let page = |path: &str| format!("http://127.0.0.1:{admin}{path}");
    until("it is ready", || async { get(&page("/readyz")).await.is_some_and(|(status, _)| status == 200) }).await;

    let api = format!("http://127.0.0.1:{http}/api/identity/email");
    let upsert = visitor().post(format!("{api}/upsert")).header("content-type", "application/json");
    let answer = upsert.body(format!(r#"{{"email":"{EMAIL}"}}"#)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(get(&format!("{api}/{EMAIL}")).await.unwrap().0, 200);
    assert_eq!(get(&format!("{api}?email={EMAIL}")).await.unwrap().0, 200);
    assert_eq!(get(&format!("http://127.0.0.1:{http}/elsewhere/{EMAIL}/x")).await.unwrap().0, 404);
    // A refused row: the driver's error holds the value, the log must not.
    home.define("ALTER TABLE email_addresses ADD CHECK (email <> 'other.needle.in.the.logs@example.com')").await;
    let refused = visitor().post(format!("{api}/upsert")).header("content-type", "application/json");
    let refused = refused.body(format!(r#"{{"email":"other.{EMAIL}"}}"#)).send().await.unwrap();
    assert_eq!(refused.status(), 500);

    let (_, metrics) = get(&page("/metrics")).await.unwrap();
    assert!(metrics.contains(r#"route="/api/identity/email/upsert",status="200"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"rerp_db_active_side{side="current"} 1"#) && !metrics.contains("needle"), "{metrics}");
    for batch in ["known_addresses", "new_addresses"] {
        assert!(metrics.contains(&format!(r#"rerp_db_batch_calls_count{{batch="{batch}"}} 2"#)), "{metrics}");
    }
    assert!(metrics.contains("rerp_access_enforced 0"), "without certificates nobody can be asked\n{metrics}");
    let (status, document) = get(&page("/openapi.json")).await.unwrap();
    assert_eq!((status, document.as_str()), (200, rerp_identity::openapi::api().text().as_str()));
    assert_eq!(get(&format!("http://127.0.0.1:{http}/openapi.json")).await.unwrap().0, 404, "not for callers");
    home.server.stop("QUIT");
    until("it is not ready", || async { get(&page("/readyz")).await.is_some_and(|(status, _)| status == 503) }).await;
    assert_eq!(get(&page("/livez")).await.unwrap().0, 200, "a restart would not help");
    home.server.boot();
    until("it is ready again", || async { get(&page("/readyz")).await.is_some_and(|(status, _)| status == 200) }).await;

    let output = running.stop();
    assert!(output.status.success());
    let logs = String::from_utf8(output.stdout).unwrap();
    assert!(logs.lines().all(|line| line.starts_with('{')), "{logs}");
    assert!(logs.contains("request_id") && logs.contains("/elsewhere/{email}/x"), "{logs}");
    for secret in ["needle", ":app@"] {
        assert!(!logs.contains(secret), "{secret} in {logs}");
    }
}

#[test]
fn the_document_is_printed_without_any_setting() {
    let dir = tempfile::tempdir().unwrap();
    let output = program(dir.path(), "openapi").env_remove("RERP_DATABASE_DIR").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), rerp_identity::openapi::api().text());
}

#[test]
fn mistakes_in_the_configuration_are_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = program(dir.path(), "serve");
    let output = serve.env("RERP_HTTP_ADDR", "8080").env("RERP_BODY_LIMIT", "much").output().unwrap();
    assert!(!output.status.success());
    let logs = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(logs.contains("RERP_HTTP_ADDR: expected an address") && logs.contains("RERP_BODY_LIMIT"), "{logs}");

    let output = program(dir.path(), "serve").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("reading the database binding"));
}
