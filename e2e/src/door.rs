//! A way to services that says what it sends: `kubectl create --raw` names no type of its content, and services take JSON that is called so. In: a
//! path of the API server and a body. Out: the body of the answer, or what was answered instead.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::kubectl::{Kubectl, KubectlError};

/// Time an answer has.
const LIMIT: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// kubectl can't be called.
    #[error(transparent)]
    Kubectl(#[from] KubectlError),
    /// The connection failed.
    #[error("asking through kubectl proxy")]
    Io(#[from] std::io::Error),
    /// kubectl did not say where it listens.
    #[error("kubectl proxy said {0:?} instead of where it listens")]
    NoAddress(String),
    /// The answer is no success.
    #[error("{0}")]
    Refused(String),
}

/// `kubectl proxy` on a port of its own, ended with this value.
#[derive(Debug)]
pub struct Door {
    process: Child,
    address: String,
}

impl Door {
    /// Opens it.
    ///
    /// # Errors
    /// kubectl can't be run, or says something unexpected.
    pub fn open() -> Result<Self, DoorError> {
        let mut command = Kubectl::from_env()?.command()?;
        let mut process = command.args(["proxy", "--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        let address = said.trim().rsplit(' ').next().filter(|text| text.starts_with("127.0.0.1:")).map(str::to_owned);
        let mut door = Self { process, address: String::new() };
        door.address = address.ok_or(DoorError::NoAddress(said))?;
        Ok(door)
    }

    /// Posts JSON to a path of the API server.
    ///
    /// # Errors
    /// There is no answer, or none that says 2xx.
    pub fn post(&self, path: &str, body: &Value) -> Result<String, DoorError> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        let body = body.to_string();
        // Of 1.0, so that the answer is one piece and ends with the connection.
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let is_success = answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        match answer.split_once("\r\n\r\n") {
            Some((_, text)) if is_success => Ok(text.to_owned()),
            _ => Err(DoorError::Refused(answer)),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
