//! What an old table is called once it is renamed. Pure.

use jiff::Timestamp;

/// PostgreSQL's limit for a name, in bytes.
const LONGEST: usize = 63;

/// `<table>_moved_<yyyymmdd>`, the day of the cutover in UTC; as much of the table's name as fits.
#[must_use]
pub(super) fn moved(table: &str, at: Timestamp) -> String {
    let suffix = format!("_moved_{}", at.strftime("%Y%m%d"));
    let room = LONGEST - suffix.len();
    let end = (0..=room.min(table.len())).rev().find(|&end| table.is_char_boundary(end)).unwrap_or(0);
    format!("{}{suffix}", &table[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let at = "2026-11-28T23:59:59Z".parse().unwrap();
        assert_eq!(moved("email", at), "email_moved_20261128");
        let long = moved(&"a".repeat(63), at);
        assert_eq!((long.len(), long.ends_with("a_moved_20261128")), (63, true));
        let odd = moved(&format!("{}ä", "a".repeat(47)), at);
        assert_eq!((odd.len(), odd.ends_with("a_moved_20261128")), (62, true), "the umlaut has two bytes");
    }
}
