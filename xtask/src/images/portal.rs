//! The images of portals: the program that serves them, and the bundle of one. In: the built program and the npm workspace. Out: one image for each, made again only
//! when one of both changes. The program's layer is the same for all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::layer::{LayerWriter, ROOT};
use super::programs::{Built, fingerprint, nonroot, stripped};
use super::store::{Image, Settings, Store};
use super::{Error, Options};
use crate::modules;
use crate::paths::Paths;
use crate::portals::workspace::{Workspace, inputs};
use crate::progress::{Step, bytes};

/// Cargo package of the program, and its file in the image.
const PACKAGE: &str = "rerp-portal";
const PROGRAM: &str = "portal";
/// Where the program looks for its bundle.
const BUNDLE: &str = "bundle";
/// Names of the images, and of the portals' folders in the workspace.
const NAMES: [&str; 3] = ["website", "customer", "platform"];

/// Builds the images unless they are there. What one is made from all are made from: they share the workspace.
pub(super) fn build(paths: &Paths, store: &Store, options: &Options, built: &Built) -> Result<Vec<Image>, Error> {
    let file = built.get(PACKAGE).ok_or(Error::NoProgram(PACKAGE))?;
    let read = |source| Error::Read { path: paths.root.join("portals"), source };
    let workspace = Workspace::open(paths)?;
    let sources = modules::fingerprint(&inputs(&paths.root).map_err(read)?, workspace.node()).0;
    let inputs = format!("{} {sources}", fingerprint(file)?);
    let there = |name: &&str| store.find(name).filter(|image| image.inputs == inputs && !options.refresh);
    let images: Vec<Image> = NAMES.iter().filter_map(there).collect();
    if images.len() == NAMES.len() {
        return Ok(images);
    }
    let step = Step::begin(format!("Images {} (npm builds their pages)", NAMES.join(" and ")));
    workspace.build()?;
    let program = stripped(store, file)?;
    let image = |name: &&str| one(store, name, &workspace.bundle(name), program.path(), &inputs);
    let images = NAMES.iter().map(image).collect::<Result<Vec<_>, _>>()?;
    step.done(bytes(images.iter().map(Image::size).sum()));
    Ok(images)
}

/// Makes one image: the program, then the bundle.
fn one(store: &Store, name: &str, bundle: &Path, program: &Path, inputs: &str) -> Result<Image, Error> {
    let layers = vec![
        store.layer(|layer| base(layer, program))?,
        store.layer(|layer| {
            layer.dir(BUNDLE, 0o755, ROOT)?;
            folder(layer, bundle, BUNDLE)
        })?,
    ];
    let image = Image::new(super::reference(name), &settings(), layers, inputs.to_owned());
    store.keep(name, &image)?;
    Ok(image)
}

fn settings() -> Settings {
    Settings {
        user: nonroot(),
        entrypoint: vec![format!("/{PROGRAM}")],
        env: vec!["PATH=/".to_owned()],
        stop_signal: "SIGTERM".to_owned(),
    }
}

/// The public authorities that it believes at Supabase are part of the program.
fn base(layer: &mut LayerWriter, program: &Path) -> io::Result<()> {
    layer.dir("etc", 0o755, ROOT)?;
    layer.dir("tmp", 0o1777, ROOT)?;
    layer.file("etc/passwd", 0o644, ROOT, b"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")?;
    layer.file("etc/group", 0o644, ROOT, b"nonroot:x:65532:\n")?;
    layer.copy(PROGRAM, 0o755, ROOT, program)
}

/// All files of a folder, in the order of their names.
fn folder(layer: &mut LayerWriter, from: &Path, to: &str) -> io::Result<()> {
    let mut entries = fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    for path in entries {
        let name = format!("{to}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            layer.dir(&name, 0o755, ROOT)?;
            folder(layer, &path, &name)?;
        } else {
            layer.copy(&name, 0o644, ROOT, &path)?;
        }
    }
    Ok(())
}
