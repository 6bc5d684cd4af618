//! Which of the keys that differ really do.
//!
//! While writers write, a key may differ because its change is on its way. The bracket rule: read the source, wait until
//! what it has is on the target (`way`: by a token, or by reading alone), read the target, read the source again. If the source's row is the same version (`xmin`)
//! both times, the target had to have exactly it. A row that the source lacks has no version; it counts as extra if the
//! target's row is the same version before and after, since whatever removed it had to have arrived.

use super::chunk::{KeyText, Version, Versions, versions};
use super::key::KeySql;
use super::way::Way;
use super::{Pair, Queries};
use crate::step::StepError;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

/// How often a key that keeps changing is looked at.
const ROUNDS: u32 = 10;

/// What became of the suspects.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) mismatches: Vec<KeyText>,
    /// Changed in each round.
    pub(super) undecided: u64,
}

/// One key in one round.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Equal,
    Differs,
    Changing,
}

/// Looks at the suspects until each is decided, or has changed in every round.
pub(super) async fn judge(
    way: &Way<'_>,
    pair: &Pair,
    queries: &Queries,
    keys: Vec<KeyText>,
) -> Result<Verdict, StepError> {
    let mut verdict = Verdict::default();
    if keys.is_empty() {
        return Ok(verdict);
    }
    let bracket = way.bracket().await?;
    let mut open = keys;
    for _ in 0..ROUNDS {
        if open.is_empty() {
            break;
        }
        let target_before = read(&pair.target, &queries.to, &open).await?;
        let source_before = read(&pair.source, &queries.from, &open).await?;
        bracket.drain(pair).await?;
        let target = read(&pair.target, &queries.to, &open).await?;
        let source = read(&pair.source, &queries.from, &open).await?;
        let mut changing = Vec::new();
        for key in open {
            let of = |versions: &Versions| versions.get(&key).cloned();
            match seen(of(&source_before), of(&source), of(&target_before), of(&target)) {
                Seen::Equal => {}
                Seen::Differs => verdict.mismatches.push(key),
                Seen::Changing => changing.push(key),
            }
        }
        open = changing;
    }
    verdict.undecided = open.len() as u64;
    Ok(verdict)
}

fn seen(
    source_before: Option<Version>,
    source: Option<Version>,
    target_before: Option<Version>,
    target: Option<Version>,
) -> Seen {
    match (source_before, source, target_before, target) {
        (Some(before), Some(after), _, Some(target)) if before.xmin == after.xmin => {
            if after.hash == target.hash {
                Seen::Equal
            } else {
                Seen::Differs
            }
        }
        (Some(before), Some(after), _, None) if before.xmin == after.xmin => Seen::Differs,
        (None, None, _, None) => Seen::Equal,
        (None, None, Some(before), Some(after)) if before.xmin == after.xmin => Seen::Differs,
        _ => Seen::Changing,
    }
}

async fn read(client: &Client, sql: &KeySql, keys: &[KeyText]) -> Result<Versions, StepError> {
    let columns: Vec<Vec<&str>> =
        (0..sql.width()).map(|n| keys.iter().filter_map(|key| key.get(n)).map(String::as_str).collect()).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
    versions(client, &sql.rows_by_key(), &parameters).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(xmin: &str, hash: i64) -> Option<Version> {
        Some(Version { hash, xmin: xmin.into() })
    }

    #[test]
    fn only_a_row_that_held_still_can_differ() {
        assert_eq!(seen(v("1", 7), v("1", 7), v("9", 7), v("9", 7)), Seen::Equal);
        assert_eq!(seen(v("1", 7), v("1", 7), v("9", 8), v("9", 8)), Seen::Differs);
        assert_eq!(seen(v("1", 7), v("1", 7), None, None), Seen::Differs);
        assert_eq!(seen(v("1", 7), v("2", 8), v("9", 7), v("9", 7)), Seen::Changing);
        assert_eq!(seen(v("1", 7), None, v("9", 7), v("9", 7)), Seen::Changing);
    }

    #[test]
    fn an_extra_row_must_have_been_there_all_along() {
        assert_eq!(seen(None, None, v("9", 7), v("9", 7)), Seen::Differs);
        assert_eq!(seen(None, None, None, v("9", 7)), Seen::Changing);
        assert_eq!(seen(None, None, v("9", 7), None), Seen::Equal);
        assert_eq!(seen(None, v("1", 7), v("9", 8), v("9", 8)), Seen::Changing);
    }
}
