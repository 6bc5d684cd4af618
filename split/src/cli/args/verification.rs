//! What is said of the comparison.

use clap::{Args, ValueEnum};
use rerp_split::spec::{VerificationMode, VerificationSpec};

/// How both sides are compared.
#[derive(Args)]
pub(crate) struct Compared {
    /// What is compared, by run before the switch and by verify: every row, or as many ranges of all tables as there is time for. Old
    /// tables are dropped only after full.
    #[arg(long, value_enum, default_value_t = Verification::Full)]
    pub(crate) verification: Verification,
    /// With --verification sample: for how long ranges are compared, in seconds, 1 to 86400; an hour by default. Small tables are compared
    /// as a whole, and one range of each other, whatever the time.
    #[arg(long)]
    pub(crate) verification_max_duration_s: Option<u64>,
}

impl Compared {
    pub(crate) fn spec(&self) -> VerificationSpec {
        VerificationSpec {
            mode: match self.verification {
                Verification::Full => VerificationMode::Full,
                Verification::Sample => VerificationMode::Sample,
            },
            max_duration_s: self.verification_max_duration_s,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Verification {
    /// Every row of every table.
    Full,
    /// Ranges of all tables, drawn by lot.
    Sample,
}
