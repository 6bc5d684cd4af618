//! The rules of the house, read from the source: what is pure can't reach a client, a clock or a
//! database; files and functions stay small; each thing has one place.

// Helpers outside of #[test] functions count as production code for these lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines; tests and generated text are not counted.
const FILE_MAX: usize = 300;

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    let name = |path: &Path| path.strip_prefix(&root).expect("below src").display().to_string();
    found.iter().map(|path| (name(path), fs::read_to_string(path).expect("readable"))).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The file without comments and without its own tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// True for files whose step is pure: `check`, `build`, `decide`, `plan` and what they are made of.
fn is_pure(name: &str) -> bool {
    let steps = ["check", "build", "decide", "plan"];
    let stem = |part: &str| part.trim_end_matches(".rs").to_owned();
    name.split('/').any(|part| steps.contains(&stem(part).as_str()))
        || name.starts_with("database/engine/")
        || [
            "postgres/sql.rs",
            "split/window.rs",
            "postgres/scram.rs",
            "postgres/catalog.rs",
            "database/credentials.rs",
            "outcome.rs",
            "graph.rs",
            "network.rs",
            "pki/rotation.rs",
        ]
        .contains(&name)
        || ["cluster/covers.rs", "cluster/child.rs"].contains(&name)
}

#[test]
fn pure_steps_reach_no_client_no_clock_and_no_database() {
    let forbidden = [
        "kube::Client",
        "kube::Api",
        "api::Api",
        "Api::<",
        "Client,",
        "tokio::",
        "tokio_postgres",
        "async fn",
        ".await",
        "Timestamp::now",
        "SystemTime",
        "Instant",
        "rand::",
        "std::env",
        "std::fs",
        "crate::context",
    ];
    let mut checked = 0;
    for (name, text) in sources().into_iter().filter(|(name, _)| is_pure(name) && !name.ends_with("_tests.rs")) {
        checked += 1;
        for word in forbidden {
            assert!(!code(&text).contains(word), "{name} is pure and names {word}");
        }
    }
    assert!(checked >= 10, "only {checked} pure files: the rule looks past them");
}

#[test]
fn each_thing_has_one_place() {
    let rules: [(&str, &[&str]); 6] = [
        ("Controller::new", &["run.rs"]),
        ("Patch::Apply", &["cluster/apply.rs", "cluster/status.rs", "cluster/undecodable.rs"]),
        ("patch_status", &["cluster/status.rs", "cluster/undecodable.rs"]),
        ("Timestamp::now", &["context.rs", "leader.rs"]),
        ("recorder.publish", &["cluster/status.rs"]),
        ("std::env", &[]),
    ];
    for (name, text) in sources() {
        for (word, places) in rules {
            assert!(
                !code(&text).contains(word) || places.contains(&name.as_str()),
                "{name} names {word}, which belongs to {places:?}"
            );
        }
    }
}

#[test]
fn sql_is_rendered_in_one_file() {
    let verbs = ["CREATE ROLE", "ALTER ROLE", "GRANT ", "CREATE SCHEMA", "CREATE DATABASE", "ALTER DEFAULT"];
    for (name, text) in
        sources().into_iter().filter(|(name, _)| name != "postgres/sql.rs" && !name.ends_with("_tests.rs"))
    {
        for verb in verbs {
            assert!(!code(&text).contains(&format!("\"{verb}")), "{name} renders {verb}");
        }
    }
}

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} doesn't begin with what it is for");
        let lines = code(&text).lines().count();
        assert!(lines <= FILE_MAX, "{name} has {lines} lines of code");
    }
}
