//! The command line. In: arguments. Out: a typed command. Must not do anything.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::bench;
use crate::chaos;
use crate::cluster::Choice;
use crate::demo;
use crate::images::Options;
use crate::test;

/// The commands of this repository. Each does its own set-up, says what it installs, and can be run again at any time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The main job with you watching: a platform on one shared database, live traffic, and a service moving out of it
    Demo {
        #[command(flatten)]
        args: demo::Args,
        #[command(flatten)]
        build: Build,
    },
    /// Start a Kubernetes cluster: the one you name, else kind if Docker answers, else a node of our own
    Up,
    /// Stop the cluster that `up` started; a cluster you named is left alone
    Down,
    /// Show the cluster, its pods and our objects
    Status,
    /// Run kubectl against the cluster: cargo xtask kubectl -- get pods -A
    Kubectl {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Show logs: `operator`, or a component of the node
    Logs { component: Option<String> },
    /// Build the images of the platform, without Docker
    Images(Images),
    /// Build and load the images, install the custom resources and the operator
    Deploy {
        #[command(flatten)]
        build: Build,
        /// Apply another folder of manifests/ afterwards
        #[arg(long, value_name = "FOLDER")]
        also: Vec<String>,
    },
    /// Build the portals, put them onto the platform that is up, and look whether they are served as they should be
    Portals {
        #[command(flatten)]
        build: Build,
    },
    /// Call every endpoint of the original specification through the gateway of the platform that is up, and go through its sequence diagrams
    Walk,
    /// Look for personal data in everything the platform that is up has written, where it must not be; then erase somebody, and look again
    Needles,
    /// Kill pods, broker and databases at random under mixed flows, send Identity away for minutes, and compare intents with effects; with --runs, the split engine alone
    Chaos {
        #[command(flatten)]
        args: chaos::Args,
        #[command(flatten)]
        build: Build,
    },
    /// Write crds/yaml, manifests/operator/rbac, docs/seed-coverage.md and docs/openapi from the Rust code
    Generate {
        /// Change nothing; fail when the files differ. docs/openapi is compared by the services' tests
        #[arg(long)]
        check: bool,
    },
    /// Run everything that must hold: format, lints, unit, database, cluster
    Test(test::Args),
    /// Run the tests that need a cluster
    E2e { filter: Option<String> },
    /// Measure speed beside others, in one run; results worth keeping are in docs/results
    Bench(bench::Args),
}

/// How images are built.
#[derive(Debug, Clone, Args)]
pub(crate) struct Build {
    /// Cargo profile of the programs; `image` is optimised for publishing
    #[arg(long, default_value = "dev")]
    profile: String,
    /// Build everything again, with the newest Debian packages
    #[arg(long)]
    refresh: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Images {
    #[command(flatten)]
    pub(crate) build: Build,
    /// Also write all images into one archive that `docker load` and `ctr images import` read
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Also load them into the cluster
    #[arg(long)]
    pub(crate) load: bool,
}

impl From<Build> for Options {
    fn from(build: Build) -> Self {
        Self { profile: build.profile, refresh: build.refresh }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn kubectl_takes_everything_after_the_dashes() {
        let cli = Cli::try_parse_from(["xtask", "kubectl", "--", "get", "pods", "-A"]).unwrap();
        assert!(matches!(cli.command, Command::Kubectl { args } if args == ["get", "pods", "-A"]));
    }
}
