//! What a live split costs, beside other ways to the same. In: the program `rerp-split` and PostgreSQL. Out: four reports.
//!
//! | file | holds |
//! |---|---|
//! | `copy.rs` | the base copy with indexes, beside a native subscription and pgcopydb |
//! | `pause/` | the write pause, there and back, beside polling of positions and a fence of roles |
//! | `verify/` | the comparison, beside checksums of whole tables, and seeded differences |
//! | `impact/` | what writers feel of it, and plans of queries before and after |
//! | `pair.rs`, `tool.rs`, `native.rs`, `writers/`, `child.rs` | what they measure with |

pub(crate) mod copy;
pub(crate) mod impact;
pub(crate) mod pause;
pub(crate) mod verify;

mod child;
mod native;
mod pair;
mod tool;
mod writers;

use std::path::PathBuf;

use crate::args::Place;
use crate::board::Incomparable;
use crate::postgres::PostgresError;
use child::ChildError;
use tool::ToolError;
use writers::WriterError;

/// What each of them is told.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Rounds; in each everybody is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Folder of PostgreSQL's programs; by default the newest of this machine
    #[arg(long, value_name = "FOLDER")]
    postgres: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there are no databases to measure with")]
    Postgres(#[from] PostgresError),
    #[error("measuring the engine")]
    Tool(#[from] ToolError),
    #[error("measuring a peer")]
    Child(#[from] ChildError),
    #[error("writing")]
    Writer(#[from] WriterError),
    #[error("{what} was not done in time")]
    TooLate { what: &'static str },
    #[error("{who} has brought {got}; expected {expected}")]
    NotProved { who: &'static str, got: String, expected: String },
    #[error("a peer's statement failed")]
    Statement(#[from] tokio_postgres::Error),
    #[error("a plan can't be read")]
    Plan(#[source] serde_json::Error),
    #[error("there can be no threads for the writers")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
}

impl Common {
    /// Every round's number, from 0, told as it begins.
    fn each_round(&self) -> impl Iterator<Item = usize> {
        let rounds = usize::from(self.rounds);
        (0..rounds).inspect(move |round| eprintln!("    round {} of {rounds}", round + 1))
    }

    /// How a person has the same again.
    fn command(&self, bench: &str, more: &[(&str, u64)]) -> String {
        let begin = format!("cargo xtask bench {bench} --rounds {}", self.rounds);
        more.iter().fold(begin, |all, (name, value)| format!("{all} --{name} {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        common: Common,
    }

    #[test]
    fn the_command_has_what_is_not_by_default() {
        let Line { common } = Line::try_parse_from(["x", "--rounds", "2"]).unwrap();
        assert_eq!(common.command("split-copy", &[("rows", 7)]), "cargo xtask bench split-copy --rounds 2 --rows 7");
        assert_eq!(common.each_round().count(), 2);
    }
}
