//! Where the PostgreSQL servers of tests have their files: in memory, where there is plenty. Some tests start a server each, and a disk that
//! makes and removes so many files takes twice as long on some days as on others. In: what the machine says of its memory. Out: a folder that
//! is gone with the stage. Must not hold anything that outlives it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::command::Cmd;

/// The file system in memory that every Linux has.
const MEMORY: &str = "/dev/shm";
/// What has to be free, in kB: twice what the tests were seen to need.
const PLENTY: u64 = 8 << 20;

/// A folder in memory, or none: then the system's temporary directory is it.
pub(super) struct Room(Option<TempDir>);

impl Room {
    pub(super) fn find() -> io::Result<Self> {
        if free().is_none_or(|free| free < PLENTY) {
            return Ok(Self(None));
        }
        let dir = tempfile::Builder::new().prefix("rerp-tests-").tempdir_in(MEMORY)?;
        // Servers don't run as root.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o1777))?;
        Ok(Self(Some(dir)))
    }

    /// The command, with this as its temporary directory.
    pub(super) fn of(&self, command: Cmd) -> Cmd {
        match &self.0 {
            Some(dir) => command.env("TMPDIR", dir.path()),
            None => command,
        }
    }
}

/// What is free of the machine's memory and of the file system in it, in kB.
fn free() -> Option<u64> {
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?.split_whitespace().next()?;
    let shown = Cmd::new("df").args(["--portability", "--block-size=1024", "--type=tmpfs", MEMORY]).quiet().ok()?;
    let on_it = shown.lines().last()?.split_whitespace().nth(3)?;
    Some(memory.parse::<u64>().ok()?.min(on_it.parse().ok()?))
}
