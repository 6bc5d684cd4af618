//! All patterns against TA-Lib itself. Run it with `cargo test -p rerp-sandbox --test patterns_oracle -- --ignored`.
//!
//! `RERP_PYTHON` names an interpreter that has the packages of `tests/oracle/requirements.txt`; without it the test fails and says so.
//! `RERP_ORACLE_BARS` asks for another number of bars than 100,000, `RERP_ORACLE_SEED` for others. `RERP_GOLDEN=write` writes the file that
//! `patterns_golden` reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bars;
mod golden;

use golden::Answers;
use rerp_sandbox::trading::pattern::{self, Candle, Scanner};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/answers.py");

/// The oracle's answers, and which versions gave them.
fn ask(bars: &[Candle]) -> (Answers, String) {
    let python = std::env::var("RERP_PYTHON").expect(
        "RERP_PYTHON is not set: make an environment with `python3 -m venv DIR`, install \
         services/sandbox/tests/oracle/requirements.txt into it, and set RERP_PYTHON=DIR/bin/python",
    );
    let mut child = Command::new(&python)
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("RERP_PYTHON={python} can't be started: {error}"));
    let bytes: Vec<u8> =
        bars.iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]).flat_map(f64::to_le_bytes).collect();
    // The script reads everything before it writes anything.
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed; has {python} the packages of tests/oracle/requirements.txt?");
    read(&output.stdout, bars.len())
}

fn read(output: &[u8], count: usize) -> (Answers, String) {
    let end = output.iter().position(|byte| *byte == b'\n').unwrap();
    let about = std::str::from_utf8(&output[..end]).unwrap();
    let (versions, names) = about.split_once(", \"names\": [").unwrap();
    let names: Vec<String> =
        names.trim_end_matches("]}").split(", ").map(|name| name.trim_matches('"').to_owned()).collect();
    let numbers: Vec<i32> =
        output[end + 1..].chunks_exact(4).map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(numbers.len(), names.len() * count);
    let answers = names.into_iter().zip(numbers.chunks_exact(count)).map(|(name, answers)| (name, answers.to_vec()));
    (answers.collect(), versions.trim_start_matches('{').replace('"', ""))
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

#[test]
#[ignore = "needs TA-Lib: set RERP_PYTHON, see the head of the file"]
fn every_answer_equals_the_oracles() {
    let bars = bars::bars(number("RERP_ORACLE_SEED", 1), number("RERP_ORACLE_BARS", 100_000) as usize);
    let (wanted, versions) = ask(&bars);
    let ours: BTreeSet<&str> = pattern::all().map(|pattern| pattern.name).collect();
    assert_eq!(ours, wanted.keys().map(String::as_str).collect(), "the patterns themselves");

    let (scanner, mut mistakes) = (Scanner::new(&bars), 0);
    println!("{versions}; {} bars", bars.len());
    for (name, wanted) in &wanted {
        let got = scanner.answers(pattern::named(name).unwrap());
        let wrong: Vec<usize> = (0..bars.len()).filter(|at| got[*at] != wanted[*at]).collect();
        let mut seen = BTreeMap::new();
        wanted.iter().filter(|answer| **answer != 0).for_each(|answer| *seen.entry(*answer).or_insert(0) += 1);
        println!("{name}: {} mismatches; answers {seen:?}", wrong.len());
        if let Some(at) = wrong.first() {
            println!(
                "  first at {at}: got {}, wanted {}; {:?}",
                got[*at],
                wanted[*at],
                &bars[at.saturating_sub(5)..=*at]
            );
        }
        assert!(!seen.is_empty(), "{name} never occurs: the bars say nothing about it");
        mistakes += wrong.len();
    }
    assert_eq!(mistakes, 0);
}

/// Bars around the first occurrences of every answer of every pattern.
fn excerpt(bars: &[Candle], answers: &Answers) -> Vec<Candle> {
    const OCCURRENCES: usize = 6;
    const BEFORE: usize = 17;
    let mut kept = BTreeSet::new();
    for answers in answers.values() {
        let values: BTreeSet<i32> = answers.iter().copied().filter(|answer| *answer != 0).collect();
        for value in values {
            let places = (0..bars.len()).filter(|at| answers[*at] == value);
            kept.extend(places.take(OCCURRENCES).flat_map(|at| at.saturating_sub(BEFORE)..=at));
        }
    }
    kept.into_iter().map(|at| bars[at]).collect()
}

#[test]
#[ignore = "needs TA-Lib: set RERP_PYTHON, see the head of the file"]
fn the_golden_file_is_what_the_oracle_says() {
    let bars = bars::bars(2, 100_000);
    let excerpt = excerpt(&bars, &ask(&bars).0);
    let (answers, versions) = ask(&excerpt);
    let missing: Vec<&String> =
        answers.iter().filter(|(_, a)| a.iter().all(|a| *a == 0)).map(|(name, _)| name).collect();
    assert!(missing.is_empty(), "{missing:?} do not occur");
    let text = golden::write(
        &format!("TA-Lib's answers, written by tests/patterns_oracle.rs; {versions}"),
        &excerpt,
        &answers,
    );
    if std::env::var("RERP_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(golden::PATH, &text).unwrap();
    }
    let stored = std::fs::read_to_string(golden::PATH).unwrap();
    // The first line names versions.
    let body = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert!(body(&stored) == body(&text), "the file differs; RERP_GOLDEN=write writes it");
}
