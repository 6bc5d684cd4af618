//! Finds needles in lines. In: needles, then lines of a source. Out: where something was found, and how much was looked at. Never what was found: a report must
//! not be the next place where it lies about. Pure.

use std::collections::BTreeMap;

use super::exceptions::{Place, excused};
use super::forms::{Kind, Needle};

/// How many bytes of a form find its bucket.
const KEY: usize = 4;
const BUCKETS: usize = 1 << 16;

/// All forms of all needles, by how they begin.
#[derive(Debug)]
pub(super) struct Needles {
    buckets: Vec<Vec<(Vec<u8>, Kind)>>,
}

/// Something that was found where it must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Find {
    /// Of what kind.
    pub(super) kind: Kind,
    /// Where, for people: a database's table, a pod's log.
    pub(super) place: String,
}

/// What came of looking at some sources.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What must not be there, and in how many lines.
    pub(super) wrong: BTreeMap<Find, u64>,
    /// What may be there, for a reason that is written down, and is: in how many lines.
    pub(super) excused: BTreeMap<Find, u64>,
    /// How many lines of each source were looked at.
    pub(super) lines: BTreeMap<String, u64>,
}

impl Needles {
    pub(super) fn new(needles: &[Needle]) -> Self {
        let mut buckets = vec![Vec::new(); BUCKETS];
        for needle in needles {
            for form in needle.forms() {
                let form = form.into_bytes();
                if let Some(bucket) = bucket(&form).and_then(|at| buckets.get_mut(at)) {
                    bucket.push((form, needle.kind));
                }
            }
        }
        Self { buckets }
    }

    /// Kinds of the needles in a line.
    pub(super) fn kinds(&self, line: &str) -> Vec<Kind> {
        let hay = line.to_lowercase().into_bytes();
        let mut kinds = Vec::new();
        for at in 0..hay.len() {
            let rest = &hay[at..];
            let Some(candidates) = bucket(rest).and_then(|at| self.buckets.get(at)) else { break };
            kinds.extend(candidates.iter().filter(|(form, _)| rest.starts_with(form)).map(|(_, kind)| *kind));
        }
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

/// Where a text belongs by its first bytes; none if it is too short for any form.
fn bucket(text: &[u8]) -> Option<usize> {
    let key = text.get(..KEY)?;
    let hash = key.iter().fold(0_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte));
    usize::try_from((hash ^ (hash >> 16)) & 0xffff).ok()
}

impl Found {
    /// Looks at a line of a place.
    pub(super) fn look(&mut self, needles: &Needles, place: &Place, line: &str) {
        *self.lines.entry(place.source().to_owned()).or_default() += 1;
        for kind in needles.kinds(line) {
            let find = Find { kind, place: place.to_string() };
            let list = if excused(place, kind) { &mut self.excused } else { &mut self.wrong };
            *list.entry(find).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles() -> Needles {
        Needles::new(&[
            Needle::new(Kind::Email, "needle.one@example.com"),
            Needle::new(Kind::Phone, "+491701234567"),
            Needle::new(Kind::Name, "Needlewoman"),
        ])
    }

    #[test]
    fn every_needle_of_a_line_is_found_wherever_it_stands() {
        let needles = needles();
        for (line, kinds) in [
            ("needle.one@example.com", vec![Kind::Email]),
            ("x Needle.One%40example.com\t+491701234567", vec![Kind::Email, Kind::Phone]),
            ("…müßig needlewoman", vec![Kind::Name]),
            ("needle.one@example.co", vec![]),
            ("nee", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(needles.kinds(line), kinds, "{line}");
        }
    }

    #[test]
    fn what_is_found_is_wrong_unless_it_is_excused_there() {
        let (needles, mut found) = (needles(), Found::default());
        let row = |service: &str, table: &str| Place::Row { service: service.to_owned(), table: table.to_owned() };
        found.look(&needles, &row("identity", "human_names"), "1\tneedle.one@example.com");
        found.look(&needles, &row("marketing", "contact_messages"), "1\tNeedlewoman");
        assert!(found.wrong.is_empty() && found.excused.len() == 2);
        found.look(&needles, &row("marketing", "contact_messages"), "1\tneedle.one@example.com");
        found.look(&needles, &Place::Log("identity-0".to_owned()), "needle.one@example.com");
        let places: Vec<_> = found.wrong.keys().map(|find| find.place.as_str()).collect();
        assert_eq!(places, ["the log of identity-0", "the table marketing.contact_messages"]);
        assert_eq!((found.lines["marketing"], found.lines["logs"]), (2, 1));
    }
}
