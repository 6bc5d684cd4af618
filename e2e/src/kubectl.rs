//! Runs kubectl. Takes arguments and an optional standard input, gives standard output, or an error that carries what kubectl said.

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Why a call of kubectl gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum KubectlError {
    /// The test was not started by `cargo xtask e2e`.
    #[error("RERP_KUBECTL is not set; run the cluster tests with `cargo xtask e2e`")]
    NotConfigured,
    /// The program could not be run.
    #[error("running kubectl {args}")]
    Run { args: String, source: std::io::Error },
    /// kubectl ran and refused.
    #[error("kubectl {args}: {stderr}")]
    Refused { args: String, stderr: String },
    /// The answer was no JSON.
    #[error("reading the answer of kubectl {args}")]
    Json { args: String, source: serde_json::Error },
}

impl KubectlError {
    /// Whether the apiserver refused because somebody else had written the object meanwhile; a retry is the answer to that.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { stderr, .. } if stderr.contains("(Conflict)"))
    }
}

/// How to call kubectl against the cluster under test.
#[derive(Debug, Clone)]
pub struct Kubectl {
    words: Vec<String>,
}

impl Kubectl {
    /// Reads `RERP_KUBECTL`: the words of the command, separated by newlines.
    ///
    /// # Errors
    /// [`KubectlError::NotConfigured`] where the variable is missing or empty.
    pub fn from_env() -> Result<Self, KubectlError> {
        let words: Vec<String> = env::var("RERP_KUBECTL").unwrap_or_default().lines().map(str::to_owned).collect();
        if words.is_empty() { Err(KubectlError::NotConfigured) } else { Ok(Self { words }) }
    }

    /// The command, without arguments.
    ///
    /// # Errors
    /// [`KubectlError::NotConfigured`] where there are no words.
    pub fn command(&self) -> Result<Command, KubectlError> {
        let (program, prefix) = self.words.split_first().ok_or(KubectlError::NotConfigured)?;
        let mut command = Command::new(program);
        command.args(prefix);
        Ok(command)
    }

    /// Runs kubectl with `args`, feeding `input` to it, and gives its standard output.
    ///
    /// # Errors
    /// Where kubectl can't be run or exits with a failure.
    pub fn run_with(&self, args: &[&str], input: Option<&str>) -> Result<String, KubectlError> {
        let shown = args.join(" ");
        let fail = |source| KubectlError::Run { args: shown.clone(), source };
        let mut child = self
            .command()?
            .args(args)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(fail)?;
        if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin.write_all(text.as_bytes()).map_err(fail)?;
        }
        let output = child.wait_with_output().map_err(fail)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(KubectlError::Refused { args: shown, stderr })
        }
    }

    /// [`Self::run_with`] without input.
    ///
    /// # Errors
    /// As [`Self::run_with`].
    pub fn run(&self, args: &[&str]) -> Result<String, KubectlError> {
        self.run_with(args, None)
    }

    /// Reads objects as JSON: `get ARGS -o json`.
    ///
    /// # Errors
    /// As [`Self::run_with`], and where the answer is no JSON.
    pub fn get(&self, args: &[&str]) -> Result<Value, KubectlError> {
        let all = [&["get"], args, &["-o", "json"]].concat();
        serde_json::from_str(&self.run(&all)?).map_err(|source| KubectlError::Json { args: all.join(" "), source })
    }
}
