//! What the spec asks of the evidence that nobody else uses the moving tables.

use serde::{Deserialize, Serialize};

/// How much it counts before the switch that others than the service use the moving tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceSpec {
    /// What follows if somebody does.
    pub policy: Policy,
    /// Who has been quiet for so long doesn't any more, in seconds.
    pub quiet_for_s: u64,
}

impl Default for EvidenceSpec {
    fn default() -> Self {
        Self { policy: Policy::default(), quiet_for_s: 600 }
    }
}

impl EvidenceSpec {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What follows if others than the service use the moving tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// No switch before they have stopped, nor where it can't be told whether they have.
    Require,
    /// They are named.
    #[default]
    Warn,
    /// Nobody looks.
    Ignore,
}
