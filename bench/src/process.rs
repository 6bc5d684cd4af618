//! Programs that run beside the benchmark. In: a command. Out: a running program with its words in a file, until it is dropped: told to stop,
//! and killed if it doesn't. And what processes spent, from `/proc`.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Time a program has until it takes connections.
const STARTING: Duration = Duration::from_secs(60);
/// Time it has to stop.
const STOPPING: Duration = Duration::from_secs(10);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);
/// Parts of a second in which the kernel tells processor time, the same on every Linux of ours (`USER_HZ`).
const TICKS: u64 = 100;
/// Lines of a program's words that an error shows.
const SHOWN: usize = 15;

/// Why a program doesn't run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("{name} can't be started")]
    Start { name: String, source: io::Error },
    #[error("{name} can't be watched")]
    Watch { name: String, source: io::Error },
    #[error("{name} ended with {status}{words}")]
    Ended { name: String, status: ExitStatus, words: String },
    #[error("{name} takes no connections at {at}{words}")]
    Silent { name: String, at: SocketAddr, words: String },
    #[error("there is no free port on loopback")]
    NoPort(#[source] io::Error),
}

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    words: PathBuf,
    /// What tells it to stop at once.
    stop: Signal,
}

impl Process {
    /// Starts a program; what it says goes to `<name>.log` in `dir`.
    pub(crate) fn start(name: &str, mut command: Command, dir: &Path) -> Result<Self, ProcessError> {
        let words = dir.join(format!("{name}.log"));
        let started = File::create(&words).and_then(|out| {
            let errors = out.try_clone()?;
            command.stdin(Stdio::null()).stdout(out).stderr(errors).spawn()
        });
        let child = started.map_err(|source| ProcessError::Start { name: name.to_owned(), source })?;
        Ok(Self { name: name.to_owned(), child, words, stop: Signal::TERM })
    }

    /// The same, for a program that understands another signal by "stop at once".
    pub(crate) fn stopped_by(mut self, stop: Signal) -> Self {
        self.stop = stop;
        self
    }

    /// Its number. `taskset` and the launchers of wheels replace themselves by what they start, so it is that of the program itself.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until somebody takes connections at an address.
    pub(crate) fn wait_for(&mut self, at: SocketAddr) -> Result<(), ProcessError> {
        let until = Instant::now() + STARTING;
        while TcpStream::connect_timeout(&at, PAUSE * 10).is_err() {
            self.check()?;
            if Instant::now() > until {
                return Err(self.silent(at));
            }
            sleep(PAUSE);
        }
        // Another program could have taken the port while this one died of that.
        self.check()
    }

    /// Fails if it has ended.
    pub(crate) fn check(&mut self) -> Result<(), ProcessError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(ProcessError::Ended { name: self.name.clone(), status, words: self.last_words() }),
            Err(source) => Err(ProcessError::Watch { name: self.name.clone(), source }),
        }
    }

    /// The error of one that doesn't answer.
    pub(crate) fn silent(&self, at: SocketAddr) -> ProcessError {
        ProcessError::Silent { name: self.name.clone(), at, words: self.last_words() }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.words).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default();
        last.iter().fold(String::new(), |all, line| all + "\n    | " + line)
    }

    /// Tells it to stop and waits; kills it if it doesn't.
    fn stop(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), self.stop)?;
        let until = Instant::now() + STOPPING;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > until {
                self.child.kill()?;
                return self.child.wait().map(drop);
            }
            sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is there to be told; a program that outlives this one is seen in the list of processes.
        let _ = self.stop();
    }
}

/// A port on loopback that nobody had a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr, ProcessError> {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(ProcessError::NoPort)
}

/// Processor time that a process and its children have spent so far; none if it is gone.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let own = spent(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)?;
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    Some(children.filter_map(cpu_time).fold(own, |all, one| all + one))
}

/// What processes that a process has started and has seen end have spent; none if it is gone.
pub(crate) fn cpu_time_of_ended(process: u32) -> Option<Duration> {
    spent_at(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?, 13)
}

/// The time of a process by its line in `/proc`: the fields `utime` and `stime`. The name before them may hold anything.
fn spent(stat: &str) -> Option<Duration> {
    spent_at(stat, 11)
}

/// Two fields that belong together, so many after the name; `cutime` and `cstime` follow those of the process itself.
fn spent_at(stat: &str, place: usize) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(place).map(|field| field.parse::<u64>().ok());
    let ticks = fields.next()?? + fields.next()??;
    Some(Duration::from_millis(ticks * (1000 / TICKS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_line_is_read_whatever_the_program_is_called() {
        let line = "4242 (odd) name (x) S 1 4242 4242 0 -1 4194560 1234 0 0 0 150 25 7 8 20 0 1 0 99 1 2 3";
        assert_eq!(spent(line), Some(Duration::from_millis(1750)));
        assert_eq!(spent_at(line, 13), Some(Duration::from_millis(150)));
        assert_eq!(spent("4242 (x) S 1"), None);
        assert_eq!(spent(""), None);
    }

    #[test]
    fn this_process_has_spent_some_time_and_one_that_is_not_there_none() {
        assert!(cpu_time(std::process::id()).is_some());
        assert!(cpu_time(u32::MAX).is_none());
    }

    #[test]
    fn a_program_that_ends_is_no_server() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo because; exit 3"]);
        let mut process = Process::start("short", command, dir.path()).unwrap();
        let error = process.wait_for(free_address().unwrap()).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("| because"), "{error}");
    }

    #[test]
    fn a_program_ends_with_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sleep");
        command.arg("60");
        let process = Process::start("long", command, dir.path()).unwrap();
        let id = process.id();
        drop(process);
        assert!(cpu_time(id).is_none());
    }
}
