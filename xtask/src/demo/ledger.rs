//! The ledger against the databases. In: acknowledged writes, and rows as each database holds them. Out: what is lost, doubled, different
//! or on the wrong side. Pure: whoever reads the rows must not be the one who judges them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::Deserialize;

use super::companies;
use super::journeys::Held;

/// An acknowledged write.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// Path of the form.
    pub(super) path: String,
    /// Id of marketing's row.
    pub(super) row: String,
    /// The address as identity has to store it.
    pub(super) canonical: String,
    /// Id of identity's row.
    pub(super) email_address_id: String,
    /// The company that was named, as account has to compare it.
    pub(super) company: Option<String>,
    /// Id of account's row; none while account could not say.
    pub(super) company_id: Option<String>,
}

impl Entry {
    /// Whether its row is a message; all others are captures.
    pub(super) fn is_message(&self) -> bool {
        self.path == CONTACT
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.path, self.row, self.canonical)
    }
}

/// A row of identity's addresses: id and text.
pub(super) type Address = (String, String);
/// A row of account's companies: id and what they are compared by.
pub(super) type Company = (String, String);

/// A row of marketing's tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Lead {
    /// Its id.
    pub(super) id: String,
    /// Id of the address it refers to.
    pub(super) address: String,
    /// Id of the company it refers to.
    pub(super) company: Option<String>,
}

/// The rows of this run as the databases hold them, read after the run ended.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Addresses in the database that identity uses now.
    pub(super) addresses: Vec<Address>,
    /// Addresses in the database it used before, if there is another one: written before the switch.
    pub(super) left_behind: Vec<Address>,
    /// Rows of the run in a database that a domain has left, begun after its switch.
    pub(super) written_too_late: u64,
    /// Companies that the run named.
    pub(super) companies: Vec<Company>,
    /// Rows of `email_captures`.
    pub(super) captures: Vec<Lead>,
    /// Rows of `contact_messages`.
    pub(super) messages: Vec<Lead>,
    /// Rows of `accounts` since the run began.
    pub(super) accounts: Vec<Held>,
    /// Rows of `stripe_subscriptions` since then.
    pub(super) subscriptions: Vec<Held>,
    /// Rows of `test_sessions` since then.
    pub(super) sessions: Vec<Held>,
}

/// What the comparison found; what is lost, doubled, different or on the wrong side has to be zero.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Entries in the ledger, of forms and of journeys.
    pub(super) acknowledged: u64,
    /// Acknowledged, but a row of it is missing.
    pub(super) lost: u64,
    /// Acknowledged once, stored more than once.
    pub(super) duplicated: u64,
    /// Stored under another id or as another address than acknowledged.
    pub(super) different: u64,
    /// On the old side but not on the new one, or written to the old side after the switch.
    pub(super) wrong_side: u64,
    /// Acknowledged forms that named a company.
    pub(super) companies: u64,
    /// Of these: still without one, because account could not say which it is.
    pub(super) pending: u64,
    /// Stored but never acknowledged: allowed for requests that failed or were cut off.
    pub(super) unacknowledged: u64,
    /// The first findings in words.
    pub(super) examples: Vec<String>,
}

/// Findings shown in words.
const EXAMPLES: usize = 5;

/// The path of the form whose rows are messages.
const CONTACT: &str = "/api/marketing/contact";

/// Compares every acknowledged form with the rows.
pub(super) fn judge(entries: &[Entry], rows: &Rows) -> Verdict {
    let mut verdict = Verdict { acknowledged: entries.len() as u64, ..Verdict::default() };
    let texts = count(rows.addresses.iter().map(|(_, text)| text));
    let by_id: HashMap<&str, &str> = rows.addresses.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let (captures, messages) = (index(&rows.captures), index(&rows.messages));
    let references = count(rows.captures.iter().chain(&rows.messages).map(|lead| &lead.address));
    for entry in entries {
        let leads = if entry.is_message() { &messages } else { &captures };
        match leads.get(entry.row.as_str()) {
            None => verdict.lose(entry, "marketing's row is missing"),
            Some(address) if *address != entry.email_address_id => {
                verdict.differ(entry, "marketing's row names another address")
            }
            Some(_) => {}
        }
        match by_id.get(entry.email_address_id.as_str()) {
            None if texts.contains_key(entry.canonical.as_str()) => verdict.differ(entry, "the address has another id"),
            None => verdict.lose(entry, "identity's row is missing"),
            Some(text) if *text != entry.canonical => verdict.differ(entry, "the id belongs to another address"),
            Some(_) => {}
        }
        let stored = texts.get(entry.canonical.as_str()).copied().unwrap_or_default();
        let referred = references.get(entry.email_address_id.as_str()).copied().unwrap_or_default();
        if stored > 1 || referred > 1 {
            verdict.double(entry, "stored more than once");
        }
    }
    companies::judge(entries, rows, &mut verdict);
    verdict.wrong_side = rows.written_too_late + left_out(&rows.left_behind, &rows.addresses);
    verdict.unacknowledged = unacknowledged(entries, rows);
    verdict
}

impl Verdict {
    pub(super) fn lose(&mut self, entry: &impl fmt::Display, why: &str) {
        self.lost += 1;
        self.example(entry, why);
    }

    pub(super) fn double(&mut self, entry: &impl fmt::Display, why: &str) {
        self.duplicated += 1;
        self.example(entry, why);
    }

    pub(super) fn differ(&mut self, entry: &impl fmt::Display, why: &str) {
        self.different += 1;
        self.example(entry, why);
    }

    fn example(&mut self, entry: &impl fmt::Display, why: &str) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{entry}: {why}"));
        }
    }
}

/// How often each text occurs.
pub(super) fn count<'a>(items: impl Iterator<Item = &'a String>) -> HashMap<&'a str, u64> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item.as_str()).or_default() += 1;
    }
    counts
}

fn index(leads: &[Lead]) -> BTreeMap<&str, &str> {
    leads.iter().map(|lead| (lead.id.as_str(), lead.address.as_str())).collect()
}

/// Rows of the old side that the new one does not have exactly so.
fn left_out(old: &[Address], new: &[Address]) -> u64 {
    let new: BTreeSet<&Address> = new.iter().collect();
    old.iter().filter(|address| !new.contains(address)).count() as u64
}

fn unacknowledged(entries: &[Entry], rows: &Rows) -> u64 {
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.row.as_str()).collect();
    rows.captures.iter().chain(&rows.messages).filter(|lead| !known.contains(lead.id.as_str())).count() as u64
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Request number `n`, every second one a message, none with a company.
    pub(in super::super) fn entry(n: u32) -> Entry {
        let path = if n.is_multiple_of(2) { CONTACT } else { "/api/marketing/email-capture" };
        Entry {
            path: path.into(),
            row: format!("row{n}"),
            canonical: format!("{n}@x"),
            email_address_id: format!("id{n}"),
            company: None,
            company_id: None,
        }
    }

    fn stored(entries: &[Entry]) -> Rows {
        let lead = |e: &Entry| Lead { id: e.row.clone(), address: e.email_address_id.clone(), company: None };
        Rows {
            addresses: entries.iter().map(|e| (e.email_address_id.clone(), e.canonical.clone())).collect(),
            captures: entries.iter().filter(|e| !e.is_message()).map(lead).collect(),
            messages: entries.iter().filter(|e| e.is_message()).map(lead).collect(),
            ..Rows::default()
        }
    }

    impl Verdict {
        fn is_clean(&self) -> bool {
            self.lost + self.duplicated + self.different + self.wrong_side == 0
        }
    }

    fn both() -> (Vec<Entry>, Rows) {
        let entries: Vec<Entry> = (0..10).map(entry).collect();
        let rows = stored(&entries);
        (entries, rows)
    }

    #[test]
    fn a_complete_store_is_clean() {
        let (entries, mut rows) = both();
        rows.left_behind = rows.addresses[..4].to_vec();
        let verdict = judge(&entries, &rows);
        assert!(verdict.is_clean() && verdict.acknowledged == 10, "{verdict:?}");
    }

    #[test]
    fn a_missing_row_on_either_side_is_lost() {
        let (entries, mut rows) = both();
        rows.addresses.remove(3);
        rows.messages.remove(0);
        let verdict = judge(&entries, &rows);
        assert_eq!((verdict.lost, verdict.is_clean()), (2, false));
        assert_eq!(verdict.examples.len(), 2);
    }

    #[test]
    fn a_row_in_the_other_table_is_no_substitute() {
        let (entries, mut rows) = both();
        let moved = rows.messages.remove(0);
        rows.captures.push(moved);
        assert_eq!(judge(&entries, &rows).lost, 1);
    }

    #[test]
    fn doubled_addresses_and_doubled_forms_are_found() {
        let (entries, mut rows) = both();
        rows.addresses.push(("other".into(), "3@x".into()));
        rows.captures.push(Lead { id: "again".into(), address: "id5".into(), company: None });
        let verdict = judge(&entries, &rows);
        assert_eq!((verdict.duplicated, verdict.unacknowledged), (2, 1));
    }

    #[test]
    fn another_id_or_another_address_is_a_difference() {
        let (entries, mut rows) = both();
        rows.addresses[1].0 = "changed".into();
        rows.addresses[2].1 = "else@x".into();
        rows.captures[0].address = "nobody".into();
        assert_eq!(judge(&entries, &rows).different, 3);
    }

    #[test]
    fn what_is_only_on_the_old_side_is_on_the_wrong_side() {
        let (entries, mut rows) = both();
        rows.left_behind = vec![("id1".into(), "1@x".into()), ("idX".into(), "x@x".into())];
        rows.written_too_late = 2;
        assert_eq!(judge(&entries, &rows).wrong_side, 3);
    }

    #[test]
    fn failed_requests_may_have_been_stored() {
        let (mut entries, rows) = both();
        entries.pop();
        let verdict = judge(&entries, &rows);
        assert!(verdict.is_clean() && verdict.unacknowledged == 1);
    }
}
