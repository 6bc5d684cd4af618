//! What a person needs after a failure: objects, events, logs. In: the cluster. Out: text on standard error and files in a folder.
//! Every question may fail by itself: a dump of a broken cluster is better with holes than not at all.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::kube::{Kube, NAMESPACE, name};
use crate::progress::note;

const LIMIT: Duration = Duration::from_secs(30);
const OURS: &str = "rsvc,sdb,dsm";

/// Shows the short version and writes the long one below `dir`, in place of what an earlier failure left there.
pub(super) fn everything(kube: Kube<'_>, dir: &Path) {
    note("what the cluster says:");
    for args in [
        vec!["get", OURS, "-n", NAMESPACE, "-o", "wide"],
        vec!["get", "pods,jobs", "-n", NAMESPACE, "-o", "wide"],
        vec!["get", "events", "-n", NAMESPACE, "--sort-by=.lastTimestamp"],
    ] {
        note(tail(&ask(kube, &args), 25));
    }
    let emptied = if dir.exists() { fs::remove_dir_all(dir) } else { Ok(()) };
    if let Err(error) = emptied.and_then(|()| fs::create_dir_all(dir)) {
        note(format!("the long version can't be written to {}: {error}", dir.display()));
        return;
    }
    let write = |file: String, text: String| {
        if let Err(error) = fs::write(dir.join(&file), text) {
            note(format!("{file} can't be written: {error}"));
        }
    };
    write("objects.yaml".to_owned(), ask(kube, &["get", OURS, "-n", NAMESPACE, "-o", "yaml"]));
    write("pods.yaml".to_owned(), ask(kube, &["get", "pods,jobs,pvc", "-n", NAMESPACE, "-o", "yaml"]));
    write("events.txt".to_owned(), ask(kube, &["get", "events", "-A", "--sort-by=.lastTimestamp"]));
    write(
        "operator.log".to_owned(),
        ask(kube, &["logs", "-n", "rerp-system", "deployment/rerp-operator", "--tail=2000"]),
    );
    for pod in kube.list("pods").unwrap_or_default() {
        let pod = name(&pod).to_owned();
        write(format!("{pod}.log"), ask(kube, &["logs", "-n", NAMESPACE, &pod, "--all-containers", "--tail=2000"]));
    }
    note(format!("objects, events and logs are in {}", dir.display()));
}

fn ask(kube: Kube<'_>, args: &[&str]) -> String {
    kube.cluster.kubectl().args(args).limit(LIMIT).quiet().unwrap_or_else(|error| error.to_string())
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
