//! How a migration compares source and target: what is asked for, with its rules and their advice.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Duration;

/// How source and target are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.maxDuration) || (has(self.mode) && self.mode == 'Sample')")
    .message("Full compares every row, however long that takes; leave verification.maxDuration out, or set verification.mode to Sample")
    .field_path(".maxDuration"))]
pub struct VerificationSettings {
    /// What is compared. Default Full. Another mode counts at once, until the comparison is over; then it waits for another migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<VerificationMode>,
    /// With Sample: for how long ranges are compared; small tables and one range of each other are compared whatever the time. Default 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m') && duration(self) <= duration('24h')")
        .message("less than a minute compares next to nothing, and whoever has more than a day can compare everything; let verification.maxDuration be 1m to 24h"))]
    pub max_duration: Option<Duration>,
}

/// What is compared, Full by default. Sample compares ranges of all tables, drawn by lot, for maxDuration; old tables are not dropped after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VerificationMode {
    /// Every row of every table.
    #[default]
    Full,
    /// Ranges of all tables, drawn by lot, as many as there is time for; status.verification.coverage says how much that was. Old tables
    /// are not dropped after it.
    Sample,
}
