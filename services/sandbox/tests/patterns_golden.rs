//! All patterns against stored answers of TA-Lib: what every machine can check. `patterns_oracle` asks TA-Lib itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod golden;

use rerp_sandbox::trading::pattern::{self, Scanner};

#[test]
fn every_answer_equals_the_stored_one() {
    let (bars, answers) = golden::read(&std::fs::read_to_string(golden::PATH).unwrap());
    assert!(bars.len() > 2_000, "{}", bars.len());
    assert_eq!(answers.len(), 61, "every pattern occurs");
    let scanner = Scanner::new(&bars);
    for (name, wanted) in &answers {
        let pattern = pattern::named(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(&scanner.answers(pattern), wanted, "{name}");
    }
}
