//! What each stage does. In: a stage. Out: its counts, or the reason why it did not pass.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::Value;

use super::room::Room;
use super::{Error, Setting, Stage, Tally, badges, go, lanes, licences, node, portals, sizes};
use crate::bench::{self, Name};
use crate::chaos;
use crate::cluster;
use crate::command::{self, Cmd};
use crate::demo::{self, Victim};
use crate::deploy;
use crate::generate;
use crate::images::Options;
use crate::install;
use crate::progress::note;
use crate::verdict;
use crate::walk;

/// Packages whose integration tests start PostgreSQL servers, and those that call their program `it` as these do: a stage is chosen by name.
const WITH_DATABASE: [&str; 11] = [
    "xtask",
    "rerp-operator",
    "rerp-split",
    "rerp-kit",
    "rerp-identity",
    "rerp-account",
    "rerp-marketing",
    "rerp-billing",
    "rerp-fte",
    "rerp-traffic",
    "rerp-gateway",
];
/// Names a Python that has TA-Lib.
const PYTHON: &str = "RERP_PYTHON";
/// Names a Python that has the official clients of vendors.
const CLIENTS: &str = "RERP_CLIENTS_PYTHON";
/// Names the program that asks services by their OpenAPI documents.
const SCHEMATHESIS: &str = "RERP_SCHEMATHESIS";
/// Names the program of a NATS server.
const NATS: &str = "RERP_NATS_SERVER";
/// The package whose integration tests need a cluster.
const WITH_CLUSTER: &str = "rerp-e2e";
/// The cluster's tests wait for pods; a hanging one must not take the machine for a night.
const CLUSTER_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Runs one stage.
pub(crate) fn run(stage: Stage, setting: &Setting<'_>) -> Result<Tally, Error> {
    let root = &setting.paths.root;
    match stage {
        Stage::Format => {
            passes("cargo fmt --check", cargo(setting).args(["fmt", "--all", "--check"]))?;
            go::format(root)?;
        }
        Stage::Sizes => sizes::check(root)?,
        Stage::Licences => licences::check(root)?,
        Stage::Go => return go::test(setting.paths, setting.filter),
        Stage::Lints => passes(
            "cargo clippy",
            cargo(setting).args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
        )?,
        Stage::Generated => generate::generate(setting.paths, true)?,
        Stage::Unit => return unit(setting),
        Stage::Badges => return badges::test(setting),
        Stage::Portals => return portals::test(setting),
        Stage::Clients => return clients(setting),
        Stage::Database => return database(setting),
        Stage::Openapi => return openapi(setting),
        Stage::Bench => return benches(setting),
        Stage::Node => return node::test(setting),
        Stage::Cluster => return on_cluster(setting),
        Stage::Demo => return demos(setting),
    }
    Ok(Tally::default())
}

/// The programs' own tests, and the integration tests that need neither a database nor a cluster.
fn unit(setting: &Setting<'_>) -> Result<Tally, Error> {
    let mut args = vec!["--workspace".to_owned(), "--lib".to_owned(), "--bins".to_owned()];
    args.extend(integration_tests(setting, |package| package != WITH_CLUSTER && !WITH_DATABASE.contains(&package))?);
    let usual = cargo_test(setting, &args, &[]);
    if std::env::var_os(PYTHON).is_none() {
        note(format!(
            "{PYTHON} is not set: patterns were compared with stored answers of TA-Lib, not with TA-Lib itself"
        ));
        return usual;
    }
    both(usual, cargo_test(setting, &["--workspace", "--test", "patterns_oracle"].map(str::to_owned), &["--ignored"]))
}

/// Official clients against the stand-ins. A stage of its own, because it needs the package registry once.
fn clients(setting: &Setting<'_>) -> Result<Tally, Error> {
    let clients = install::official_clients(setting.paths)?;
    let test = cargo(setting).args(["test", "--no-fail-fast", "--workspace", "--test", "clients"]);
    let test = test.env(CLIENTS, clients.program("python")).env("PYTHONPYCACHEPREFIX", clients.compiled());
    count(test.args(["--", "--ignored"]).args(setting.filter))
}

/// The counts of two runs; neither hides what the other one says.
fn both(one: Result<Tally, Error>, other: Result<Tally, Error>) -> Result<Tally, Error> {
    let (mut all, more, failed) = match (one, other) {
        (Ok(one), Ok(other)) => (one, other, false),
        (Ok(one) | Err(Error::Tests(one)), Ok(other) | Err(Error::Tests(other))) => (one, other, true),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    all.add(&more);
    if failed { Err(Error::Tests(all)) } else { Ok(all) }
}

fn database(setting: &Setting<'_>) -> Result<Tally, Error> {
    install::for_database_tests()?;
    let tests = integration_tests(setting, |package| WITH_DATABASE.contains(&package))?;
    if tests.is_empty() {
        note("no database tests exist yet");
        return Ok(Tally::default());
    }
    let room = Room::find()?;
    let versions = install::postgres_versions(setting.paths)?;
    let programs = lanes::build(cargo(setting).args(["test", "--workspace"]).args(tests))?;
    let usual = lanes::run(programs, |program| versions.tell(room.of(program.args(setting.filter))), show);
    if setting.filter.is_some_and(|name| !name.contains("nats")) {
        return usual;
    }
    let test = cargo(setting).args(["test", "--no-fail-fast", "--workspace", "--test", "it"]);
    let test = test.env(NATS, install::nats_server(setting.paths)?);
    both(usual, count(room.of(test.args(["--", "--ignored", "events::nats"]).args(setting.filter))))
}

/// Each service asked all that schemathesis thinks of. The tests are in the programs of the stage before, which have been built by now. A stage of its own,
/// because it needs the package registry once.
fn openapi(setting: &Setting<'_>) -> Result<Tally, Error> {
    install::for_database_tests()?;
    let schemathesis = install::schemathesis(setting.paths)?;
    let room = Room::find()?;
    let programs = lanes::build(cargo(setting).args(["test", "--workspace", "--test", "it"]))?;
    // Names of tests: all of them begin so, and a service's name is part of the one that is its.
    // NATS is the stage before's, and isn't told to these.
    let wanted = ["--ignored", "--skip", "events::nats", setting.filter.unwrap_or("openapi::schemathesis")];
    let with = |program: Cmd| room.of(program.env(SCHEMATHESIS, schemathesis.program("schemathesis"))).args(wanted);
    lanes::run(programs, with, show)
}

/// Each counts as one test. A benchmark that nobody runs for months is found broken on the day it is needed.
fn benches(setting: &Setting<'_>) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let wanted = |name: &&Name| setting.filter.is_none_or(|filter| name.text().contains(filter));
    for name in Name::value_variants().iter().filter(wanted) {
        if bench::short(setting.paths, *name)? {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
    }
    if tally.failed == 0 { Ok(tally) } else { Err(Error::Tests(tally)) }
}

fn on_cluster(setting: &Setting<'_>) -> Result<Tally, Error> {
    let cluster = cluster::up(setting.paths, setting.choice)?;
    deploy::operator(setting.paths, &cluster, &Options::default())?;
    let environment = cluster.environment();
    // One after another: they share the operator and two processors.
    let tests = integration_tests(setting, |package| package == WITH_CLUSTER)?;
    let mut test = cargo(setting).args(["test", "--workspace", "--no-fail-fast"]).args(tests).limit(CLUSTER_LIMIT);
    for (key, value) in environment {
        test = test.env(key, value);
    }
    if let Some(log) = cluster.audit_log(setting.paths) {
        test = test.env("RERP_AUDIT_LOG", log);
    }
    count(test.arg("--").arg("--test-threads=1").args(setting.filter))
}

/// Each run of the demo judges itself and counts as one test. So do, on the platform that the undisturbed one leaves, all of whose domains have moved: the walk, the portals, the
/// search for personal data in what all of them have written, and a few kills.
fn demos(setting: &Setting<'_>) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut judged = |code: ExitCode| {
        let passed = code == ExitCode::SUCCESS;
        if passed {
            tally.passed += 1
        } else {
            tally.failed += 1
        }
        passed
    };
    for kill in [None, Some(Victim::Both)] {
        let passed = judged(demo::run(setting.paths, setting.choice, &demo::Args::small(kill), &Options::default())?);
        // What a demo that failed has left is no platform to walk on.
        if passed && kill.is_none() {
            judged(walk::run(setting.paths, setting.choice)?);
            if install::for_portals(setting.paths)?.is_some() {
                judged(crate::portals::run(setting.paths, setting.choice, &Options::default())?);
            } else {
                note("no node and npm: the portals were not put onto the platform");
            }
            judged(walk::needles::run(setting.paths, setting.choice)?);
            judged(chaos::run(setting.paths, setting.choice, &chaos::Args::small(), &Options::default())?);
        }
    }
    if tally.failed == 0 { Ok(tally) } else { Err(Error::Tests(tally)) }
}

fn cargo_test(setting: &Setting<'_>, args: &[String], more: &[&str]) -> Result<Tally, Error> {
    count(cargo(setting).args(["test", "--no-fail-fast"]).args(args).arg("--").args(more).args(setting.filter))
}

/// Runs a cargo test command, showing what a person wants to see of it.
fn count(command: Cmd) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let status = command.watch(|line| {
        tally.read_cargo(line);
        verdict::read(line);
        show(line);
    })?;
    if status.success() { Ok(tally) } else { Err(Error::Tests(tally)) }
}

/// A line of a test program, if a person wants to see it.
fn show(line: &str) {
    let dull = line.is_empty() || line == "running 0 tests" || (line.starts_with("test ") && line.ends_with(" ... ok"));
    if !dull && !line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored") {
        println!("{line}");
    }
}

/// `--test NAME` for each integration test of the packages. By name and not by package: selecting packages would unify features
/// differently and compile every dependency once more. A name that a package of another stage has too would bring its tests along.
fn integration_tests(setting: &Setting<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
    let args = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let workspace: Value = serde_json::from_str(&cargo(setting).args(args).quiet()?)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (mut names, mut others) = (BTreeSet::new(), BTreeSet::new());
    for package in list(&workspace["packages"]) {
        let targets =
            list(&package["targets"]).into_iter().filter(|target| list(&target["kind"]).contains(&"test".into()));
        let targets = targets.filter_map(|target| target["name"].as_str().map(str::to_owned));
        if package["name"].as_str().is_some_and(&wanted) { names.extend(targets) } else { others.extend(targets) }
    }
    if let Some(name) = names.intersection(&others).next() {
        return Err(Error::Found(format!("two stages have integration tests named {name}; rename one of them")));
    }
    Ok(names.into_iter().flat_map(|name| ["--test".to_owned(), name]).collect())
}

fn passes(name: &'static str, command: Cmd) -> Result<(), Error> {
    if command.status()?.success() { Ok(()) } else { Err(Error::Runner(name)) }
}

fn cargo(setting: &Setting<'_>) -> Cmd {
    command::cargo().dir(&setting.paths.root)
}
