//! `cargo xtask chaos --runs N`: the live split's own chaos, which needs no cluster. In: how many migrations, and a seed. Out:
//! `target/chaos/certificate.json`, an exit code. `split/tests/certificate.rs` does the work, where the engine's servers, writers and ledgers are; this builds
//! it, tells it what to do, and shows what it found.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::Error;
use crate::command;
use crate::install;
use crate::paths::Paths;

/// The program of tests, and the test in it.
const PROGRAM: &str = "certificate";
const TEST: &str = "the_certificate";
/// How many at once: more would share the processors, and clients would wait for these and not for the fence.
const LANES: u32 = 2;
/// Longest time of a migration, with all that the others do meanwhile.
const EACH: Duration = Duration::from_secs(120);
/// For the build, and the weakened fences.
const BESIDES: Duration = Duration::from_secs(30 * 60);
/// What of the document a person wants to see at once.
const SHOWN: [&str; 12] = [
    "runs",
    "lost",
    "duplicated",
    "reordered",
    "bothWritable",
    "leftovers",
    "unfinished",
    "acknowledged",
    "p50PauseMs",
    "p99PauseMs",
    "worstPauseMs",
    "seconds",
];

/// Makes the runs and shows the certificate. As people's tests are built: what is judged is what is kept, not how fast.
pub(super) fn run(paths: &Paths, runs: u32, seed: u64) -> Result<ExitCode, Error> {
    install::for_database_tests()?;
    let versions = install::postgres_versions(paths)?;
    let path = paths.root.join("target/chaos/certificate.json");
    // One of an earlier run must not be taken for this one's.
    if path.exists() {
        fs::remove_file(&path).map_err(|source| Error::Report { path: path.clone(), source })?;
    }
    let test = command::cargo().dir(&paths.root).args(["test", "--workspace", "--test", PROGRAM]);
    let test = test.args(["--", "--exact", TEST, "--nocapture"]).limit(BESIDES + EACH * runs);
    let test = test.env("RERP_CHAOS_RUNS", runs.to_string()).env("RERP_CHAOS_SEED", seed.to_string());
    let test = test.env("RERP_CHAOS_LANES", LANES.to_string());
    let status = versions.tell(test.env("RERP_CHAOS_OUT", &path)).status()?;
    if let Ok(text) = fs::read_to_string(&path) {
        let certificate: Value =
            serde_json::from_str(&text).map_err(|source| Error::Json("the certificate", source))?;
        println!("{}", table(&certificate));
        println!("certificate: {}", path.display());
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(certificate: &Value) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    for what in SHOWN {
        table.add_row([what.to_owned(), certificate[what].to_string()]);
    }
    let empty = Vec::new();
    let weakened = certificate["weakened"].as_array().unwrap_or(&empty);
    let caught = weakened.iter().filter(|weak| weak["caught"] == true).count();
    table.add_row(["weakened fences".to_owned(), format!("{caught} of {} caught", weakened.len())]);
    for not in certificate["notTried"].as_array().unwrap_or(&empty) {
        let text = |name: &str| not[name].as_str().unwrap_or_default().to_owned();
        table.add_row(["not tried".to_owned(), format!("{}: {}", text("what"), text("why"))]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_says_what_was_found_and_what_was_not_tried() {
        let weakened = json!([{ "caught": true }, { "caught": false }]);
        let not = json!([{ "what": "the operator", "why": "no cluster" }]);
        let shown = table(&json!({ "runs": 6, "lost": 3, "weakened": weakened, "notTried": not })).to_string();
        for part in ["lost", "3", "1 of 2 caught", "the operator: no cluster"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
    }
}
