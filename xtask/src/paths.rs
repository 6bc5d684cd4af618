//! Where things are. In: the environment of the process. Out: the checkout, the cache outside the checkout, folders for results.
//! Must not create anything in the checkout except below `target/`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The places every command works with.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// Top of the checkout: the folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Kept between runs and between clones: built tools, image layers, Go's build cache stays where Go puts it.
    pub(crate) cache: PathBuf,
}

/// Why the places could not be found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no Cargo workspace found at or above {0}; run this inside a checkout of RERP")]
    NoWorkspace(PathBuf),
    #[error("HOME is not set, so there is no place for the cache; set HOME or XDG_CACHE_HOME")]
    NoHome,
    #[error("the cache folder {path} cannot be made")]
    Cache { path: PathBuf, source: io::Error },
}

impl Paths {
    /// Finds the checkout from cargo's environment, or from the current folder when the binary is started by hand.
    pub(crate) fn find() -> Result<Self, Error> {
        // Read at run time: with a target folder shared by several clones a path compiled in could name another clone.
        let start = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| env::current_dir().ok())
            .unwrap_or_default();
        let root = start
            .ancestors()
            .find(|dir| dir.join("Cargo.lock").is_file() && dir.join("xtask").is_dir())
            .ok_or_else(|| Error::NoWorkspace(start.clone()))?
            .to_path_buf();
        let base = match env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => PathBuf::from(env::var_os("HOME").ok_or(Error::NoHome)?).join(".cache"),
        };
        let cache = base.join("rerp");
        fs::create_dir_all(&cache).map_err(|source| Error::Cache { path: cache.clone(), source })?;
        Ok(Self { root, cache })
    }

    /// A folder of the cache, made when missing.
    pub(crate) fn cache_dir(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.cache.join(name);
        fs::create_dir_all(&path).map_err(|source| Error::Cache { path: path.clone(), source })?;
        Ok(path)
    }
}

/// Looks a program up in `PATH`, and in the folders of system programs that a plain user's `PATH` lacks.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
