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
/// Name of the image, and of the portal's folder in the workspace.
const NAME: &str = "website";

/// Builds the image unless it is there.
pub(super) fn build(paths: &Paths, store: &Store, options: &Options, built: &Built) -> Result<Image, Error> {
    let file = built.get(PACKAGE).ok_or(Error::NoProgram(PACKAGE))?;
    let read = |source| Error::Read { path: paths.root.join("portals"), source };
    let workspace = Workspace::open(paths)?;
    let sources = modules::fingerprint(&inputs(&paths.root).map_err(read)?, workspace.node()).0;
    let inputs = format!("{} {sources}", fingerprint(file)?);
    if let Some(image) = store.find(NAME).filter(|image| image.inputs == inputs && !options.refresh) {
        return Ok(image);
    }
    let step = Step::begin(format!("Image {NAME} (npm builds its pages)"));
    let bundle = workspace.build(NAME)?;
    let program = stripped(store, file)?;
    let layers = vec![
        store.layer(|layer| base(layer, program.path()))?,
        store.layer(|layer| {
            layer.dir(BUNDLE, 0o755, ROOT)?;
            folder(layer, &bundle, BUNDLE)
        })?,
    ];
    let image = Image::new(super::reference(NAME), &settings(), layers, inputs);
    store.keep(NAME, &image)?;
    step.done(bytes(image.size()));
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

/// It calls nobody outside, so there are no authorities in it.
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
