//! Generated files. In: the Rust types of `crds/`, the operator's table of rights, the walk's table and the services' descriptions. Out:
//! `crds/yaml`, `manifests/operator/rbac`, `docs/seed-coverage.md` and `docs/openapi`, or the news that they are stale.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::command::{self, Cmd};
use crate::executables;
use crate::paths::Paths;
use crate::progress::Step;
use crate::walk;

/// An example that writes files, and the folder whose YAML files they are.
const GENERATORS: [(&str, &str); 2] = [("crds", "crds/yaml"), ("rbac", "manifests/operator/rbac")];

/// Services whose programs print their OpenAPI documents.
const SERVICES: [&str; 5] = ["identity", "account", "marketing", "billing", "fte"];
/// Where those are.
const DOCUMENTS: &str = "docs/openapi";

/// Written by hand, beside generated files too.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// Why the files are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("generated files differ from the code they come from: {}\nrun `cargo xtask generate` and commit the result", .0.join(", "))]
    Stale(Vec<String>),
    #[error("the generator of {0} wrote no files")]
    Nothing(&'static str),
    #[error("{path} cannot be read or written")]
    File { path: PathBuf, source: io::Error },
    #[error("the generators can't be built")]
    Build(#[from] executables::Error),
    #[error("the generator of {folder} failed")]
    Command { folder: &'static str, source: command::Error },
}

/// Files by name.
type Files = BTreeMap<String, String>;

/// Writes the files; with `check` leaves them as they were and fails when they would change.
pub(crate) fn generate(paths: &Paths, check: bool) -> Result<(), Error> {
    let mut stale = Vec::new();
    stale.extend(page(&paths.root.join(walk::PAGE), walk::PAGE, &walk::page(), check)?);
    let examples = GENERATORS.iter().flat_map(|(example, _)| ["--example", example]).collect::<Vec<_>>();
    let programs = executables::build(paths, &examples)?;
    for (example, folder) in GENERATORS {
        let step = Step::begin(if check {
            format!("Comparing {folder} with the code")
        } else {
            format!("Generating {folder}")
        });
        let dir = paths.root.join(folder);
        let have = read(&dir)?;
        let program = programs.get(example).ok_or(Error::Nothing(folder))?;
        let want = run(program, &dir, folder, &have)?;
        let changed = differing(&want, &have);
        step.done(format!("{} files, {} changed", want.len(), changed.len()));
        if check {
            write(&dir, &have)?;
        }
        stale.extend(changed.iter().map(|name| format!("{folder}/{name}")));
    }
    if check {
        // Building five services takes minutes that a look at files shouldn't: their own tests compare these.
        return if stale.is_empty() { Ok(()) } else { Err(Error::Stale(stale)) };
    }
    documents(paths)
}

/// Writes what the services' programs print.
fn documents(paths: &Paths) -> Result<(), Error> {
    let packages = SERVICES.map(|name| format!("rerp-{name}"));
    let bins: Vec<&str> = packages.iter().flat_map(|package| ["--bin", package]).collect();
    let programs = executables::build(paths, &bins)?;
    let dir = paths.root.join(DOCUMENTS);
    fs::create_dir_all(&dir).map_err(|source| Error::File { path: dir.clone(), source })?;
    for (name, package) in SERVICES.iter().zip(&packages) {
        let program = programs.get(package.as_str()).ok_or(Error::Nothing(DOCUMENTS))?;
        let printed = Cmd::new(program).arg("openapi").quiet();
        let want = printed.map_err(|source| Error::Command { folder: DOCUMENTS, source })?;
        page(&dir.join(format!("{name}.json")), &format!("{DOCUMENTS}/{name}.json"), &want, false)?;
    }
    Ok(())
}

/// Writes a file of this name and contents; with `check` only says that it would.
fn page(path: &Path, name: &str, want: &str, check: bool) -> Result<Option<String>, Error> {
    let step = Step::begin(format!("{} {name}", if check { "Comparing with the code:" } else { "Generating" }));
    let failed = |source| Error::File { path: path.to_path_buf(), source };
    let have = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(failed)?,
    };
    let changed = have != want;
    if changed && !check {
        fs::write(path, want).map_err(failed)?;
    }
    step.done(if changed { "changed" } else { "as it was" });
    Ok(changed.then(|| name.to_owned()))
}

/// What the generator writes into its folder, emptied before, so that nothing stays that it no longer writes. A generator that
/// fails leaves the files as they were.
fn run(program: &Path, dir: &Path, folder: &'static str, have: &Files) -> Result<Files, Error> {
    write(dir, &Files::new())?;
    let ran = Cmd::new(program).arg(dir).quiet().map_err(|source| Error::Command { folder, source });
    let want = ran.and_then(|_| read(dir));
    match want {
        Ok(files) if !files.is_empty() => Ok(files),
        failed => {
            write(dir, have)?;
            Err(failed.err().unwrap_or(Error::Nothing(folder)))
        }
    }
}

/// Makes `files` the only YAML files of a folder.
fn write(dir: &Path, files: &Files) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::File { path, source }
    };
    for name in read(dir)?.keys().filter(|name| !files.contains_key(*name)) {
        let path = dir.join(name);
        fs::remove_file(&path).map_err(failed(&path))?;
    }
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(())
}

fn read(dir: &Path) -> Result<Files, Error> {
    let mut files = Files::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        other => other.map_err(|source| Error::File { path: dir.to_path_buf(), source })?,
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_generated(path)) {
        let text = fs::read_to_string(&path).map_err(|source| Error::File { path: path.clone(), source })?;
        files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}

/// Everything in YAML but what a person writes: which files there are, for kustomize.
fn is_generated(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml") && !path.ends_with(KUSTOMIZATION)
}

fn differing(want: &Files, have: &Files) -> Vec<String> {
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

    #[test]
    fn a_page_is_written_or_only_found_to_be_stale() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.md");
        assert!(page(&path, "p", "1", true).unwrap().is_some() && !path.exists());
        assert!(page(&path, "p", "1", false).unwrap().is_some());
        assert!(page(&path, "p", "1", true).unwrap().is_none() && page(&path, "p", "2", true).unwrap().is_some());
        assert_eq!(fs::read_to_string(path).unwrap(), "1");
    }

    #[test]
    fn a_folder_gets_the_files_and_keeps_no_others() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("old.yaml"), "1").unwrap();
        fs::write(dir.path().join(KUSTOMIZATION), "stays").unwrap();
        let files = Files::from([("new.yaml".to_owned(), "2".to_owned())]);
        write(dir.path(), &files).unwrap();
        assert_eq!(read(dir.path()).unwrap(), files);
        assert!(dir.path().join(KUSTOMIZATION).exists());
    }
}
