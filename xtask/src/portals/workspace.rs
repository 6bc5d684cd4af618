//! The npm workspace of the portals. In: the checkout. Out: built bundles, and whatever else its scripts do. All of it happens in a copy in the cache: the
//! checkout stays as it is, and what was installed serves the next run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::{self, Cmd};
use crate::install::{self, Node};
use crate::modules::Inputs;
use crate::paths::{self, Paths};
use crate::progress::Step;

/// The workspace, and what bundles are made from besides.
const PARTS: [&str; 3] = ["portals", "docs/openapi", "services/kit/src/problem"];
/// What their tests compare with besides. A bundle doesn't change with it.
const COMPARED: [&str; 2] = ["services/account/src/domain", "services/sandbox/src/trading/pattern"];
/// What is made and not written, in whichever folder.
const MADE: [&str; 4] = ["node_modules", "dist", "build", "generated"];
/// What the libraries were installed from.
const LOCK: &str = "package-lock.json";
/// Four hundred packages over a slow line.
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
/// A script: the longest takes two minutes, on two processors that do nothing else.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Why nothing is built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the portals are built with Node and its npm: install them (https://nodejs.org), 20.19 or later")]
    NoNode,
    #[error("copying the portals into the cache failed")]
    Copy(#[from] io::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Paths(#[from] paths::Error),
    #[error("npm failed")]
    Npm(#[from] command::Error),
}

/// The copy, with its libraries installed.
#[derive(Debug)]
pub(crate) struct Workspace {
    dir: PathBuf,
    node: Node,
}

impl Workspace {
    /// Copies, and installs what the lock names unless it is there.
    pub(crate) fn open(paths: &Paths) -> Result<Self, Error> {
        let node = install::for_portals(paths)?.ok_or(Error::NoNode)?;
        let place = paths.cache_dir("portals")?;
        for part in PARTS.iter().chain(&COMPARED) {
            empty(&place.join(part))?;
            copy(&paths.root.join(part), &place.join(part))?;
        }
        let dir = place.join(PARTS[0]);
        let (lock, mark) = (fs::read(dir.join(LOCK))?, place.join("installed"));
        // Written when all are there, so that whatever was cut short is done again.
        if fs::read(&mark).ok().as_ref() != Some(&lock) {
            let step = Step::begin("Installing the portals' libraries (npm)");
            let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
            node.npm().args(ci).dir(&dir).limit(INSTALL_LIMIT).quiet()?;
            fs::write(&mark, &lock)?;
            step.done("installed");
        }
        Ok(Self { dir, node })
    }

    /// A script of the workspace's `package.json`.
    pub(crate) fn script(&self, name: &str) -> Cmd {
        self.node.npm().args(["run", "--silent", name]).dir(&self.dir).env("NO_COLOR", "1").limit(LIMIT)
    }

    /// The Node that builds, as it names itself.
    pub(crate) fn node(&self) -> &str {
        self.node.version()
    }

    /// Builds all portals.
    pub(crate) fn build(&self) -> Result<(), Error> {
        self.script("generate").quiet()?;
        self.script("build").quiet()?;
        Ok(())
    }

    /// Where a portal's bundle is, once it is built.
    pub(crate) fn bundle(&self, portal: &str) -> PathBuf {
        self.dir.join(portal).join("dist")
    }
}

/// Everything that bundles are made from.
pub(crate) fn inputs(root: &Path) -> io::Result<Inputs> {
    let mut found = Inputs::new();
    let mut folders = PARTS.map(|part| root.join(part)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if is_made(&path) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap_or(&path).to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn is_made(path: &Path) -> bool {
    MADE.iter().any(|name| path.ends_with(name))
}

/// Removes what was copied before, and leaves what was made.
fn empty(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if is_made(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() { empty(&path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

fn copy(source: &Path, place: &Path) -> io::Result<()> {
    fs::create_dir_all(place)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), place.join(entry.file_name()));
        if is_made(&from) {
            continue;
        }
        if entry.file_type()?.is_dir() { copy(&from, &to)? } else { fs::copy(&from, &to).map(drop)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_copy_follows_the_checkout_and_keeps_what_was_made() {
        let (source, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(source.path(), "website/src/a.ts", "new");
        write(source.path(), "website/dist/index.html", "of the checkout");
        write(place.path(), "website/src/gone.ts", "old");
        write(place.path(), "website/node_modules/solid/index.js", "installed");
        empty(place.path()).unwrap();
        copy(source.path(), place.path()).unwrap();
        assert!(place.path().join("website/src/a.ts").exists() && !place.path().join("website/src/gone.ts").exists());
        assert!(place.path().join("website/node_modules/solid/index.js").exists());
        assert!(!place.path().join("website/dist").exists());
    }

    #[test]
    fn what_was_made_is_nothing_that_bundles_are_made_from() {
        let root = tempfile::tempdir().unwrap();
        for name in
            ["portals/a.ts", "portals/website/dist/a.js", "docs/openapi/a.json", "services/kit/src/problem/a.rs"]
        {
            write(root.path(), name, name);
        }
        let names: Vec<_> = inputs(root.path()).unwrap().into_keys().map(|path| path.display().to_string()).collect();
        assert_eq!(names, ["docs/openapi/a.json", "portals/a.ts", "services/kit/src/problem/a.rs"]);
    }
}
