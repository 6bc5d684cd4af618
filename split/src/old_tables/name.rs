//! What an old table is called once it is renamed. Pure.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// PostgreSQL's limit for a name, in bytes.
const LONGEST: usize = 63;

/// `<table>_moved_<yyyymmdd>`, the day of the cutover in UTC. Of a name that is too long as much as fits, and what tells it from others that
/// begin alike, as names of partitions often do.
#[must_use]
pub(super) fn moved(table: &str, at: Timestamp) -> String {
    let suffix = format!("_moved_{}", at.strftime("%Y%m%d"));
    if table.len() + suffix.len() <= LONGEST {
        return format!("{table}{suffix}");
    }
    let told = hex::encode(&Sha256::digest(table)[..4]);
    let end = table.floor_char_boundary(LONGEST - suffix.len() - told.len() - 1);
    format!("{}_{told}{suffix}", &table[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let at = "2026-11-28T23:59:59Z".parse().unwrap();
        assert_eq!(moved("email", at), "email_moved_20261128");
        let long = moved(&"a".repeat(63), at);
        assert_eq!(
            (long.len(), long.starts_with("aaaa"), long.ends_with("_moved_20261128")),
            (63, true, true),
            "{long}"
        );
        assert_ne!(long, moved(&format!("{}b", "a".repeat(62)), at), "they begin alike");
        let odd = moved(&format!("{}ä{}", "a".repeat(38), "a".repeat(20)), at);
        assert_eq!((odd.len(), odd.contains('ä')), (62, false), "the umlaut has two bytes");
    }
}
