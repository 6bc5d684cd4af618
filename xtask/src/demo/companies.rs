//! The ledger's companies against the databases. In: acknowledged writes, and rows as each database holds them. Out: findings in
//! the verdict. Pure.

use std::collections::HashMap;

use super::ledger::{Entry, Rows, Verdict, count};

/// Compares every acknowledged company with marketing's and account's rows. A row that is missing in marketing is told
/// elsewhere.
pub(super) fn judge(entries: &[Entry], rows: &Rows, verdict: &mut Verdict) {
    let keys: HashMap<&str, &str> = rows.companies.iter().map(|(id, key)| (id.as_str(), key.as_str())).collect();
    let stored = count(rows.companies.iter().map(|(_, key)| key));
    let (captures, messages) = (index(&rows.captures), index(&rows.messages));
    for entry in entries {
        let leads = if entry.is_message() { &messages } else { &captures };
        let Some(lead) = leads.get(entry.row.as_str()) else { continue };
        let Some(key) = &entry.company else {
            if lead.or(entry.company_id.as_deref()).is_some() {
                verdict.differ(entry, "a company that nobody named");
            }
            continue;
        };
        verdict.companies += 1;
        if stored.get(key.as_str()).is_some_and(|times| *times > 1) {
            verdict.double(entry, "the company is stored more than once");
        }
        match (entry.company_id.as_deref(), *lead) {
            // Taken while nobody could say which company it is.
            (None, None) => verdict.pending += 1,
            (Some(told), held) if held != Some(told) => verdict.differ(entry, "marketing's row names another company"),
            (_, held) => match held.and_then(|id| keys.get(id)) {
                None => verdict.lose(entry, "account's row is missing"),
                Some(text) if text != key => verdict.differ(entry, "the id belongs to another company"),
                Some(_) => {}
            },
        }
    }
}

fn index(leads: &[super::ledger::Lead]) -> HashMap<&str, Option<&str>> {
    leads.iter().map(|lead| (lead.id.as_str(), lead.company.as_deref())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Lead, judge, tests::entry};
    use super::*;

    /// Ten acknowledged forms, every second one with one of two companies, and the rows that belong to them.
    fn both() -> (Vec<Entry>, Rows) {
        let company = |n: u32| n.is_multiple_of(2).then_some(n % 4);
        let entries: Vec<Entry> = (0..10)
            .map(|n| Entry {
                company: company(n).map(|c| format!("company {c}")),
                company_id: company(n).map(|c| format!("c{c}")),
                ..entry(n)
            })
            .collect();
        let lead =
            |e: &Entry| Lead { id: e.row.clone(), address: e.email_address_id.clone(), company: e.company_id.clone() };
        let rows = Rows {
            addresses: entries.iter().map(|e| (e.email_address_id.clone(), e.canonical.clone())).collect(),
            captures: entries.iter().filter(|e| !e.is_message()).map(lead).collect(),
            messages: entries.iter().filter(|e| e.is_message()).map(lead).collect(),
            companies: vec![("c0".into(), "company 0".into()), ("c2".into(), "company 2".into())],
            ..Rows::default()
        };
        (entries, rows)
    }

    fn findings(verdict: &Verdict) -> [u64; 5] {
        [verdict.companies, verdict.lost, verdict.duplicated, verdict.different, verdict.pending]
    }

    #[test]
    fn a_complete_store_is_clean() {
        let (entries, rows) = both();
        assert_eq!(findings(&judge(&entries, &rows)), [5, 0, 0, 0, 0]);
    }

    #[test]
    fn every_way_to_be_wrong_is_found() {
        type Spoil = fn(&mut Vec<Entry>, &mut Rows);
        let spoils: [(Spoil, [u64; 5]); 7] = [
            (|_, rows| drop(rows.companies.remove(0)), [5, 3, 0, 0, 0]),
            (|_, rows| rows.companies[1].1 = "company 0".into(), [5, 0, 3, 2, 0]),
            (|_, rows| rows.messages[0].company = None, [5, 0, 0, 1, 0]),
            (|_, rows| rows.messages[0].company = Some("c2".into()), [5, 0, 0, 1, 0]),
            (|_, rows| rows.captures[0].company = Some("c2".into()), [5, 0, 0, 1, 0]),
            (|entries, _| entries[1].company_id = Some("c0".into()), [5, 0, 0, 1, 0]),
            (|entries, _| entries[0].company = Some("company 2".into()), [5, 0, 0, 1, 0]),
        ];
        for (i, (spoil, expected)) in spoils.into_iter().enumerate() {
            let (mut entries, mut rows) = both();
            spoil(&mut entries, &mut rows);
            assert_eq!(findings(&judge(&entries, &rows)), expected, "case {i}");
        }
    }

    #[test]
    fn a_company_may_come_later() {
        let (mut entries, mut rows) = both();
        entries[0].company_id = None;
        assert_eq!(findings(&judge(&entries, &rows)), [5, 0, 0, 0, 0], "it has come by now");
        rows.messages[0].company = None;
        assert_eq!(findings(&judge(&entries, &rows)), [5, 0, 0, 0, 1]);
        rows.messages[0].company = Some("c2".into());
        assert_eq!(findings(&judge(&entries, &rows)), [5, 0, 0, 1, 0], "but not another one");
    }
}
