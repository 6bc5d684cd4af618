//! How far ahead a sequence has to be: no lock stops `nextval`.
//!
//! In: where the sequence of the source is. Out: the value that the one on the target must at least have reached. Pure;
//! the server clamps it to its own limits and never goes back behind its own value.

use super::stmt::{Ahead, Sequence};

/// The value `margin` calls beyond the source's, in the sequence's own direction.
#[must_use]
pub fn ahead(source: &Sequence, margin: i64) -> Ahead {
    let increment = i128::from(source.increment);
    // A value that has not been handed out yet is one call ahead of the last one that was.
    let handed_out = i128::from(source.last) - if source.called { 0 } else { increment };
    Ahead { name: source.name.clone(), value: handed_out + i128::from(margin) * increment }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(last: i64, called: bool, increment: i64, margin: i64) -> i128 {
        ahead(&Sequence { name: "s".to_owned(), last, called, increment }, margin).value
    }

    #[test]
    fn the_margin_counts_calls_in_the_sequences_direction() {
        assert_eq!(value(500, true, 1, 1000), 1500);
        assert_eq!(value(500, true, 10, 1000), 10_500);
        assert_eq!(value(-500, true, -1, 1000), -1500);
        assert_eq!(value(7, true, -5, 2), -3);
    }

    #[test]
    fn a_start_value_has_not_been_handed_out() {
        assert_eq!(value(1, false, 1, 0), 0);
        assert_eq!(value(500, false, 1, 1000), 1499);
        assert_eq!(value(-1, false, -1, 0), 0);
    }

    #[test]
    fn the_ends_of_bigint_do_not_overflow() {
        assert_eq!(value(i64::MAX, true, i64::MAX, 1000), i128::from(i64::MAX) * 1001);
        assert_eq!(value(i64::MIN, true, i64::MIN, 1000), i128::from(i64::MIN) * 1001);
    }
}
