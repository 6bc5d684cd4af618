//! What a reconcile came to, as a value, and the one table of what follows from it: conditions,
//! event, metric and the time of the next visit. Pure.
//!
//! | outcome   | Ready   | Reconciling | Stalled | event   | next visit                       |
//! |-----------|---------|-------------|---------|---------|----------------------------------|
//! | Done      | True    | False       | False   | Normal  | `again` (drift no watch can see) |
//! | Waiting   | Unknown | True        | False   | Normal  | `again`, or a watch              |
//! | Refused   | False   | False       | True    | Warning | a change, or 5 minutes           |
//! | Failed    | Unknown | True        | False   | Warning | 1 s doubling to 5 minutes        |
//! | Suspended | Unknown | False       | False   | Normal  | a change                         |

use crate::cluster::{self, Class};
use kube::runtime::events::EventType;
use rerp_crds::{Reason, Summary};
use std::time::Duration;

/// Safety visit of an object that a person has to change.
const REFUSED_AGAIN: Duration = Duration::from_secs(300);
/// Longest pause between two tries.
const FAILED_MAX: Duration = Duration::from_secs(300);
/// Safety visit of an object that is left alone.
const SUSPENDED_AGAIN: Duration = Duration::from_secs(300);

/// The end of one reconcile. Waiting is no error: it is a state with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The object is what its spec says.
    Done {
        /// For the Ready condition: what is served.
        message: String,
        /// Look again after this, for drift that no watch reports.
        again: Duration,
    },
    /// Something else has to happen first, and will by itself.
    Waiting {
        /// Reason of the condition.
        reason: Reason,
        /// What is awaited, by name.
        on: String,
        /// Look again after this if no watch fires.
        again: Duration,
    },
    /// Nothing will happen until a person acts.
    Refused {
        /// Reason of the condition.
        reason: Reason,
        /// What is wrong, by name, and what to do.
        message: String,
    },
    /// A step failed that is expected to pass when tried again.
    Failed {
        /// Reason of the condition.
        reason: Reason,
        /// The step and the trouble.
        message: String,
    },
    /// `spec.suspend` is true.
    Suspended,
}

impl Outcome {
    /// Waits for `on`, looking again after `again`.
    pub fn waiting(reason: Reason, on: impl Into<String>, again: Duration) -> Self {
        Self::Waiting { reason, on: on.into(), again }
    }

    /// Needs a person.
    pub fn refused(reason: Reason, message: impl Into<String>) -> Self {
        Self::Refused { reason, message: message.into() }
    }

    /// Is tried again with a growing pause.
    pub fn failed(reason: Reason, message: impl Into<String>) -> Self {
        Self::Failed { reason, message: message.into() }
    }

    /// What Ready, Reconciling and Stalled say together.
    pub fn summary(&self) -> Summary {
        match self {
            Self::Done { .. } => Summary::Ready,
            Self::Waiting { .. } | Self::Failed { .. } => Summary::Progressing,
            Self::Refused { .. } => Summary::Stalled,
            Self::Suspended => Summary::Suspended,
        }
    }

    /// Reason of the three conditions.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Done { .. } => Reason::AsExpected,
            Self::Suspended => Reason::Suspended,
            Self::Waiting { reason, .. } | Self::Refused { reason, .. } | Self::Failed { reason, .. } => *reason,
        }
    }

    /// Message of the three conditions.
    pub fn message(&self) -> &str {
        match self {
            Self::Done { message, .. } | Self::Refused { message, .. } | Self::Failed { message, .. } => message,
            Self::Waiting { on, .. } => on,
            Self::Suspended => "spec.suspend is true: everything but the certificate is left as it is",
        }
    }

    /// Kind of the event that a transition into this outcome causes.
    pub fn event(&self) -> EventType {
        match self {
            Self::Done { .. } | Self::Waiting { .. } | Self::Suspended => EventType::Normal,
            Self::Refused { .. } | Self::Failed { .. } => EventType::Warning,
        }
    }

    /// Label of the metric.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Waiting { .. } => "waiting",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
            Self::Suspended => "suspended",
        }
    }

    /// When to look again. `failures` counts failures in a row, this one included.
    pub fn again(&self, failures: u32) -> Duration {
        match self {
            Self::Done { again, .. } | Self::Waiting { again, .. } => *again,
            Self::Refused { .. } => REFUSED_AGAIN,
            Self::Failed { .. } => {
                let doublings = failures.saturating_sub(1).min(9);
                Duration::from_secs(1 << doublings).min(FAILED_MAX)
            }
            Self::Suspended => SUSPENDED_AGAIN,
        }
    }
}

impl From<cluster::Error> for Outcome {
    fn from(error: cluster::Error) -> Self {
        let reason = match &error {
            cluster::Error::NotOurs { .. } => Reason::NameTaken,
            _ => Reason::ApiError,
        };
        match error.class() {
            Class::User => Self::refused(reason, error.describe()),
            Class::Transient | Class::Conflict | Class::Bug => Self::failed(reason, error.describe()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_never_ready_false() {
        let waiting = Outcome::waiting(Reason::ServerStarting, "pod x", Duration::from_secs(1));
        assert_eq!(waiting.summary(), Summary::Progressing);
        assert_eq!(Outcome::failed(Reason::Retrying, "x").summary(), Summary::Progressing);
        assert_eq!(Outcome::refused(Reason::InvalidSpec, "x").summary(), Summary::Stalled);
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let failed = Outcome::failed(Reason::Retrying, "x");
        let pauses: Vec<u64> = [1, 2, 3, 9, 10, 1000].map(|n| failed.again(n).as_secs()).to_vec();
        assert_eq!(pauses, [1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn somebody_elses_object_needs_a_person() {
        let error = cluster::Error::NotOurs {
            kind: "Secret".into(),
            name: "rerp/a-admin".into(),
            holder: "Deployment x".into(),
        };
        let outcome = Outcome::from(error);
        assert_eq!(outcome.reason(), Reason::NameTaken);
        assert_eq!(outcome.message(), "Secret rerp/a-admin exists and belongs to Deployment x");
    }
}
