//! Running other programs: what comes in is a program and its arguments, what goes out is its result or an error that names the
//! command and shows the end of its output. Every run has a deadline. Must not be used for a shell: arguments are passed as they are.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{io, thread};

use crate::progress;

/// How much of a failed command's output is shown.
const TAIL_LINES: usize = 40;
/// A quiet command that works longer than this says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Every command is bounded, the build of a whole workspace on a small machine included.
const DEFAULT_LIMIT: Duration = Duration::from_secs(45 * 60);

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start `{command}`; is it installed?")]
    Start { command: String, source: io::Error },
    #[error("lost track of `{command}`")]
    Wait { command: String, source: io::Error },
    #[error("`{command}` ended with {status}{output}")]
    Failed { command: String, status: ExitStatus, output: String },
    #[error("`{command}` did not end within {} and was stopped{output}", progress::elapsed(*.limit))]
    TooSlow { command: String, limit: Duration, output: String },
}

/// A program to run.
#[derive(Debug)]
pub(crate) struct Cmd {
    inner: Command,
    shown: String,
    limit: Duration,
}

impl Cmd {
    /// The program is looked up in `PATH` unless it is a path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let name = Path::new(program.as_ref()).file_name().unwrap_or(program.as_ref());
        Self { shown: name.to_string_lossy().into_owned(), inner: Command::new(program.as_ref()), limit: DEFAULT_LIMIT }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Cmd::arg)
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(key, value);
        self
    }

    /// Sets the working folder.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// Sets the deadline.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs with the terminal's own input and output: for commands whose output is the point.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        let child = self.inner.spawn().map_err(|source| self.start_error(source))?;
        let status = self.wait(child, Instant::now(), false, &Captured::default())?;
        self.check(status, String::new())
    }

    /// Like [`Cmd::run`], but gives the exit status back instead of judging it.
    pub(crate) fn status(mut self) -> Result<ExitStatus, Error> {
        let child = self.inner.spawn().map_err(|source| self.start_error(source))?;
        self.wait(child, Instant::now(), false, &Captured::default())
    }

    /// Runs silently; a failure shows the end of what the command said. Returns its standard output.
    pub(crate) fn quiet(mut self) -> Result<String, Error> {
        self.inner.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.inner.spawn().map_err(|source| self.start_error(source))?;
        let (out, all) = (Captured::default(), Captured::default());
        let readers = [
            child.stdout.take().map(|pipe| read(pipe, vec![out.clone(), all.clone()])),
            child.stderr.take().map(|pipe| read(pipe, vec![all.clone()])),
        ];
        let status = self.wait(child, Instant::now(), true, &all)?;
        for reader in readers.into_iter().flatten() {
            // A grandchild that was left running may hold the pipe open: do not wait for it for ever.
            let until = Instant::now() + Duration::from_secs(2);
            while !reader.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(5));
            }
        }
        self.check(status, all.tail())?;
        Ok(out.text())
    }

    /// Shows the command's standard output line by line, and hands each line to `each` as well. The status is not judged.
    pub(crate) fn watch(mut self, mut each: impl FnMut(&str)) -> Result<ExitStatus, Error> {
        self.inner.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = self.inner.spawn().map_err(|source| self.start_error(source))?;
        let started = Instant::now();
        if let Some(pipe) = child.stdout.take() {
            let (send, lines) = mpsc::channel();
            thread::spawn(move || {
                for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                    if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                }
            });
            while let Ok(line) = lines.recv_timeout(self.limit.saturating_sub(started.elapsed())) {
                each(&line);
            }
        }
        self.wait(child, started, false, &Captured::default())
    }

    /// Starts it and leaves it running, with this for its standard output; whoever has the process ends it.
    pub(crate) fn spawn(mut self, output: Stdio) -> Result<Child, Error> {
        self.inner.stdin(Stdio::null()).stdout(output);
        self.inner.spawn().map_err(|source| self.start_error(source))
    }

    fn start_error(&self, source: io::Error) -> Error {
        Error::Start { command: self.shown.clone(), source }
    }

    /// Waits for the end of what has been running since `started`.
    fn wait(
        &self,
        mut child: Child,
        started: Instant,
        heartbeat: bool,
        output: &Captured,
    ) -> Result<ExitStatus, Error> {
        let mut next_beat = HEARTBEAT;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(source) => return Err(Error::Wait { command: self.shown.clone(), source }),
            }
            let waited = started.elapsed();
            if waited > self.limit {
                // The command's time is over; whether it dies of this or died just now makes no difference.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::TooSlow { command: self.shown.clone(), limit: self.limit, output: output.tail() });
            }
            if heartbeat && waited > next_beat {
                progress::note(format!("… still working, {}{}", progress::elapsed(waited), output.last_line()));
                next_beat += HEARTBEAT;
            }
            thread::sleep(Duration::from_millis(if waited.as_millis() < 500 { 5 } else { 50 }));
        }
    }

    fn check(&self, status: ExitStatus, output: String) -> Result<(), Error> {
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed { command: self.shown.clone(), status, output })
    }
}

/// Output collected by a reader thread.
#[derive(Debug, Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn push(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].iter().fold(String::new(), |all, line| all + "\n    | " + line)
    }

    fn last_line(&self) -> String {
        self.text()
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .map_or_else(String::new, |line| format!(": {}", line.trim()))
    }
}

fn read(mut pipe: impl Read + Send + 'static, sinks: Vec<Captured>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0_u8; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            for sink in &sinks {
                sink.push(&buffer[..count]);
            }
        }
    })
}

/// `cargo` of the toolchain that runs us. What the cargo above us told us about our own package stays here: build scripts that watch such
/// a variable (ring's does) would run again, and every crate on top of them be compiled again, whenever a person changes between
/// `cargo xtask` and plain `cargo`.
pub(crate) fn cargo() -> Cmd {
    let mut cargo = Cmd::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let told = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "OUT_DIR"];
    for (key, _) in env::vars_os() {
        if told.iter().any(|prefix| key.to_string_lossy().starts_with(prefix)) {
            cargo.inner.env_remove(key);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_returns_standard_output_only() {
        let out = Cmd::new("sh").arg("-c").arg("echo out; echo err >&2").quiet().unwrap();
        assert_eq!(out, "out\n");
    }

    #[test]
    fn a_failure_names_the_command_and_shows_its_output() {
        let error = Cmd::new("sh").arg("-c").arg("echo reason >&2; exit 3").quiet().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("| reason"), "{error}");
    }

    #[test]
    fn a_slow_command_is_stopped() {
        let error = Cmd::new("sleep").arg("60").limit(Duration::from_millis(50)).quiet().unwrap_err();
        assert!(matches!(error, Error::TooSlow { .. }), "{error}");
    }

    #[test]
    fn who_is_watched_and_too_slow_is_told_how_long_it_had() {
        let limit = Duration::from_millis(300);
        let error = Cmd::new("sleep").arg("60").limit(limit).watch(|_| {}).unwrap_err().to_string();
        assert!(error.contains("did not end within 0.3 s"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Cmd::new("no-such-program-here").quiet().unwrap_err().to_string();
        assert!(error.contains("no-such-program-here"), "{error}");
    }
}
