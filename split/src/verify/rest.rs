//! What a comparison leaves out.

/// What isn't compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Ranges.
    pub ranges: u64,
    /// Rows in them, estimated by statistics.
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use super::super::Comparison;
    use super::*;

    #[test]
    fn a_share_is_of_what_is_there_and_not_of_what_was_copied_once_that_is_known() {
        let seen = |rows, undecided, rest: Option<(u64, u64)>| Comparison {
            rows,
            undecided,
            rest: rest.map(|(ranges, rows)| Rest { ranges, rows }),
            ..Comparison::default()
        };
        assert_eq!(seen(50, 0, None).coverage(200), 0.25);
        assert_eq!(seen(300, 0, None).coverage(200), 1.0, "more than was expected");
        assert_eq!(seen(50, 0, Some((3, 150))).coverage(1), 0.25);
        assert_eq!(seen(150, 0, Some((0, 0))).coverage(200), 1.0, "rows have gone since they were copied");
        assert_eq!(seen(200, 100, Some((0, 0))).coverage(0), 0.5);
        assert_eq!(seen(0, 0, Some((0, 0))).coverage(0), 1.0, "nothing is all there is");
    }
}
