//! `cargo xtask test`: everything that must hold, in the order of what it costs. In: the checkout. Out: a line per stage with its time, and
//! how many tests ran. A stage that fails does not hide what the later ones would say; the command fails when any did.

mod badges;
mod go;
mod go_licences;
mod lanes;
mod licences;
mod node;
mod portals;
mod room;
mod sizes;
mod stages;
mod tally;
mod traces;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use comfy_table::Table;

use crate::bench;
use crate::chaos;
use crate::cluster::{self, Choice};
use crate::command;
use crate::demo;
use crate::deploy;
use crate::executables;
use crate::generate;
use crate::install;
use crate::paths::{self, Paths};
use crate::progress::elapsed;
use crate::verdict;
use crate::walk;
pub(crate) use tally::Tally;

/// Which tests to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only these stages
    #[arg(long, value_name = "STAGE", value_enum)]
    only: Vec<Stage>,
    /// Run everything but these stages
    #[arg(long, value_name = "STAGE", value_enum)]
    skip: Vec<Stage>,
    /// Run only the tests whose name contains this
    filter: Option<String>,
}

/// One part of the tests. The order is the order they run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Stage {
    /// rustfmt and gofmt change nothing
    Format,
    /// Files and functions stay short enough to read
    Sizes,
    /// Licences, banned crates and sources of the dependencies, of the programs in Go too
    Licences,
    /// Go: vet and tests of bus/ and local-cluster/
    Go,
    /// clippy finds nothing
    Lints,
    /// Generated files are what their generators write
    Generated,
    /// Tests that need nothing but the machine
    Unit,
    /// Certificates of FTE as badges, judged by JavaScript libraries
    Badges,
    /// The portals: types, lints, tests, and the built pages judged, in a browser too; installs their libraries from the package registry
    Portals,
    /// The vendors' official clients against the stand-ins; installs them from the package registry
    Clients,
    /// Tests against PostgreSQL servers they start themselves
    Database,
    /// Services asked by their OpenAPI documents, by schemathesis; installs it from the package registry
    Openapi,
    /// A second of each benchmark: they still run; no speed is judged
    Bench,
    /// The local node comes up beside others, runs a pod, and leaves nothing of itself
    Node,
    /// Tests against a real cluster with the operator installed
    Cluster,
    /// The demo on a small data set: undisturbed with the walk and a few kills after it, and with the worker's or the operator's pod killed in every phase
    Demo,
}

/// Why a stage did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Found(String),
    #[error("`{0}` did not pass; what it said is above")]
    Runner(&'static str),
    #[error("{0}; the failures are above")]
    Tests(Tally),
    #[error("reading the checkout failed")]
    Read(#[from] std::io::Error),
    #[error("cargo described the workspace in a way that is not understood")]
    Metadata(#[from] serde_json::Error),
    #[error(transparent)]
    Generate(#[from] generate::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Paths(#[from] paths::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Deploy(#[from] deploy::Error),
    #[error(transparent)]
    Demo(#[from] demo::Error),
    #[error(transparent)]
    Walk(#[from] walk::Error),
    #[error(transparent)]
    Chaos(#[from] chaos::Error),
    #[error(transparent)]
    Portals(#[from] crate::portals::Error),
    #[error(transparent)]
    Programs(#[from] executables::Error),
    #[error("cargo built no program named {0}")]
    NoProgram(&'static str),
    #[error(transparent)]
    Bench(#[from] bench::Error),
    #[error("a test tool failed")]
    Command(#[from] command::Error),
}

/// What a stage needs to know.
pub(crate) struct Setting<'a> {
    paths: &'a Paths,
    choice: &'a Choice,
    filter: Option<&'a str>,
}

/// How a stage ended.
struct Ended {
    stage: Stage,
    result: Result<Tally, Error>,
    time: Duration,
}

/// Runs the stages and prints the summary. The code says whether all passed.
pub(crate) fn run(paths: &Paths, choice: &Choice, args: &Args) -> Result<ExitCode, Error> {
    let setting = Setting { paths, choice, filter: args.filter.as_deref() };
    let chosen = <Stage as clap::ValueEnum>::value_variants()
        .iter()
        .filter(|stage| (args.only.is_empty() || args.only.contains(stage)) && !args.skip.contains(stage))
        // A filter names tests: the stages without tests have nothing to say about it.
        .filter(|stage| args.filter.is_none() || !args.only.is_empty() || stage.has_tests());
    Ok(finish(&chosen.map(|stage| one(*stage, &setting)).collect::<Vec<_>>()))
}

/// Runs the tests that need a cluster.
pub(crate) fn e2e(paths: &Paths, choice: &Choice, filter: Option<&str>) -> Result<ExitCode, Error> {
    Ok(finish(&[one(Stage::Cluster, &Setting { paths, choice, filter })]))
}

fn one(stage: Stage, setting: &Setting<'_>) -> Ended {
    eprintln!("\n==== {} ====", stage.name());
    let started = Instant::now();
    let result = stages::run(stage, setting);
    let time = started.elapsed();
    match &result {
        Ok(_) => eprintln!("==== {} passed ({})", stage.name(), elapsed(time)),
        Err(error) => {
            let why = crate::chain(error);
            eprintln!("==== {} FAILED ({}): {why}", stage.name(), elapsed(time));
            verdict::keep(format!("{}: {why}", stage.name()));
        }
    }
    Ended { stage, result, time }
}

fn finish(ended: &[Ended]) -> ExitCode {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["STAGE", "RESULT", "TESTS", "TIME"]);
    let mut all = Tally::default();
    for end in ended {
        let tally = match &end.result {
            Ok(tally) | Err(Error::Tests(tally)) => tally.clone(),
            Err(_) => Tally::default(),
        };
        let result = if end.result.is_ok() { "passed" } else { "FAILED" };
        let count = if end.stage.has_tests() { tally.ran().to_string() } else { String::new() };
        table.add_row([end.stage.name(), result, &count, &elapsed(end.time)]);
        all.add(&tally);
    }
    println!("\n{table}");
    let failed: Vec<&str> = ended.iter().filter(|end| end.result.is_err()).map(|end| end.stage.name()).collect();
    println!("\n{all}");
    // A name that matches nothing must not look like success.
    if failed.is_empty() && all.ran() == 0 && ended.iter().any(|end| end.stage.has_tests()) {
        println!("FAILED: no test ran; look whether the name given is part of a test's name");
        return ExitCode::FAILURE;
    }
    if failed.is_empty() {
        println!("all {} stages passed", ended.len());
        return ExitCode::SUCCESS;
    }
    for failure in verdict::failures() {
        println!("  {failure}");
    }
    println!("FAILED: {}", failed.join(", "));
    ExitCode::FAILURE
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Sizes => "sizes",
            Self::Licences => "licences",
            Self::Go => "go",
            Self::Lints => "lints",
            Self::Generated => "generated",
            Self::Unit => "unit",
            Self::Badges => "badges",
            Self::Portals => "portals",
            Self::Clients => "clients",
            Self::Database => "database",
            Self::Openapi => "openapi",
            Self::Bench => "bench",
            Self::Node => "node",
            Self::Cluster => "cluster",
            Self::Demo => "demo",
        }
    }

    fn has_tests(self) -> bool {
        matches!(
            self,
            Self::Go
                | Self::Unit
                | Self::Badges
                | Self::Portals
                | Self::Clients
                | Self::Database
                | Self::Openapi
                | Self::Bench
                | Self::Node
                | Self::Cluster
                | Self::Demo
        )
    }
}
