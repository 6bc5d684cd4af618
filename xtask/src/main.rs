//! The commands of this repository: `cargo xtask COMMAND`. This file reads like their list; each command lives in a room of its own.

mod bench;
mod chaos;
mod cli;
mod cluster;
mod command;
mod demo;
mod deploy;
mod executables;
mod gateway_api;
mod generate;
mod images;
mod install;
mod modules;
mod paths;
mod portals;
mod progress;
mod test;
mod verdict;
mod walk;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use cli::{Cli, Command};
use paths::Paths;
use progress::{elapsed, note};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let paths = Paths::find()?;
    let started = Instant::now();
    match cli.command {
        Command::Demo { args, build } => {
            let options = build.into();
            let told = demo::run(&paths, &cli.choice, &args, &options)?;
            return portals::after_demo(&paths, &cli.choice, &options, told).map_err(Into::into);
        }
        Command::Up => {
            let cluster = cluster::up(&paths, &cli.choice)?;
            note(format!("{} is up after {}", cluster.describe(), elapsed(started.elapsed())));
            note("try: cargo xtask kubectl -- get pods -A");
            println!("export KUBECONFIG={}", cluster.kubeconfig.display());
        }
        Command::Down => cluster::down(&paths)?,
        Command::Status => status(&paths, &cli.choice)?,
        Command::Kubectl { args } => return kubectl(&paths, &cli.choice, &args),
        Command::Logs { component } => logs(&paths, &cli.choice, component.as_deref())?,
        Command::Images(args) => build_images(&paths, &cli.choice, args)?,
        Command::Deploy { build, also } => {
            let cluster = cluster::up(&paths, &cli.choice)?;
            deploy::operator(&paths, &cluster, &build.into())?;
            for folder in also {
                deploy::kustomize(&paths, &cluster, &folder)?;
            }
        }
        Command::Chaos { args, build } => {
            return chaos::run(&paths, &cli.choice, &args, &build.into()).map_err(Into::into);
        }
        Command::Portals { build } => return portals::run(&paths, &cli.choice, &build.into()).map_err(Into::into),
        Command::Walk => return walk::run(&paths, &cli.choice).map_err(Into::into),
        Command::Needles => return walk::needles::run(&paths, &cli.choice).map_err(Into::into),
        Command::Generate { check } => generate::generate(&paths, check)?,
        Command::Test(args) => return test::run(&paths, &cli.choice, &args).map_err(Into::into),
        Command::Bench(args) => return bench::run(&paths, &args).map_err(Into::into),
        Command::E2e { filter } => return test::e2e(&paths, &cli.choice, filter.as_deref()).map_err(Into::into),
    }
    Ok(ExitCode::SUCCESS)
}

fn status(paths: &Paths, choice: &cluster::Choice) -> Result<(), Box<dyn Error>> {
    let cluster = cluster::current(paths, choice)?;
    println!("{}", cluster.describe());
    cluster.kubectl().args(["get", "nodes", "-o", "wide"]).run()?;
    cluster.kubectl().args(["get", "pods", "-A", "-o", "wide"]).run()?;
    let known = cluster.kubectl().args(["get", "crd", "-o", "name"]).quiet()?;
    if known.contains(".rerp.dev") {
        cluster.kubectl().args(["get", "rsvc,sdb,dsm", "-A"]).run()?;
    }
    Ok(())
}

fn kubectl(paths: &Paths, choice: &cluster::Choice, args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let status = cluster::current(paths, choice)?.kubectl().args(args).status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn logs(paths: &Paths, choice: &cluster::Choice, component: Option<&str>) -> Result<(), Box<dyn Error>> {
    let cluster = cluster::current(paths, choice)?;
    if component == Some("operator") {
        let args = ["logs", "-n", "rerp-system", "deployment/rerp-operator", "--tail=500", "--all-containers"];
        return Ok(cluster.kubectl().args(args).run()?);
    }
    Ok(cluster.component_logs(paths, component)?)
}

fn build_images(paths: &Paths, choice: &cluster::Choice, args: cli::Images) -> Result<(), Box<dyn Error>> {
    let images = images::build(paths, &args.build.into())?;
    println!("{}", images::table(&images));
    if let Some(output) = args.output {
        images::archive(paths, &images, &output)?;
    }
    if args.load {
        let loaded = cluster::current(paths, choice)?.load(paths, &images)?;
        note(if loaded.is_empty() {
            "the cluster has all of them already".to_owned()
        } else {
            format!("loaded {}", loaded.join(", "))
        });
    }
    Ok(())
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
