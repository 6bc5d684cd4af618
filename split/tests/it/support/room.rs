//! Where a server of a test lives: its folder, its port, the user that it runs as, and a file system of its own.
//!
//! In: nothing. Out: folders below the system's temporary directory, removed when the process that made them is gone.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a file system of its own holds: a server with the largest WAL that a run of tests makes.
const DISK_BYTES: u64 = 1 << 30;
/// How often it is tried to make it full beside writers.
const FILL_TRIES: u32 = 50;

/// PostgreSQL refuses to run as root; a test that isn't root runs it as itself.
pub fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig=QUIT").arg(program);
        return command;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=QUIT"]).arg(program);
    // A subscription's libpq looks for certificates at home, and root's is closed to it.
    command.env("HOME", "/");
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.starts_with(b"0")
}

pub fn run(command: &mut Command) {
    let output = command.current_dir("/").output().expect("start a program of PostgreSQL");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub fn log_of(dir: &Path) -> PathBuf {
    dir.with_extension("log")
}

/// A port on which nobody listens, below those that the kernel gives to outgoing connections: a server that is started again needs
/// its own once more. Each process has a place of its own to begin at.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 15_000;
    const COUNT: u32 = 15_000;
    let begin = std::process::id().wrapping_mul(997);
    let mut ports = (0..COUNT).map(|_| FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT);
    let port =
        ports.find_map(|port| u16::try_from(port).ok().filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()));
    port.expect("no port is free")
}

/// A name that carries this process: what killed test runs left behind is told apart and removed.
pub fn new_dir() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let temp = std::env::temp_dir();
    for entry in fs::read_dir(&temp).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("rerp-pg-").and_then(|rest| rest.split(['-', '.']).next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            if is_mounted(&entry.path()) {
                let _ = Command::new("umount").arg(entry.path()).status();
            }
            let _ = fs::remove_dir_all(entry.path());
            let _ = fs::remove_file(entry.path());
        }
    }
    let dir = temp.join(format!("rerp-pg-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir(&dir).unwrap();
    give(&dir);
    dir
}

/// `dir` to the user that servers run as.
fn give(dir: &Path) {
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(dir));
    }
}

fn is_mounted(dir: &Path) -> bool {
    let device = |path: &Path| fs::symlink_metadata(path).ok().map(|found| found.dev());
    device(dir) != dir.parent().and_then(device)
}

/// A file system in memory below one folder. It is full when it is made as small as what lies in it.
pub struct Disk {
    dir: PathBuf,
}

impl Disk {
    /// Mounts one; nothing where that isn't allowed, as to whoever isn't root.
    pub fn mount(dir: &Path) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let size = format!("size={DISK_BYTES},mode=0700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir).output();
        if !mount.is_ok_and(|output| output.status.success()) {
            return None;
        }
        give(dir);
        Some(Self { dir: dir.to_owned() })
    }

    /// Nothing more can be written from here on; whether it has come to that.
    pub fn fill(&self) -> bool {
        // Somebody may write between the look and the change, and then there is more than the new size.
        (0..FILL_TRIES).any(|_| self.used().is_some_and(|used| self.resize(used)))
    }

    /// There is room again.
    pub fn free(&self) {
        assert!(self.resize(DISK_BYTES), "{} can't be made larger", self.dir.display());
    }

    fn used(&self) -> Option<u64> {
        let output = Command::new("stat").args(["-f", "-c", "%b %f %S"]).arg(&self.dir).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().ok());
        let (blocks, free, size) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(blocks.saturating_sub(free) * size)
    }

    fn resize(&self, bytes: u64) -> bool {
        let size = format!("remount,size={bytes}");
        Command::new("mount").args(["-o", &size]).arg(&self.dir).output().is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.dir).status();
        let _ = fs::remove_dir(&self.dir);
    }
}
