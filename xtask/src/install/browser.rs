//! A browser for tests. In: the machine. Out: the program of a Chromium; Debian's is installed where there is none.

use std::path::PathBuf;

use super::{Error, Need, ensure, is_root};
use crate::paths::program;

/// Names of programs that do.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// None: there is none, and none can be installed by us.
pub(crate) fn browser() -> Result<Option<PathBuf>, Error> {
    let find = || NAMES.into_iter().find_map(program);
    if find().is_none() && is_root() && program("apt-get").is_some() {
        ensure(&[Need::new("chromium", "the browser in which the portals are tested")])?;
    }
    Ok(find())
}
