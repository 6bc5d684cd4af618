//! A program that is run to its end. In: a command and how long it may take. Out: what it said, line by line, and when. It is ended when its
//! time is over.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Pause between two looks at a program that has said all.
const PAUSE: Duration = Duration::from_millis(2);
/// Lines that an error shows.
const SHOWN: usize = 15;

/// Why it wasn't done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    #[error("`{program}` can't be run")]
    Run { program: String, source: io::Error },
    #[error("`{program}` ended with {status}{words}")]
    Failed { program: String, status: ExitStatus, words: String },
    #[error("`{program}` did not end within {} s", limit.as_secs())]
    TooSlow { program: String, limit: Duration },
}

/// What it said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Lines of its standard output, each with the moment at which it came.
    pub(crate) lines: Vec<(Instant, String)>,
}

/// Runs it.
pub(crate) fn finish(command: Command, limit: Duration) -> Result<Said, ChildError> {
    finish_reading(command, Stdio::null(), limit)
}

/// The same for one that reads.
pub(crate) fn finish_reading(command: Command, from: Stdio, limit: Duration) -> Result<Said, ChildError> {
    to_its_end(command, from, limit, &[0])
}

/// The same for one that may end with any of these codes.
pub(crate) fn finish_with(command: Command, limit: Duration, codes: &[i32]) -> Result<Said, ChildError> {
    to_its_end(command, Stdio::null(), limit, codes)
}

fn to_its_end(mut command: Command, from: Stdio, limit: Duration, codes: &[i32]) -> Result<Said, ChildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| ChildError::Run { program: program.clone(), source };
    let begun = Instant::now();
    command.stdin(from).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let errors = child.stderr.take().map(|pipe| thread::spawn(move || words(pipe)));
    let (send, receive) = mpsc::channel();
    if let Some(pipe) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if send.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
    } else {
        drop(send);
    }
    let mut lines = Vec::new();
    while let Ok(line) = receive.recv_timeout(limit.saturating_sub(begun.elapsed())) {
        lines.push(line);
    }
    let Some(status) = ended(&mut child, limit.saturating_sub(begun.elapsed())).map_err(failed)? else {
        return Err(ChildError::TooSlow { program, limit });
    };
    if status.code().is_some_and(|code| codes.contains(&code)) {
        return Ok(Said { lines });
    }
    let errors = errors.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let all: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).chain(errors.lines()).collect();
    let last = all.get(all.len().saturating_sub(SHOWN)..).unwrap_or_default();
    let words = last.iter().fold(String::new(), |all, line| all + "\n    | " + line);
    Err(ChildError::Failed { program, status, words })
}

/// Waits, and ends it when the time is over: then none.
fn ended(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

fn words(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read before it failed is shown.
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_it_says_comes_with_its_moment() {
        let said = finish(shell("echo one; echo two"), Duration::from_secs(60)).unwrap();
        let texts: Vec<&str> = said.lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(texts, ["one", "two"]);
        assert!(said.lines[0].0 <= said.lines[1].0);
    }

    #[test]
    fn who_fails_or_never_ends_says_so() {
        let error = finish(shell("echo out; echo because >&2; exit 3"), Duration::from_secs(60)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.contains("| out") && text.contains("| because"), "{text}");
        let error = finish(shell("exec sleep 60"), Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, ChildError::TooSlow { .. }), "{error}");
    }
}
