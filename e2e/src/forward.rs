//! A way into a pod that takes any host: `kubectl port-forward`. The API server's own proxy would name its own host. In: a deployment and a port.
//! Out: answers to requests over HTTP/1.1.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::kubectl::{Kubectl, KubectlError};

/// How long the way may take to open, and an answer to come.
const LIMIT: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// kubectl can't be called.
    #[error(transparent)]
    Kubectl(#[from] KubectlError),
    /// The connection failed.
    #[error("asking through kubectl port-forward")]
    Io(#[from] std::io::Error),
    /// kubectl did not say where it listens.
    #[error("kubectl port-forward said {0:?} instead of where it listens")]
    NoAddress(String),
    /// The answer is none.
    #[error("this is no answer: {0}")]
    NoAnswer(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// `kubectl port-forward` to one pod, ended with this value.
#[derive(Debug)]
pub struct Forward {
    process: Child,
    address: String,
}

impl Forward {
    /// Opens a way to `port` of a pod of the deployment.
    ///
    /// # Errors
    /// kubectl can't be run, or says something unexpected.
    pub fn open(namespace: &str, deployment: &str, port: u16) -> Result<Self, ForwardError> {
        let mut command = Kubectl::from_env()?.command()?;
        let to = [format!("deployment/{deployment}"), format!(":{port}")];
        let mut process = command
            .args(["port-forward", "-n", namespace, "--address=127.0.0.1"])
            .args(to)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (send, said) = mpsc::channel();
        if let Some(pipe) = process.stdout.take() {
            // All of it, though only the first line is waited for: who writes to a pipe that nobody reads is ended.
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = send.send(line);
                }
            });
        }
        let line = said.recv_timeout(LIMIT).unwrap_or_default();
        // Made first, so that whatever was started ends here as well.
        let forward = Self { process, address: address(&line).unwrap_or_default() };
        if forward.address.is_empty() { Err(ForwardError::NoAddress(line)) } else { Ok(forward) }
    }

    /// Asks for a page of `host`.
    ///
    /// # Errors
    /// There is no answer.
    pub fn get(&self, host: &str, path: &str) -> Result<Answer, ForwardError> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"))
    }

    /// Posts JSON to `host`, with one further header line.
    ///
    /// # Errors
    /// There is no answer.
    pub fn post(&self, host: &str, path: &str, header: &str, body: &str) -> Result<Answer, ForwardError> {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    fn ask(&self, request: &str) -> Result<Answer, ForwardError> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(request.as_bytes())?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        parse(&text).ok_or(ForwardError::NoAnswer(text))
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Status and body of an answer as it came; chunks stay as they are, since tests look for words.
fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

/// `Forwarding from 127.0.0.1:40001 -> 8080`.
fn address(line: &str) -> Option<String> {
    let (from, _) = line.strip_prefix("Forwarding from ")?.split_once(" -> ")?;
    Some(from.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_addresses_are_read() {
        let answer = parse("HTTP/1.1 404 Not Found\r\na: b\r\n\r\n{}").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (404, "{}"));
        assert_eq!(parse("HTTP/1.1 200 OK\r\na: b\r\n"), None);
        assert_eq!(address("Forwarding from 127.0.0.1:40001 -> 8080").as_deref(), Some("127.0.0.1:40001"));
        assert_eq!(address("error: no pod"), None);
    }
}
