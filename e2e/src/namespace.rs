//! A namespace for one test: made with the `restricted` pod security level, removed at the end, dumped when the test fails.

use std::thread;

use serde_json::Value;

use crate::{Kubectl, KubectlError, TestResult, WaitError, eventually};

/// A namespace that goes away with the value.
#[derive(Debug)]
pub struct TestNamespace {
    kubectl: Kubectl,
    name: String,
}

impl TestNamespace {
    /// Runs `test` in the namespace `e2e-<name>`; a failure is followed by a dump of objects, events and logs.
    ///
    /// # Errors
    /// Whatever `test` answers, and where the namespace can't be made.
    pub fn run_test(name: &str, test: impl FnOnce(&Self) -> TestResult) -> TestResult {
        let namespace = Self::new(name)?;
        let result = test(&namespace);
        if result.is_err() {
            namespace.dump();
        }
        result
    }

    /// Makes the namespace, first removing one that an earlier run left.
    fn new(name: &str) -> Result<Self, KubectlError> {
        let kubectl = Kubectl::from_env()?;
        let name = format!("e2e-{name}");
        kubectl.run(&["delete", "namespace", &name, "--ignore-not-found", "--timeout=120s"])?;
        let object = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    \
             pod-security.kubernetes.io/enforce: restricted\n"
        );
        kubectl.run_with(&["apply", "-f", "-"], Some(&object))?;
        Ok(Self { kubectl, name })
    }

    /// The namespace's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs kubectl in this namespace.
    ///
    /// # Errors
    /// As [`Kubectl::run_with`].
    pub fn run(&self, args: &[&str]) -> Result<String, KubectlError> {
        self.kubectl.run(&[&["-n", self.name.as_str()], args].concat())
    }

    /// Runs kubectl in this namespace with a standard input.
    ///
    /// # Errors
    /// As [`Kubectl::run_with`].
    pub fn run_with(&self, args: &[&str], input: &str) -> Result<String, KubectlError> {
        self.kubectl.run_with(&[&["-n", self.name.as_str()], args].concat(), Some(input))
    }

    /// Applies YAML in this namespace.
    ///
    /// # Errors
    /// Where the apiserver refuses an object; the error carries its words.
    pub fn apply(&self, yaml: &str) -> Result<String, KubectlError> {
        self.run_with(&["apply", "--server-side", "-f", "-"], yaml)
    }

    /// Reads objects of this namespace.
    ///
    /// # Errors
    /// As [`Kubectl::get`].
    pub fn get(&self, args: &[&str]) -> Result<Value, KubectlError> {
        self.kubectl.get(&[&["-n", self.name.as_str()], args].concat())
    }

    /// Waits until the condition `kind` of the object `what` (`rsvc/identity`) has `status` at the object's present
    /// generation; gives the condition.
    ///
    /// # Errors
    /// After `seconds`, with the conditions seen last.
    pub fn condition(&self, what: &str, kind: &str, status: &str, seconds: u64) -> Result<Value, WaitError> {
        eventually(seconds, &format!("{what} {kind}={status}"), || {
            let object = self.get(&[what]).map_err(|e| e.to_string())?;
            let conditions = &object["status"]["conditions"];
            conditions
                .as_array()
                .and_then(|all| {
                    all.iter().find(|c| {
                        c["type"] == kind
                            && c["status"] == status
                            && c["observedGeneration"] == object["metadata"]["generation"]
                    })
                })
                .cloned()
                .ok_or_else(|| conditions.to_string())
        })
    }

    /// Runs one SQL text as superuser in the PostgreSQL of the embedded ServiceDatabase `database`; gives unaligned tuples.
    ///
    /// # Errors
    /// Where the pod or psql refuses.
    pub fn psql(&self, database: &str, dbname: &str, sql: &str) -> Result<String, KubectlError> {
        let pod = format!("{database}-postgres-0");
        let args = ["exec", &pod, "--", "psql", "-U", "postgres", "-d", dbname, "-XAtq", "-v"];
        self.run(&[&args[..], &["ON_ERROR_STOP=1", "-c", sql]].concat()).map(|text| text.trim().to_owned())
    }

    fn dump(&self) {
        let kinds = "rsvc,sdb,dsm,pods,statefulsets,deployments,secrets,pvc,ingresses";
        for args in [
            &["get", kinds, "-o", "wide"][..],
            &["get", "rsvc,sdb,dsm", "-o", "yaml"],
            &["get", "events", "--sort-by=.lastTimestamp"],
            &["logs", "-l", "app.kubernetes.io/managed-by=rerp", "--all-containers", "--tail=60", "--prefix"],
        ] {
            let text = self.run(args).unwrap_or_else(|e| e.to_string());
            eprintln!("--- kubectl {} -n {}\n{text}", args.join(" "), self.name);
        }
        let operator = ["-n", "rerp-system", "logs", "deployment/rerp-operator", "--tail=80"];
        eprintln!("--- operator\n{}", self.kubectl.run(&operator).unwrap_or_else(|e| e.to_string()));
    }
}

impl Drop for TestNamespace {
    fn drop(&mut self) {
        if thread::panicking() {
            self.dump();
        }
        // Best effort: the next run of the same test waits for the removal.
        let _ = self.kubectl.run(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}
