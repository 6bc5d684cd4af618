//! What came of looking. In: what was found before and after the erasure. Out: a table for a person, `report.json`, what is wrong. Pure but for the file. Holds places,
//! kinds and counts, never what was found.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::super::Error;
use super::exceptions::{EXCEPTIONS, STREAM};
use super::haystack::SERVICES;
use super::search::{Find, Found};
use crate::verdict;

/// Sources beside the databases.
const OTHERS: [&str; 3] = ["logs", "metrics", "objects"];

/// See the file's header.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) run: String,
    /// How many contacts of others were looked for.
    pub(super) sampled: usize,
    pub(super) has_bus: bool,
    /// Who has erased her.
    pub(super) receipts: Vec<String>,
    pub(super) before: Found,
    pub(super) after: Found,
}

impl Report {
    /// Says it, writes it, and decides.
    pub(super) fn conclude(&self, dir: &Path) -> Result<ExitCode, Error> {
        let path = dir.join("report.json");
        let write = || -> io::Result<()> {
            fs::create_dir_all(dir)?;
            fs::write(&path, format!("{:#}\n", self.json()))
        };
        write().map_err(|source| Error::Report { path: path.clone(), source })?;
        println!("{}", self.table());
        for one in &EXCEPTIONS {
            println!("allowed in {}.{} until the erasure: {}", one.service, one.table, one.why);
        }
        if !self.has_bus {
            println!(
                "this platform has no event bus; its events wait in the outboxes for some hours, which were looked through"
            );
        }
        println!("report: {}", path.display());
        let failures = self.failures();
        if failures.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Ok(verdict::failed("looking for personal data", &failures))
    }

    /// Everything that must not be.
    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let mut wrong = |when: &str, finds: &BTreeMap<Find, u64>| {
            let lines = finds
                .iter()
                .map(|(find, lines)| format!("{when} {} is in {} ({lines} lines)", find.kind.word(), find.place));
            failures.extend(lines);
        };
        wrong("before the erasure", &self.before.wrong);
        wrong("after the erasure", &self.after.wrong);
        // There is no excuse any more.
        wrong("after the erasure", &self.after.excused);
        for source in SERVICES.into_iter().chain(OTHERS).chain(self.has_bus.then_some(STREAM)) {
            for (when, found) in [("before", &self.before), ("after", &self.after)] {
                if found.lines.get(source).is_none_or(|lines| *lines == 0) {
                    failures.push(format!("{when} the erasure nothing of {source} could be looked at"));
                }
            }
        }
        for place in ["identity.email_addresses", "identity.human_names", "identity.mobile_numbers"] {
            if !self.before.excused.keys().any(|find| find.place.ends_with(place)) {
                failures.push(format!("nothing was found in {place}, where it is: looking does not find"));
            }
        }
        let missing = SERVICES.into_iter().filter(|name| !self.receipts.iter().any(|receipt| receipt == name));
        failures.extend(missing.map(|name| format!("{name} gave no receipt of the erasure")));
        failures
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["WHERE", "WHAT", "BEFORE", "AFTER"]);
        let lines = |finds: &BTreeMap<Find, u64>, find: &Find| finds.get(find).copied().unwrap_or_default();
        for (list, after) in [(&self.before.excused, &self.after.excused), (&self.before.wrong, &self.after.wrong)] {
            for (find, before) in list {
                let row = [
                    find.place.clone(),
                    find.kind.word().to_owned(),
                    before.to_string(),
                    lines(after, find).to_string(),
                ];
                table.add_row(row);
            }
        }
        table
    }

    fn json(&self) -> Value {
        let list = |finds: &BTreeMap<Find, u64>| -> Vec<Value> {
            finds
                .iter()
                .map(|(find, lines)| json!({ "place": find.place, "kind": find.kind.word(), "lines": lines }))
                .collect()
        };
        let part = |found: &Found| json!({ "lines": found.lines, "allowed": list(&found.excused), "wrong": list(&found.wrong) });
        json!({ "run": self.run, "sampledContacts": self.sampled, "bus": self.has_bus, "receipts": self.receipts,
                "before": part(&self.before), "after": part(&self.after), "failures": self.failures() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::Kind;
    use super::*;

    fn looked(places: &[&str]) -> Found {
        let mut found = Found::default();
        for source in SERVICES.into_iter().chain(OTHERS) {
            found.lines.insert(source.to_owned(), 1);
        }
        for place in places {
            found.excused.insert(Find { kind: Kind::Email, place: format!("the table {place}") }, 1);
        }
        found
    }

    fn report() -> Report {
        let before = looked(&["identity.email_addresses", "identity.human_names", "identity.mobile_numbers"]);
        let receipts = SERVICES.map(str::to_owned).to_vec();
        Report { run: "1".to_owned(), sampled: 2, has_bus: false, receipts, before, after: looked(&[]) }
    }

    #[test]
    fn a_clean_platform_passes_and_everything_else_fails() {
        assert_eq!(report().failures(), [""; 0]);
        let find = |place: &str| Find { kind: Kind::Name, place: place.to_owned() };
        let mut spoiled = [(); 7].map(|()| report());
        spoiled[0].before.wrong.insert(find("the log of x"), 3);
        spoiled[1].after.wrong.insert(find("the log of x"), 1);
        spoiled[2].after.excused.insert(find("the table a.b"), 1);
        spoiled[3].before.lines.remove("logs");
        spoiled[4].before.excused.clear();
        spoiled[5].receipts.pop();
        spoiled[6].has_bus = true;
        for (at, report) in spoiled.iter().enumerate() {
            assert!(!report.failures().is_empty(), "{at}");
        }
    }

    #[test]
    fn a_report_names_places_and_kinds() {
        let mut report = report();
        report.before.wrong.insert(Find { kind: Kind::Phone, place: "the log of billing-0".to_owned() }, 2);
        assert_eq!(report.failures(), ["before the erasure a telephone number is in the log of billing-0 (2 lines)"]);
        assert_eq!(report.json()["before"]["wrong"][0]["lines"], json!(2));
        assert!(report.table().to_string().contains("the log of billing-0"));
    }
}
