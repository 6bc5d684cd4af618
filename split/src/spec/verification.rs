//! What the spec says about the comparison of both sides.

use super::CleanupPolicy;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a sampled comparison takes at most where nothing is said, in seconds: an hour.
const DEFAULT_DURATION_S: u64 = 3600;
/// The longest that can be said, in seconds: a day.
const LONGEST_S: u64 = 24 * 3600;

/// How both sides are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerificationSpec {
    /// What is compared.
    pub mode: VerificationMode,
    /// How long ranges are compared, all workers' time together, in seconds, 1 to 86400; what has to be compared is, however long it takes.
    /// Only with `Sample`; none is an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration_s: Option<u64>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VerificationMode {
    /// Every row of every table.
    #[default]
    Full,
    /// Small tables, and of the others as many ranges as there is time for, at least one of each.
    Sample,
}

/// Why both sides can't be compared so.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// A bound for what compares everything.
    #[error(
        "verification.max_duration_s means nothing unless verification.mode is Sample: Full compares every row, however long it takes. \
         Leave it out, or sample (--verification sample)"
    )]
    NoSample,
    /// A bound that is out of range.
    #[error("verification.max_duration_s must be 1 to {LONGEST_S}, it is {0}")]
    Duration(u64),
    /// What nobody has compared is to be dropped.
    #[error(
        "old tables are dropped only if every row was compared, and verification.mode Sample compares some: compare all \
         (--verification full), or keep or rename the old tables (--cleanup keep, --cleanup rename)"
    )]
    Drop,
}

impl VerificationSpec {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How long ranges are compared; none compares everything.
    #[must_use]
    pub fn limit(self) -> Option<Duration> {
        let samples = self.mode == VerificationMode::Sample;
        samples.then(|| Duration::from_secs(self.max_duration_s.unwrap_or(DEFAULT_DURATION_S)))
    }

    pub(super) fn check(self, cleanup: CleanupPolicy) -> Result<(), VerificationError> {
        match (self.mode, self.max_duration_s) {
            (VerificationMode::Full, Some(_)) => Err(VerificationError::NoSample),
            (_, Some(seconds)) if !(1..=LONGEST_S).contains(&seconds) => Err(VerificationError::Duration(seconds)),
            (VerificationMode::Sample, _) if cleanup == CleanupPolicy::Drop => Err(VerificationError::Drop),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: VerificationMode, max_duration_s: Option<u64>, policy: CleanupPolicy) -> Option<VerificationError> {
        VerificationSpec { mode, max_duration_s }.check(policy).err()
    }

    #[test]
    fn who_drops_compares_everything_and_a_bound_belongs_to_a_sample() {
        use {CleanupPolicy as Old, VerificationError as Why, VerificationMode as Mode};
        assert!(check(Mode::Full, None, Old::Drop).is_none());
        assert!(check(Mode::Sample, None, Old::Rename).is_none() && check(Mode::Sample, Some(1), Old::Keep).is_none());
        assert!(matches!(check(Mode::Sample, None, Old::Drop), Some(Why::Drop)));
        assert!(matches!(check(Mode::Full, Some(60), Old::Keep), Some(Why::NoSample)));
        for seconds in [0, LONGEST_S + 1, u64::MAX] {
            assert!(matches!(check(Mode::Sample, Some(seconds), Old::Keep), Some(Why::Duration(_))), "{seconds}");
        }
    }

    #[test]
    fn without_a_word_everything_is_compared_and_a_sample_takes_an_hour() {
        let read = |text: &str| serde_json::from_str::<VerificationSpec>(text).unwrap();
        assert_eq!((read("{}").is_default(), read("{}").limit()), (true, None));
        assert_eq!(read(r#"{"mode":"Sample"}"#).limit(), Some(Duration::from_secs(3600)));
        assert_eq!(read(r#"{"mode":"Sample","max_duration_s":60}"#).limit(), Some(Duration::from_secs(60)));
    }
}
