//! The one table that maps (generation, conditions) to what GitOps tools call status. In: plain values. Out: a verdict.
//!
//! The rules are those of kstatus (kubernetes-sigs/cli-utils), with one difference: an object that no controller has seen is
//! InProgress here, where the library, which can't know that a controller exists, says Current.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::condition::ConditionType;

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kstatus {
    /// The object is what its spec says.
    Current,
    /// It will be, or nobody has looked yet.
    InProgress,
    /// It won't be until a person acts.
    Failed,
}

/// The table: the first row whose condition is True decides; no row, or a stale status, means InProgress.
pub const TABLE: [(ConditionType, Kstatus); 3] = [
    (ConditionType::Reconciling, Kstatus::InProgress),
    (ConditionType::Stalled, Kstatus::Failed),
    (ConditionType::Ready, Kstatus::Current),
];

/// The verdict on an object with this `generation`, whose status has this `observed` generation and these `conditions`.
#[must_use]
pub fn kstatus(generation: i64, observed: Option<i64>, conditions: &[Condition]) -> Kstatus {
    if observed != Some(generation) {
        return Kstatus::InProgress;
    }
    let holds = |type_: ConditionType| conditions.iter().any(|c| c.type_ == type_.to_string() && c.status == "True");
    TABLE.into_iter().find(|(type_, _)| holds(*type_)).map_or(Kstatus::InProgress, |(_, verdict)| verdict)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        condition::{Summary, upsert},
        reason::Reason,
    };

    fn verdict(summary: Summary, generation: i64, observed: Option<i64>) -> Kstatus {
        let mut list = Vec::new();
        for new in summary.conditions(Reason::Progressing, "") {
            upsert(&mut list, &new, generation, Timestamp::UNIX_EPOCH);
        }
        kstatus(generation, observed, &list)
    }

    #[test]
    fn every_summary_has_one_verdict() {
        assert_eq!(verdict(Summary::Ready, 3, Some(3)), Kstatus::Current);
        assert_eq!(verdict(Summary::Progressing, 3, Some(3)), Kstatus::InProgress);
        assert_eq!(verdict(Summary::Stalled, 3, Some(3)), Kstatus::Failed);
        assert_eq!(verdict(Summary::Suspended, 3, Some(3)), Kstatus::InProgress);
    }

    #[test]
    fn a_stale_or_absent_status_is_in_progress() {
        assert_eq!(verdict(Summary::Ready, 4, Some(3)), Kstatus::InProgress);
        assert_eq!(verdict(Summary::Stalled, 4, None), Kstatus::InProgress);
        assert_eq!(kstatus(1, Some(1), &[]), Kstatus::InProgress);
    }
}
