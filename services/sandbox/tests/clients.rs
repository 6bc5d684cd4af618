//! The official clients of the vendors, unmodified, against the stand-ins. Run it with `cargo xtask test --only clients`, which installs them; or name
//! in `RERP_CLIENTS_PYTHON` an interpreter that has the packages of `tests/clients/requirements.txt`, and add `-- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod running;

use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
/// What hangs is a failure too.
const LONGEST: Duration = Duration::from_secs(180);

/// Runs one of the programs in the folder against a sandbox of its own.
async fn passes(vendor: &str) {
    let python = std::env::var("RERP_CLIENTS_PYTHON")
        .expect("RERP_CLIENTS_PYTHON is not set: run `cargo xtask test --only clients`, or see the head of this file");
    let f = running::running().await;
    let mut command = Command::new(&python);
    command.args(["-m", "unittest", "-v", &format!("test_{vendor}")]).current_dir(FOLDER).kill_on_drop(true);
    command.env("RERP_SANDBOX", &f.url).env("NO_PROXY", "127.0.0.1");
    let output = timeout(LONGEST, command.output()).await.expect("the clients to end");
    let output = output.unwrap_or_else(|error| panic!("RERP_CLIENTS_PYTHON={python} can't be started: {error}"));
    // The program tells its tests there, one a line.
    let told = String::from_utf8_lossy(&output.stderr);
    println!("{told}");
    assert!(output.status.success(), "the official client disagrees:\n{told}");
    let calls = f.http.get(format!("{}/sandbox/calls", f.url)).send().await.unwrap().text().await.unwrap();
    assert!(!calls.contains(&format!("\"{vendor}\":0")), "nobody asked the stand-in: {calls}");
}

#[tokio::test]
#[ignore = "needs the official clients, see the head of the file"]
async fn stripe_believes_the_stand_in() {
    passes("stripe").await;
}

#[tokio::test]
#[ignore = "needs the official clients, see the head of the file"]
async fn twilio_believes_the_stand_in() {
    passes("twilio").await;
}

#[tokio::test]
#[ignore = "needs the official clients, see the head of the file"]
async fn resend_believes_the_stand_in() {
    passes("resend").await;
}

#[tokio::test]
#[ignore = "needs the official clients, see the head of the file"]
async fn supabase_believes_the_stand_in() {
    passes("supabase").await;
}
