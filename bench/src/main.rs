//! `rerp-bench`: speed beside others, measured in one run and in turn. In: programs, how long and how often. Out: a table, and JSON. `cargo
//! xtask bench` builds and installs what it needs. Must not judge: a goal that isn't met is told, and is no failure.
//!
//! | file | holds |
//! |---|---|
//! | `gateway/` | our gateway beside nginx and Envoy |
//! | `upsert/` | identity's upsert of addresses beside pgbench |
//! | `rls/` | queries with policies beside the same without |
//! | `split/` | the live split: copy, write pause, comparison, what writers feel |
//! | `load/`, `postgres/`, `process.rs`, `cores.rs` | what they measure with |
//! | `stats.rs`, `board.rs`, `report.rs` | what figures say together |

mod args;
mod board;
mod cores;
mod gateway;
mod load;
mod postgres;
mod process;
mod report;
mod rls;
mod split;
mod stats;
mod upsert;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use report::Report;

#[derive(Debug, Parser)]
#[command(name = "rerp-bench", version, about = "Speed beside others, in one run", args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Our gateway beside nginx and Envoy: requests a second of one worker, added time
    Gateway(gateway::Args),
    /// Identity's upsert of addresses beside pgbench with the same statement
    Upsert(upsert::Args),
    /// Queries with row level security beside the same without
    Rls(rls::Args),
    /// The split's base copy beside a native subscription and pgcopydb
    SplitCopy(split::copy::Args),
    /// The split's write pause, there and back, beside polling of positions and a fence of roles
    SplitPause(split::pause::Args),
    /// The split's comparison beside checksums of whole tables
    SplitVerify(split::verify::Args),
    /// What writers feel of a split, beside a native subscription, and plans of queries after it
    SplitImpact(split::impact::Args),
}

fn main() -> ExitCode {
    match run(&Cli::parse().bench) {
        Ok((report, path)) => {
            println!("{}\n", report.table());
            for (name, why) in &report.left_out {
                println!("left out: {name}: {why}");
            }
            for note in &report.notes {
                println!("- {note}");
            }
            println!("\n{}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> Result<(Report, PathBuf), Box<dyn Error>> {
    let (report, out) = match bench {
        Bench::Gateway(args) => (gateway::run(args)?, &args.common.place.out),
        Bench::Upsert(args) => (upsert::run(args)?, &args.common.place.out),
        Bench::Rls(args) => (rls::run(args)?, &args.common.place.out),
        Bench::SplitCopy(args) => (split::copy::run(args)?, &args.common.place.out),
        Bench::SplitPause(args) => (split::pause::run(args)?, &args.common.place.out),
        Bench::SplitVerify(args) => (split::verify::run(args)?, &args.common.place.out),
        Bench::SplitImpact(args) => (split::impact::run(args)?, &args.common.place.out),
    };
    let path = report.keep(out)?;
    Ok((report, path))
}

/// The error and, line by line, what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_said_last_counts() {
        let words = ["rerp-bench", "gateway", "--seconds", "4", "--nginx", "/a", "--seconds", "1", "--nginx", "/b"];
        let Bench::Gateway(args) = Cli::try_parse_from(words).unwrap().bench else { panic!("another benchmark") };
        assert_eq!(args.common.command("gateway"), "cargo xtask bench gateway --rounds 7 --seconds 1");
    }
}
