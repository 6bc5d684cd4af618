//! The images of the platform, made without Docker and without a registry. In: the workspace, the Go module of the bus and this machine's Debian mirror. Out:
//! images in the store of the cache, and archives of them. `images/*.Containerfile` builds the same layout for people with Docker or Podman.

mod bus;
pub(crate) mod layer;
mod mirror;
mod portal;
mod postgres;
mod programs;
pub(crate) mod store;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use comfy_table::Table;

use crate::command;
use crate::executables;
use crate::install;
use crate::paths::{self, Paths};
use crate::portals;
use crate::progress::{Step, bytes};
use store::{Image, Store};

/// How to build.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Cargo profile of the programs: `dev` shares artifacts with the tests, `image` is for publishing.
    pub(crate) profile: String,
    /// Build everything again, with the newest packages of the mirror.
    pub(crate) refresh: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { profile: "dev".to_owned(), refresh: false }
    }
}

/// Why there are no images.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Programs(#[from] executables::Error),
    #[error("cargo built no program of the package {0}")]
    NoProgram(&'static str),
    #[error(
        "this machine's apt sources name no Debian mirror, and the PostgreSQL image is made of Debian packages: \
         build it with `docker build -f images/postgres.Containerfile .` instead, or add a Debian source to /etc/apt/sources.list.d"
    )]
    NoMirror,
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("writing to the store of images failed; is the disk full?")]
    Store(#[from] io::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Paths(#[from] paths::Error),
    #[error(transparent)]
    Portals(#[from] portals::workspace::Error),
    #[error("a tool that builds images failed")]
    Command(#[from] command::Error),
}

/// Builds what is out of date. Returns all images of the platform.
pub(crate) fn build(paths: &Paths, options: &Options) -> Result<Vec<Image>, Error> {
    install::for_images()?;
    let store = open(paths)?;
    let postgres = postgres::build(paths, &store, options)?;
    let built = programs::compile(paths, options)?;
    let mut images = programs::build(&built, &store, options, &postgres)?;
    images.push(postgres);
    images.push(bus::build(paths, &store, options)?);
    store.prune()?;
    Ok(images)
}

/// Builds the images of the portals, where they are out of date. Apart from the others: they need Node.
pub(crate) fn of_portals(paths: &Paths, options: &Options) -> Result<Vec<Image>, Error> {
    install::for_images()?;
    let store = open(paths)?;
    let built = programs::compile(paths, options)?;
    portal::build(paths, &store, options, &built)
}

/// Writes images into one archive.
pub(crate) fn archive(paths: &Paths, images: &[Image], to: &Path) -> Result<(), Error> {
    let step = Step::begin(format!("Writing {}", to.display()));
    open(paths)?.archive(images, File::create(to)?)?;
    step.done(bytes(to.metadata()?.len()));
    Ok(())
}

/// A file in the store's folder that vanishes by itself, for an archive on its way into a cluster.
pub(crate) fn scratch(paths: &Paths) -> Result<tempfile::NamedTempFile, Error> {
    Ok(open(paths)?.scratch()?)
}

/// A table for a person.
pub(crate) fn table(images: &[Image]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["IMAGE", "ID", "SIZE", "LAYERS"]);
    for image in images {
        table.add_row([
            image.reference.clone(),
            image.id().short().to_owned(),
            bytes(image.size()),
            image.layers.len().to_string(),
        ]);
    }
    table
}

/// Full name of an image of ours.
fn reference(name: &str) -> String {
    format!("ghcr.io/rerp/{name}:dev")
}

fn open(paths: &Paths) -> Result<Store, Error> {
    Ok(Store::open(paths.cache_dir("images")?)?)
}
