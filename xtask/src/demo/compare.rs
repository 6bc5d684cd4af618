//! The old side of a move against the new one, row by row, read from both servers past the engine. In: two sides, and when the tables were
//! switched. Out: how many rows are missing or changed.

use std::collections::BTreeMap;

use super::Error;
use super::postgres::Side;

/// What of a row both sides have, in tables whose rows change without a word of when. Answers are marked right or wrong when their session
/// ends, and a session may begin on one side and end on the other; people are marked as announced; events are marked as done, Stripe's too;
/// erasures are completed, and looked after; sign-ins get tokens and end; invitations are sent again, accepted and taken back; consents are confirmed; more time for
/// tests is given. Rows whose time is over are there still: a service begins to end them hours after it has started.
const LASTING: [(&str, &str); 12] = [
    ("test_answers", "to_jsonb(t) - 'is_correct' - 'points_awarded'"),
    ("verification_tracking", "to_jsonb(t) - 'announced_at'"),
    ("outbox_subjects", "t.subject"),
    ("inbox", "t.id"),
    ("erasures", "to_jsonb(t) - 'completed_at'"),
    ("rights_log", "to_jsonb(t) - 'looked_at'"),
    ("webhook_inbox", "t.event_id"),
    ("sessions", "to_jsonb(t) - ARRAY['aal', 'seen_at', 'ended_at']"),
    (
        "invites",
        "to_jsonb(t) - ARRAY['token_digest', 'expires_at', 'sends', 'sent_at', 'accepted_at', 'accepted_by', 'revoked_at']",
    ),
    ("consents", "to_jsonb(t) - 'email_address_id' - 'confirmed_at'"),
    ("confirmations", "t.id"),
    ("extra_times", "t.human_name_id"),
];

/// Tables whose rows end: what was to be told on the old side is told on the new one, and gone; what waited for another service has its answer, and a
/// solution that was used up is forgotten with its challenge.
const PASSING: [&str; 5] = ["outbox", "outbox_relay", "pending_companies", "intake", "captcha_spent"];

/// By what rows are known, and what tells when they changed, in tables that call it otherwise than by `id` and `updated_at`.
const OTHERWISE: [(&str, &str, &str); 1] =
    [("test_answers", "t.test_session_id::text || '/' || t.question_id::text", "t.answered_at")];

/// Rows that one server has and the other lacks, over all tables of the schema: what the old side held when it was closed at `at` (RFC 3339),
/// the new one must hold unchanged, unless it was changed there since.
pub(super) fn missing(old: Side<'_>, new: Side<'_>, at: &str) -> Result<u64, Error> {
    let mut tables = old.tables()?;
    tables.retain(|table| !PASSING.contains(&table.as_str()));
    let changed = changed_since(new, at)?;
    Ok(lacking(fingerprints(old, &tables, &changed)?, &fingerprints(new, &tables, &BTreeMap::new())?))
}

/// One fingerprint per row but those `except` names by table, so that two servers can be compared without either knowing of the other.
fn fingerprints(
    side: Side<'_>,
    tables: &[String],
    except: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, Error> {
    let lines = side.of_each(tables, |table, full| {
        let row = LASTING.iter().find(|(name, _)| *name == table).map_or("t", |(_, lasting)| lasting);
        let key = named(table).0;
        let but = except.get(table).map(|ids| format!("WHERE {key} <> ALL ('{{{}}}'::text[])", ids.join(",")));
        format!("SELECT md5('{table}' || ({row})::text) FROM {full} t {}", but.unwrap_or_default())
    })?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// Rows, by table, that were there when the tables were switched at `at` and that somebody changed on this side: what the other one holds of
/// them is old by right. Tables that are only added to have none, and lack the columns that would tell.
fn changed_since(side: Side<'_>, at: &str) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let told = format!(
        "SELECT c.relname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid \
         WHERE c.relnamespace = '{}'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped \
         AND a.attname IN ('id', 'created_at', 'updated_at') GROUP BY 1 HAVING count(*) = 3",
        side.schema
    );
    let found = side.psql(&told)?;
    let otherwise = side.tables()?.into_iter().filter(|table| OTHERWISE.iter().any(|(name, ..)| name == table));
    let tables: Vec<String> = found.lines().map(str::to_owned).chain(otherwise).collect();
    // A transaction counts from its beginning, and the switch was noted down a moment after it was made.
    let after = format!("'{at}'::timestamptz - interval '5 seconds'");
    let lines = side.of_each(&tables, |table, full| {
        let (key, changed) = named(table);
        let which = format!("t.created_at <= '{at}'::timestamptz AND {changed} > t.created_at AND {changed} > {after}");
        format!("SELECT '{table}', {key} FROM {full} t WHERE {which}")
    })?;
    let mut changed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.lines() {
        let (table, id) = line.split_once('|').ok_or_else(|| Error::Answer(line.to_owned()))?;
        changed.entry(table.to_owned()).or_default().push(id.to_owned());
    }
    Ok(changed)
}

/// By what a row of a table is known, and what tells when it changed.
fn named(table: &str) -> (&'static str, &'static str) {
    let otherwise = OTHERWISE.iter().find(|(name, ..)| *name == table);
    otherwise.map_or(("t.id::text", "t.updated_at"), |(_, key, changed)| (key, changed))
}

/// How many of `old` are not in `new`, counting repeated ones as often as they occur.
fn lacking(mut old: Vec<String>, new: &[String]) -> u64 {
    let mut new: Vec<&str> = new.iter().map(String::as_str).collect();
    old.sort_unstable();
    new.sort_unstable();
    let mut rest = new.into_iter().peekable();
    let mut lacking = 0;
    for item in &old {
        while rest.next_if(|candidate| *candidate < item.as_str()).is_some() {}
        if rest.next_if(|candidate| *candidate == item.as_str()).is_none() {
            lacking += 1;
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(items: &[&str]) -> Vec<String> {
        items.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn rows_that_the_new_side_lacks_are_counted() {
        assert_eq!(lacking(strings(&["c", "a", "b"]), &strings(&["x", "b", "a", "c"])), 0);
        assert_eq!(lacking(strings(&["a", "a", "b"]), &strings(&["a", "c"])), 2);
        assert_eq!(lacking(strings(&["z"]), &[]), 1);
        assert_eq!(lacking(Vec::new(), &strings(&["a"])), 0);
    }
}
