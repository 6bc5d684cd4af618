//! `cargo xtask bench NAME`: speed beside others, in one run. In: the name of a benchmark. Out: a table, and JSON below `target/bench`. Builds
//! what is measured, optimised as for publishing, and installs what it is measured beside; the measuring is `bench/`'s work.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;

use crate::command::{self, Cmd};
use crate::executables;
use crate::install;
use crate::paths::Paths;
use crate::progress::{Step, note};

/// The program that measures.
const PROGRAM: &str = "rerp-bench";
/// Longest time of a benchmark.
const LIMIT: Duration = Duration::from_secs(3 * 60 * 60);
/// Where reports go, in the checkout.
const OUT: &str = "target/bench";

/// A benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Our gateway beside nginx and Envoy: requests a second of one worker, added time
    Gateway,
    /// Identity's upsert of addresses beside pgbench with the same statement
    Upsert,
    /// Queries with row level security beside the same without
    Rls,
    /// The split's base copy beside a native subscription and pgcopydb
    SplitCopy,
    /// The split's write pause, there and back, beside polling of positions and a fence of roles
    SplitPause,
    /// The split's comparison beside checksums of whole tables
    SplitVerify,
    /// What writers feel of a split, beside a native subscription, and plans of queries after it
    SplitImpact,
}

/// Which one, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which benchmark
    #[arg(value_enum)]
    name: Name,
    /// Cargo profile of the programs that are measured
    #[arg(long, default_value = "image")]
    profile: String,
    /// For the benchmark itself, such as `--rounds 15 --seconds 10`; `-- --help` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Programs(#[from] executables::Error),
    #[error("cargo built no program {PROGRAM}")]
    NoProgram,
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error("the benchmark could not be run")]
    Command(#[from] command::Error),
}

/// Runs a benchmark.
pub(crate) fn run(paths: &Paths, args: &Args) -> Result<ExitCode, Error> {
    let mut given: Vec<OsString> = Vec::new();
    // Who can't be had is left out, and the report says so too.
    match args.name {
        Name::Gateway => match install::bench_peers(paths) {
            Ok(peers) => {
                given.extend(["--nginx".into(), peers.nginx.into_os_string()]);
                given.extend(["--envoy".into(), peers.envoy.into_os_string()]);
            }
            Err(error) => note(format!("without nginx and Envoy: {}", crate::chain(&error))),
        },
        Name::SplitCopy => match install::pgcopydb() {
            Ok(pgcopydb) => given.extend(["--pgcopydb".into(), pgcopydb.into_os_string()]),
            Err(error) => note(format!("without pgcopydb: {}", crate::chain(&error))),
        },
        _ => {}
    }
    let step = Step::begin(format!("Building the programs (cargo, profile {})", args.profile));
    let built = executables::build_only(paths, args.name.packages(), &["--profile", &args.profile])?;
    step.done("built");
    let bench = program(paths, args.name, &built)?.arg("--out").arg(paths.root.join(OUT)).args(given).args(&args.more);
    Ok(if bench.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a benchmark for as short as it can be, without what would have to be installed and with the programs of the tests: whether it still
/// runs. Out: whether it does.
pub(crate) fn short(paths: &Paths, name: Name) -> Result<bool, Error> {
    // Built by the stages before, as a whole.
    let built = executables::build(paths, &[])?;
    let bench = program(paths, name, &built)?.arg("--out").arg(paths.root.join(OUT).join("short"));
    Ok(bench.args(["--rounds", "1"]).args(name.few()).status()?.success())
}

/// The program that measures, told what to; with what it needs of the machine.
fn program(paths: &Paths, name: Name, built: &BTreeMap<String, PathBuf>) -> Result<Cmd, Error> {
    if name != Name::Gateway {
        install::for_database_tests()?;
    }
    let program = built.get(PROGRAM).ok_or(Error::NoProgram)?;
    Ok(Cmd::new(program).arg(name.text()).dir(&paths.root).limit(LIMIT))
}

impl Name {
    /// As it is called on the command line.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Upsert => "upsert",
            Self::Rls => "rls",
            Self::SplitCopy => "split-copy",
            Self::SplitPause => "split-pause",
            Self::SplitVerify => "split-verify",
            Self::SplitImpact => "split-impact",
        }
    }

    /// Packages whose programs it runs: the one that measures, and those that are measured.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &[PROGRAM, "rerp-gateway"],
            Self::Upsert => &[PROGRAM, "rerp-identity"],
            Self::Rls => &[PROGRAM, "rerp-account", "rerp-billing"],
            Self::SplitCopy | Self::SplitPause | Self::SplitVerify | Self::SplitImpact => &[PROGRAM, "rerp-split"],
        }
    }

    /// What makes a round of it short.
    fn few(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &["--seconds", "1", "--people", "500"],
            Self::Upsert => &["--seconds", "1", "--rows", "2000"],
            Self::Rls => &["--seconds", "1", "--persons", "1000"],
            Self::SplitCopy => &["--rows", "4000"],
            Self::SplitVerify => &["--rows", "4000", "--loaded-seconds", "2", "--rate", "200"],
            Self::SplitPause => &["--cutovers", "1", "--rate", "200"],
            Self::SplitImpact => &["--seconds", "1", "--rows", "4000", "--rate", "200"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_follows_the_name_is_the_benchmark_s() {
        let Line { args } = Line::try_parse_from(["x", "upsert", "--seconds", "10", "--rows", "5"]).unwrap();
        assert_eq!((args.name, args.profile.as_str()), (Name::Upsert, "image"));
        assert_eq!(args.more, ["--seconds", "10", "--rows", "5"]);
        let Line { args } = Line::try_parse_from(["x", "--profile", "dev", "rls"]).unwrap();
        assert_eq!((args.name, args.profile.as_str(), args.more.len()), (Name::Rls, "dev", 0));
    }

    #[test]
    fn names_are_those_of_the_program() {
        for name in Name::value_variants() {
            assert_eq!(name.to_possible_value().unwrap().get_name(), name.text());
        }
    }

    /// The short runs of the tests build the whole workspace, so they wouldn't notice.
    #[test]
    fn what_is_built_is_in_the_workspace() {
        let lock = include_str!("../../Cargo.lock");
        for name in Name::value_variants() {
            for package in name.packages() {
                assert!(lock.contains(&format!("name = \"{package}\"\n")), "{package}");
            }
        }
    }
}
