//! The API server's audit log: who wrote what. In: a file that a cluster of our own keeps (`RERP_AUDIT_LOG`, one JSON object per line).
//! Out: mutating requests since a moment. A cluster that was given to us has its log elsewhere, and then there is none here.

use std::env;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

/// A place in the log: what comes after it is looked at.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    from: u64,
}

impl AuditLog {
    /// The present end of the log that `RERP_AUDIT_LOG` names; none where the variable is missing or empty.
    ///
    /// # Errors
    /// The variable names a file that can't be read.
    pub fn at_its_end() -> io::Result<Option<Self>> {
        let Some(path) = env::var_os("RERP_AUDIT_LOG").filter(|path| !path.is_empty()).map(PathBuf::from) else {
            return Ok(None);
        };
        let from = File::open(&path)?.metadata()?.len();
        Ok(Some(Self { path, from }))
    }

    /// Requests by `user` since then that change something, Leases left out; each as `verb resource/subresource namespace/name`.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn writes_by(&self, user: &str) -> io::Result<Vec<String>> {
        Ok(self.entries()?.iter().filter(|entry| entry["user"]["username"] == user).filter_map(write).collect())
    }

    /// Whether anything of `user` is in the log since then. A log without it is not the log of this cluster.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn knows(&self, user: &str) -> io::Result<bool> {
        Ok(self.entries()?.iter().any(|entry| entry["user"]["username"] == user))
    }

    fn entries(&self) -> io::Result<Vec<Value>> {
        let (mut file, mut text) = (File::open(&self.path)?, Vec::new());
        file.seek(SeekFrom::Start(self.from))?;
        file.read_to_end(&mut text)?;
        // The last line may be half written.
        Ok(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// The request in words; none for one that only reads, or renews a Lease.
fn write(entry: &Value) -> Option<String> {
    let (verb, target) = (entry["verb"].as_str()?, &entry["objectRef"]);
    let part = |key: &str| target[key].as_str().unwrap_or_default();
    let reads = ["get", "list", "watch"].contains(&verb);
    // Reviews of rights are created and stored nowhere.
    let stored =
        !["leases", "subjectaccessreviews", "selfsubjectaccessreviews", "tokenreviews"].contains(&part("resource"));
    (!reads && stored)
        .then(|| format!("{verb} {}/{} {}/{}", part("resource"), part("subresource"), part("namespace"), part("name")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changes_something_is_a_write() {
        let entry = |verb: &str, resource: &str| {
            write(
                &json!({"verb": verb, "objectRef": {"resource": resource, "namespace": "n", "name": "x", "subresource": "status"}}),
            )
        };
        assert_eq!(entry("patch", "rerpservices").as_deref(), Some("patch rerpservices/status n/x"));
        assert_eq!(entry("create", "events").as_deref(), Some("create events/status n/x"));
        assert_eq!((entry("update", "leases"), entry("watch", "secrets")), (None, None));
    }
}
