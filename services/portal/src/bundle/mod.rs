//! A built portal in memory. In comes a folder, read once; out go files by their public paths, pages for what went wrong, and what the
//! bundle says of itself (`portal.json`). A bundle that can't be served whole isn't served at all. Must not read a folder a second time.

mod file;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use file::{File, Keep, Representation};
pub use manifest::Form;
use manifest::Manifest;

use crate::negotiate::Encoding;

/// What a bundle says of itself. Nobody gets it.
const MANIFEST: &str = "portal.json";
/// Folder of the pages that answer what went wrong, and have no address of their own.
const ANSWERS: &str = "answers/";
/// The page of `/`, and of nothing else.
const INDEX: &str = "index.html";
/// How a page's file ends; its address doesn't.
const PAGE: &str = ".html";
/// Most files: what is built by mistake shouldn't fill the memory of a pod.
const MOST_FILES: usize = 2_000;
/// Most bytes of all of them.
const MOST_BYTES: u64 = 32 << 20;
/// Deepest folder.
const DEEPEST: usize = 8;

/// Why a bundle can't be served.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file or a folder can't be read.
    #[error("reading {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is more than a portal is made of.
    #[error("the bundle has more than {MOST_FILES} files, {MOST_BYTES} bytes or {DEEPEST} folders in each other")]
    TooLarge,
    /// A name that an address can't have as it is.
    #[error("{0} has a name with other signs than letters, digits, `.`, `_` and `-`")]
    Name(PathBuf),
    /// Browsers have to be told what a file is.
    #[error("{0} is of no kind that is known")]
    Kind(String),
    /// What the bundle says of itself can't be read.
    #[error("reading {MANIFEST}")]
    Manifest(#[source] serde_json::Error),
    /// What the bundle says of itself can't be.
    #[error("{MANIFEST}: {0}")]
    Unfit(String),
    /// Something that each bundle has.
    #[error("the bundle has no {0}")]
    Missing(String),
}

/// The pages for what went wrong.
#[derive(Debug)]
pub struct Answers {
    /// Nothing is at this address, or not for this method.
    pub not_found: File,
    /// A form says something that can't be.
    pub refused: File,
    /// A form can't be taken now.
    pub busy: File,
}

/// A built portal.
#[derive(Debug)]
pub struct Bundle {
    files: BTreeMap<String, File>,
    /// Pages for what went wrong.
    pub answers: Answers,
    forms: BTreeMap<String, Form>,
    app: bool,
    sessions: bool,
    factor: bool,
    cluster: bool,
    payments: bool,
}

impl Bundle {
    /// Reads a folder.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn open(dir: &Path) -> Result<Self, BundleError> {
        let mut found = read(dir)?;
        let manifest = found.remove(MANIFEST).ok_or_else(|| BundleError::Missing(MANIFEST.to_owned()))?;
        let manifest: Manifest = serde_json::from_slice(&manifest).map_err(BundleError::Manifest)?;
        let mut answer = |name: &str| {
            let name = format!("{ANSWERS}{name}{PAGE}");
            take(&mut found, &name)?.ok_or(BundleError::Missing(name))
        };
        let answers = Answers { not_found: answer("not-found")?, refused: answer("refused")?, busy: answer("busy")? };
        let mut files = BTreeMap::new();
        // A smaller form of a file stands right after it, and is taken with it.
        while let Some(name) = found.keys().next().cloned() {
            if let Some(file) = take(&mut found, &name)? {
                files.insert(address(&name), file);
            }
        }
        if !files.contains_key("/") {
            return Err(BundleError::Missing(INDEX.to_owned()));
        }
        let Manifest { app, sessions, factor, cluster, payments, .. } = manifest;
        let unfit = |wrong: &str| Err(BundleError::Unfit(wrong.to_owned()));
        if factor && !sessions {
            return unfit("`factor` is asked for when somebody signs in: it needs `sessions`");
        }
        if !manifest.guarded.is_empty() && !sessions {
            return unfit("`guarded` files are for whoever is signed in: they need `sessions`");
        }
        guard(&mut files, &manifest.guarded)?;
        let forms = manifest.forms(|page| files.contains_key(page)).map_err(BundleError::Unfit)?;
        Ok(Self { files, answers, forms, app, sessions, factor, cluster, payments })
    }

    /// The file at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// A form by its name.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&Form> {
        self.forms.get(name)
    }

    /// The page that shows every view, where the bundle is an app.
    #[must_use]
    pub fn app(&self) -> Option<&File> {
        self.files.get("/").filter(|_| self.app)
    }

    /// Whether people sign in.
    #[must_use]
    pub fn asks_for_sessions(&self) -> bool {
        self.sessions
    }

    /// Whether whoever signs in has to be staff, and to show a second factor.
    #[must_use]
    pub fn asks_for_factor(&self) -> bool {
        self.factor
    }

    /// Whether staff see the platform as Kubernetes knows it.
    #[must_use]
    pub fn shows_cluster(&self) -> bool {
        self.cluster
    }

    /// Whether cards are taken.
    #[must_use]
    pub fn asks_for_payments(&self) -> bool {
        self.payments
    }

    /// Whether there are forms, which have to go somewhere.
    #[must_use]
    pub fn has_forms(&self) -> bool {
        !self.forms.is_empty()
    }

    /// How many addresses it has.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.files.len()
    }
}

/// Has these files for whoever is signed in alone.
fn guard(files: &mut BTreeMap<String, File>, guarded: &BTreeSet<String>) -> Result<(), BundleError> {
    for path in guarded {
        let file = files
            .get_mut(path)
            .ok_or_else(|| BundleError::Unfit(format!("`guarded` names {path}, and there is no such file")))?;
        if !file.guard() {
            let wrong = format!(
                "`guarded` names {path}, which isn't below /assets/: only what has another name for another content can be"
            );
            return Err(BundleError::Unfit(wrong));
        }
    }
    Ok(())
}

/// `index.html` is `/`, `legal/privacy.html` is `/legal/privacy`, everything else is where it lies.
fn address(name: &str) -> String {
    if name == INDEX { "/".to_owned() } else { format!("/{}", name.strip_suffix(PAGE).unwrap_or(name)) }
}

/// Takes a file out of those that were found, with its smaller forms.
fn take(found: &mut BTreeMap<String, Vec<u8>>, name: &str) -> Result<Option<File>, BundleError> {
    let Some(plain) = found.remove(name) else { return Ok(None) };
    let mut smaller = Vec::new();
    for encoding in Encoding::ALL {
        if let Some(body) = found.remove(&format!("{name}{}", encoding.suffix())) {
            smaller.push((encoding, body));
        }
    }
    File::new(name, plain, smaller).map(Some).ok_or_else(|| BundleError::Kind(name.to_owned()))
}

/// All files below a folder, by their paths in it.
fn read(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let (mut found, mut bytes) = (BTreeMap::new(), 0);
    let mut folders = vec![(dir.to_path_buf(), String::new(), 0)];
    while let Some((folder, above, depth)) = folders.pop() {
        let failed = |source| BundleError::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let name = entry.file_name().into_string().ok().filter(|name| is_plain(name));
            let name = format!("{above}{}", name.ok_or_else(|| BundleError::Name(path.clone()))?);
            let failed = |source| BundleError::Read { path: path.clone(), source };
            let meta = fs::metadata(&path).map_err(failed)?;
            bytes += meta.len();
            if bytes > MOST_BYTES || found.len() >= MOST_FILES || depth >= DEEPEST {
                return Err(BundleError::TooLarge);
            }
            if meta.is_dir() {
                folders.push((path, format!("{name}/"), depth + 1));
            } else {
                found.insert(name, fs::read(&path).map_err(failed)?);
            }
        }
    }
    Ok(found)
}

/// Stands in an address for itself, and names nothing that is hidden.
fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
