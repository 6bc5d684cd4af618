//! What every benchmark is told. In: the command line. Out: how long and how often, and where things are. Must not do anything.

use std::env;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// See the file's header.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Rounds; in each everybody is measured once
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
    /// Seconds of each measurement; no more than what the quotas of the gateway's people last for
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) seconds: u64,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Where things are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// Folder of our programs; by default that of this one
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    pub(crate) out: PathBuf,
}

impl Common {
    /// Every round's number, from 0.
    pub(crate) fn each_round(&self) -> Range<usize> {
        0..usize::from(self.rounds)
    }

    /// Time of each measurement.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How a person has the same again.
    pub(crate) fn command(&self, bench: &str) -> String {
        format!("cargo xtask bench {bench} --rounds {} --seconds {}", self.rounds, self.seconds)
    }
}

impl Place {
    /// Where a program of ours is.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let beside = || env::current_exe().ok().and_then(|own| own.parent().map(PathBuf::from));
        self.programs.clone().or_else(beside).unwrap_or_default().join(name)
    }
}
