//! What FTE issues, judged by JavaScript libraries of others. In: `services/fte/tests/badges`, whose vectors the service's own tests pin byte by
//! byte. Out: counts of what Node's test runner says. The libraries are installed into the cache; the checkout stays as it is.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use super::{Error, Setting, Tally};
use crate::command::Cmd;
use crate::install;
use crate::paths::program;
use crate::progress::note;

/// Where the tests are.
const SOURCE: &str = "services/fte/tests/badges";
/// What the libraries were installed from.
const LOCK: &str = "package-lock.json";
/// Of what was installed; a folder of the source has it where somebody ran npm by hand.
const INSTALLED: &str = "node_modules";
/// A hundred small packages over a slow line.
const INSTALL_LIMIT: Duration = Duration::from_secs(5 * 60);
/// The tests take seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs them, where there is Node.
pub(super) fn test(setting: &Setting<'_>) -> Result<Tally, Error> {
    let (true, Some(node), Some(npm)) = (install::for_badges()?, program("node"), program("npm")) else {
        note(
            "no node and npm: what FTE issues was compared with stored answers of JavaScript libraries, not with the libraries",
        );
        return Ok(Tally::default());
    };
    let (source, place) = (setting.paths.root.join(SOURCE), setting.paths.cache_dir("badges")?);
    copy(&source, &place)?;
    let (lock, marker) = (fs::read(source.join(LOCK))?, place.join("installed"));
    // Written when all are there, so that whatever was cut short is done again.
    if fs::read(&marker).ok().as_ref() != Some(&lock) {
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        Cmd::new(npm).args(ci).dir(&place).limit(INSTALL_LIMIT).quiet()?;
        fs::write(&marker, &lock)?;
    }
    let mut test = Cmd::new(node).args(["--test", "--test-reporter=tap"]).dir(&place).limit(LIMIT);
    if let Some(filter) = setting.filter {
        test = test.arg(format!("--test-name-pattern={filter}"));
    }
    let (mut tally, mut failing) = (Tally::default(), false);
    let status = test.arg("verify.test.mjs").watch(|line| {
        tally.read_node(line);
        if !line.starts_with(' ') {
            failing = line.starts_with("not ok");
        }
        if failing {
            println!("{line}");
        }
    })?;
    if status.success() { Ok(tally) } else { Err(Error::Tests(tally)) }
}

/// Copies a folder, what was installed in it left out.
fn copy(source: &Path, place: &Path) -> io::Result<()> {
    fs::create_dir_all(place)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), place.join(entry.file_name()));
        if entry.file_name() == INSTALLED {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_is_not_copied() {
        let (source, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["vectors", INSTALLED] {
            fs::create_dir(source.path().join(name)).unwrap();
            fs::write(source.path().join(name).join("a"), "a").unwrap();
        }
        fs::write(source.path().join(LOCK), "lock").unwrap();
        copy(source.path(), place.path()).unwrap();
        copy(source.path(), place.path()).unwrap();
        assert_eq!(fs::read_to_string(place.path().join("vectors/a")).unwrap(), "a");
        assert!(place.path().join(LOCK).exists() && !place.path().join(INSTALLED).exists());
    }
}
