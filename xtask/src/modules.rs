//! The Go modules of this checkout. In: a folder. Out: what its programs are made from, and a fingerprint of it, so that nothing but a changed
//! source causes a build. Must not build anything.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::images::layer::Digest;

/// Folders of all modules.
pub(crate) const ALL: [&str; 2] = ["bus", "local-cluster"];

/// Files by their paths in the module.
pub(crate) type Inputs = BTreeMap<PathBuf, Vec<u8>>;

/// Every file the programs are made from, embedded ones among them. Tests are not part of it.
pub(crate) fn inputs(module: &Path) -> io::Result<Inputs> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![module.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if path.is_dir() {
                if name != "testdata" {
                    folders.push(path);
                }
            } else if !name.ends_with("_test.go") && !name.ends_with(".md") {
                let relative = path.strip_prefix(module).unwrap_or(&path).to_path_buf();
                found.insert(relative, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// Digest of the files and of the compiler's `version`.
pub(crate) fn fingerprint(inputs: &Inputs, version: &str) -> Digest {
    let mut all = version.as_bytes().to_vec();
    for (path, contents) in inputs {
        all.extend_from_slice(format!("\0{}\0{}\0", path.display(), contents.len()).as_bytes());
        all.extend_from_slice(contents);
    }
    Digest::of(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_cause_a_build() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("testdata")).unwrap();
        for name in ["main.go", "main_test.go", "go.sum", "testdata/a.json"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let before = fingerprint(&inputs(dir.path()).unwrap(), "go1");
        for name in ["main_test.go", "testdata/a.json"] {
            fs::write(dir.path().join(name), "changed").unwrap();
            assert_eq!(fingerprint(&inputs(dir.path()).unwrap(), "go1"), before, "{name}");
        }
        assert_ne!(fingerprint(&inputs(dir.path()).unwrap(), "go2"), before);
        fs::write(dir.path().join("main.go"), "changed").unwrap();
        assert_ne!(fingerprint(&inputs(dir.path()).unwrap(), "go1"), before);
    }
}
