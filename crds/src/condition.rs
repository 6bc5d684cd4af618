//! Conditions: types, the one pure upsert, and the summary triple. In: what was found, the generation, the time. Out: the new list.
//!
//! Nothing here looks at a clock: a fresh time on an unchanged condition would make every status write cause the next.

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::reason::Reason;

/// Longest message of a condition, in characters; the API allows more, people don't read it.
pub const MESSAGE_MAX: usize = 1024;

/// Every type of condition on our kinds. All but Reconciling and Stalled are good when True.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The object is what its spec says.
    Ready,
    /// Work goes on by itself.
    Reconciling,
    /// A person has to act.
    Stalled,
    /// The service, or the server of a database, has a certificate that is valid now.
    CertificatesValid,
    /// Every service it calls exists and is ready.
    DependenciesReady,
    /// The database can be used.
    DatabaseReady,
    /// All wanted pods serve.
    WorkloadAvailable,
    /// Requests from outside are led to the service.
    Exposed,
    /// The gateway: every Ingress and HTTPRoute that is meant for it can be served.
    RoutesAccepted,
    /// Split: both sides were inspected and nothing stops it.
    Preflighted,
    /// Split: all rows were copied.
    Copied,
    /// Split: changes flow to the target.
    Streaming,
    /// Split: the target is as fresh as a cutover needs.
    CaughtUp,
    /// Split: both sides hold the same rows.
    Verified,
    /// Split: every ready pod holds connections to the target.
    ServicesPrepared,
    /// Split: the target owns the data.
    CutOver,
    /// Split: changes flow back to the source.
    ReverseReplicating,
    /// Split: side objects are gone.
    Finalized,
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It doesn't hold.
    False,
    /// Not known yet.
    Unknown,
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A condition without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCondition {
    /// What it is about.
    pub type_: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
    /// For people: names the thing, and says what to do if there is something to do.
    pub message: String,
}

impl NewCondition {
    /// A condition; `message` is made one line and cut when it goes into the list.
    pub fn new(type_: ConditionType, status: ConditionStatus, reason: Reason, message: impl Into<String>) -> Self {
        Self { type_, status, reason, message: message.into() }
    }
}

/// What an object's Ready, Reconciling and Stalled say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Summary {
    /// Done.
    Ready,
    /// Moving by itself; progress is never `Ready=False`.
    Progressing,
    /// Doomed until a person acts.
    Stalled,
    /// Left alone on request.
    Suspended,
}

impl Summary {
    /// The three conditions of this summary, all with the same reason and message.
    #[must_use]
    pub fn conditions(self, reason: Reason, message: &str) -> [NewCondition; 3] {
        use ConditionStatus::{False, True, Unknown};
        let (ready, reconciling, stalled) = match self {
            Self::Ready => (True, False, False),
            Self::Progressing => (Unknown, True, False),
            Self::Stalled => (False, False, True),
            Self::Suspended => (Unknown, False, False),
        };
        [(ConditionType::Ready, ready), (ConditionType::Reconciling, reconciling), (ConditionType::Stalled, stalled)]
            .map(|(type_, status)| NewCondition::new(type_, status, reason, message))
    }
}

/// Puts `new` into `conditions`, sorted by type.
///
/// `lastTransitionTime` moves only when the status does; `observedGeneration` is always `generation`. Returns whether the status
/// flipped (or the condition is new), which is what an event reports.
pub fn upsert(conditions: &mut Vec<Condition>, new: &NewCondition, generation: i64, now: Timestamp) -> bool {
    let (type_, status) = (new.type_.to_string(), new.status.to_string());
    let old = conditions.iter().find(|c| c.type_ == type_);
    let flipped = old.is_none_or(|old| old.status != status);
    let time = match old {
        Some(old) if !flipped => old.last_transition_time.clone(),
        _ => Time(whole_seconds(now)),
    };
    conditions.retain(|c| c.type_ != type_);
    conditions.push(Condition {
        type_,
        status,
        reason: new.reason.to_string(),
        message: one_line(&new.message),
        observed_generation: Some(generation),
        last_transition_time: time,
    });
    conditions.sort_by(|a, b| a.type_.cmp(&b.type_));
    flipped
}

/// The condition of a type, if the list has it.
#[must_use]
pub fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    let name = type_.to_string();
    conditions.iter().find(|c| c.type_ == name)
}

/// Whether the condition is True and speaks of `generation` (the object's present one).
#[must_use]
pub fn is_true(conditions: &[Condition], type_: ConditionType, generation: Option<i64>) -> bool {
    find(conditions, type_).is_some_and(|c| c.status == "True" && c.observed_generation == generation)
}

/// The API keeps whole seconds; a fraction would differ from what is read back.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Line breaks spoil tables, and long texts spoil everything.
fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MESSAGE_MAX {
        return line;
    }
    line.chars().take(MESSAGE_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ready(status: ConditionStatus, message: &str) -> NewCondition {
        NewCondition::new(ConditionType::Ready, status, Reason::Progressing, message)
    }

    #[test]
    fn time_moves_only_with_the_status() {
        let mut list = Vec::new();
        assert!(upsert(&mut list, &ready(ConditionStatus::Unknown, "a"), 1, at(10)));
        assert!(!upsert(&mut list, &ready(ConditionStatus::Unknown, "b"), 2, at(20)));
        assert_eq!((list[0].last_transition_time.0, list[0].observed_generation), (at(10), Some(2)));
        assert!(upsert(&mut list, &ready(ConditionStatus::True, "b"), 2, at(30)));
        assert_eq!(list[0].last_transition_time.0, at(30));
    }

    #[test]
    fn a_repeated_upsert_changes_nothing() {
        let mut list = Vec::new();
        for new in Summary::Stalled.conditions(Reason::InvalidSpec, "x") {
            upsert(&mut list, &new, 1, at(1));
        }
        let before = list.clone();
        for new in Summary::Stalled.conditions(Reason::InvalidSpec, "x") {
            assert!(!upsert(&mut list, &new, 1, at(99)));
        }
        assert_eq!(list, before);
    }

    #[test]
    fn messages_are_one_bounded_line() {
        let mut list = Vec::new();
        upsert(&mut list, &ready(ConditionStatus::True, &format!("a\n b{}", "c".repeat(5000))), 1, at(1));
        assert!(list[0].message.starts_with("a bc") && list[0].message.chars().count() == MESSAGE_MAX);
    }

    #[test]
    fn true_for_another_generation_does_not_count() {
        let mut list = Vec::new();
        upsert(&mut list, &ready(ConditionStatus::True, ""), 1, at(1));
        assert!(is_true(&list, ConditionType::Ready, Some(1)) && !is_true(&list, ConditionType::Ready, Some(2)));
    }
}
