//! The comparison of contents, and what is said of one that left something out.

use super::Status;
use crate::verify::Comparison;
use serde::{Deserialize, Serialize};

/// The comparison of contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Verification {
    /// Rows compared.
    pub rows: u64,
    /// Chunks compared.
    pub chunks: u64,
    /// Keys whose rows really differ.
    pub mismatches: u64,
    /// Share of the moving rows compared, 0 to 1; estimated where some are left out.
    pub coverage: f64,
    /// Ranges that a sample has left out, or not come to yet; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
}

impl Verification {
    /// What a comparison has come to so far. `expected`: how many rows there are, where it doesn't know itself.
    #[must_use]
    pub fn new(comparison: &Comparison, expected: u64) -> Self {
        Self {
            rows: comparison.rows,
            chunks: comparison.chunks,
            mismatches: comparison.mismatches.len() as u64,
            coverage: comparison.coverage(expected),
            left_out: comparison.rest.map(|rest| rest.ranges).filter(|ranges| *ranges > 0),
        }
    }

    /// The share as a percentage with one decimal, never more than it is.
    #[must_use]
    pub fn percent(&self) -> f64 {
        (self.coverage * 1000.0).floor() / 10.0
    }
}

impl Status {
    /// What has to be said before the switch of a comparison that left rows out; nothing if it didn't.
    #[must_use]
    pub fn compared_in_part(&self) -> Option<String> {
        let seen = self.verification.as_ref().filter(|seen| seen.coverage < 1.0)?;
        let about = if seen.left_out.is_some() { "about " } else { "" };
        Some(format!("{about}{:.1} % of the rows were compared", seen.percent()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Rest;

    #[test]
    fn what_was_left_out_is_told_and_never_rounded_to_all_of_it() {
        let seen = |rest, undecided| {
            let rest = Some(Rest { ranges: u64::from(rest > 0), rows: rest });
            let compared = Comparison { rows: 9_999, undecided, rest, ..Comparison::default() };
            Status { verification: Some(Verification::new(&compared, 0)), ..Status::default() }.compared_in_part()
        };
        assert_eq!(seen(0, 0), None);
        assert_eq!(seen(1, 0).unwrap(), "about 99.9 % of the rows were compared");
        assert_eq!(seen(30_000, 0).unwrap(), "about 24.9 % of the rows were compared");
        assert_eq!(seen(0, 99).unwrap(), "99.0 % of the rows were compared");
        assert_eq!(Status::default().compared_in_part(), None);
    }
}
