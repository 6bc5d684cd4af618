//! The generated custom resource definitions. In: the Rust types of `crds/`. Out: `crds/yaml/*.yaml`, or the news that they are stale.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::command;
use crate::paths::Paths;
use crate::progress::Step;

/// Why the files are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("generated files differ from the types they come from: {}\nrun `cargo xtask crds` and commit the result", .0.join(", "))]
    Stale(Vec<String>),
    #[error("the generator wrote no files")]
    Nothing,
    #[error("{path} cannot be read or written")]
    File { path: PathBuf, source: io::Error },
    #[error("the generator of the custom resource definitions failed")]
    Command(#[from] command::Error),
}

/// Writes the files; with `check` leaves them as they were and fails when they would change.
pub(crate) fn generate(paths: &Paths, check: bool) -> Result<(), Error> {
    let dir = paths.root.join("crds/yaml");
    let step = Step::begin(if check { "Comparing crds/yaml with the types" } else { "Generating crds/yaml" });
    let have = read(&dir)?;
    command::cargo()
        .args(["run", "--quiet", "--package", "rerp-crds", "--example", "generate"])
        .dir(&paths.root)
        .quiet()?;
    let want = read(&dir)?;
    if want.is_empty() {
        return Err(Error::Nothing);
    }
    let stale = differing(&want, &have);
    step.done(format!("{} files, {} changed", want.len(), stale.len()));
    if !check || stale.is_empty() {
        return Ok(());
    }
    restore(&dir, &stale, &have)?;
    Err(Error::Stale(stale))
}

/// The generator knows one place to write to; a check must leave that place as it was.
fn restore(dir: &Path, names: &[String], have: &BTreeMap<String, String>) -> Result<(), Error> {
    for name in names {
        let path = dir.join(name);
        let done = match have.get(name) {
            Some(text) => fs::write(&path, text),
            None => fs::remove_file(&path),
        };
        done.map_err(|source| Error::File { path, source })?;
    }
    Ok(())
}

fn read(dir: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut files = BTreeMap::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        other => other.map_err(|source| Error::File { path: dir.to_path_buf(), source })?,
    };
    for path in
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
    {
        let text = fs::read_to_string(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}

fn differing(want: &BTreeMap<String, String>, have: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> =
        want.keys().chain(have.keys()).filter(|name| want.get(*name) != have.get(*name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_missing_and_a_surplus_file_are_named() {
        let files =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        let (want, have) = (files(&[("a", "1"), ("b", "2"), ("c", "3")]), files(&[("a", "1"), ("b", "x"), ("d", "4")]));
        assert_eq!(differing(&want, &have), ["b", "c", "d"]);
    }
}
