//! How many tests ran, by the runners' own words. In: lines of their output. Out: counts. Must not count anything itself: a number here is
//! always one that a runner printed.

use std::fmt;

/// Counts of one runner or of several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Told by their source not to run.
    pub(crate) ignored: u64,
}

impl Tally {
    /// Tests that ran.
    pub(crate) fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// Adds the counts of another runner.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds what a line of cargo's test runner says: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn read_cargo(&mut self, line: &str) {
        let Some(rest) = line.trim().strip_prefix("test result: ") else { return };
        let counts = rest.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split(';') {
            let Some((count, what)) = part.trim().split_once(' ') else { continue };
            let count: u64 = count.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// Adds what a line of `go test -v` says. Subtests are indented and belong to their test.
    pub(crate) fn read_go(&mut self, line: &str) {
        if line.starts_with("--- PASS: ") {
            self.passed += 1;
        } else if line.starts_with("--- FAIL: ") {
            self.failed += 1;
        } else if line.starts_with("--- SKIP: ") {
            self.ignored += 1;
        }
    }

    /// Adds what Vitest says at its end: `Tests  1 failed | 12 passed | 2 skipped (15)`.
    pub(crate) fn read_vitest(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("Tests  ") else { return };
        let counts = counts.split_once(" (").map_or(counts, |(counts, _)| counts);
        for part in counts.split(" | ") {
            let Some((count, what)) = part.trim().split_once(' ') else { continue };
            let count: u64 = count.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "skipped" | "todo" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// Adds what a line of Node's test runner says at its end, in TAP: `# pass 46`. A test that was ended counts as failed.
    pub(crate) fn read_node(&mut self, line: &str) {
        let Some((what, count)) = line.strip_prefix("# ").and_then(|line| line.split_once(' ')) else { return };
        let Ok(count) = count.parse::<u64>() else { return };
        match what {
            "pass" => self.passed += count,
            "fail" | "cancelled" => self.failed += count,
            "skipped" | "todo" => self.ignored += count,
            _ => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} tests ran, {} passed, {} failed, {} ignored",
            self.ran(),
            self.passed,
            self.failed,
            self.ignored
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitest_is_understood() {
        let mut tally = Tally::default();
        for line in [
            " Test Files  2 passed (2)",
            "      Tests  1 failed | 12 passed | 2 skipped (15)",
            "      Tests  7 passed (7)",
            " ✓ Tests  9 passed",
        ] {
            tally.read_vitest(line);
        }
        assert_eq!(tally, Tally { passed: 19, failed: 1, ignored: 2 });
    }

    #[test]
    fn cargo_go_and_node_are_understood() {
        let mut tally = Tally::default();
        tally.read_cargo(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s",
        );
        tally.read_cargo(
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s",
        );
        tally.read_cargo("test a::b ... ok");
        tally.read_go("--- PASS: TestA (0.00s)");
        tally.read_go("    --- PASS: TestA/one (0.00s)");
        tally.read_go("--- SKIP: TestB (0.00s)");
        for line in [
            "# Subtest: pass 3",
            "ok 1 - # pass 1",
            "# tests 9",
            "# pass 4",
            "# fail 2",
            "# cancelled 1",
            "# skipped 1",
        ] {
            tally.read_node(line);
        }
        assert_eq!(tally, Tally { passed: 19, failed: 4, ignored: 3 });
        assert_eq!(tally.to_string(), "23 tests ran, 19 passed, 4 failed, 3 ignored");
    }
}
