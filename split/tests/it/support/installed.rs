//! The versions of PostgreSQL on this machine. In: `/usr/lib/postgresql` and `$RERP_PG_BINS`, a path list. Out: their programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Major version and `bin` directory of every PostgreSQL on this machine, oldest first.
pub fn installed() -> Vec<(u32, PathBuf)> {
    let listed = std::env::var_os("RERP_PG_BINS").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&listed).collect();
    for version in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        dirs.push(version.path().join("bin"));
    }
    let mut found: Vec<_> = dirs.into_iter().filter_map(|dir| Some((major_of(&dir)?, dir))).collect();
    found.sort();
    found
}

fn major_of(bin: &Path) -> Option<u32> {
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}
