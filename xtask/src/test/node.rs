//! The local node's promise: it comes up, runs a pod, and `down` leaves nothing of it. In: the node program. Out: one counted test.
//! Looks at the machine itself (`/proc`, `/sys`) and not at what the node says about itself.
//! Must not touch the node that other tests use: this one has a state folder of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::traces::{Processes, Traces};
use super::{Error, Setting, Tally};
use crate::cluster;
use crate::install;
use crate::progress::note;

/// Coming up, going down, and each question.
const LIMIT: Duration = Duration::from_secs(300);
/// The program every node has: it holds the namespaces of a pod.
const IMAGE: &str = "rerp.dev/pause:1";

/// Brings a node up beside whatever runs, and takes it down again.
pub(super) fn test(setting: &Setting<'_>) -> Result<Tally, Error> {
    if !cfg!(target_os = "linux") || !install::is_root() {
        note("the local node needs Linux and root; not tested here");
        return Ok(Tally::default());
    }
    install::for_node(setting.paths)?;
    let state = PathBuf::from(format!("/var/tmp/rerp-node-test-{}", std::process::id()));
    let before = Traces::of(&state)?;
    let during = run_a_pod(setting, &state);
    // Whatever happened, the node goes; why it didn't come says more than why it didn't go.
    let gone = cluster::node_command(setting.paths, "down", &state)?.limit(LIMIT).quiet();
    let during = during?;
    gone?;
    let problems = problems(&before, &during, &Traces::of(&state)?, &Processes::all()?);
    problems.iter().for_each(note);
    if problems.is_empty() {
        return Ok(Tally { passed: 1, ..Tally::default() });
    }
    Err(Error::Tests(Tally { failed: 1, ..Tally::default() }))
}

fn run_a_pod(setting: &Setting<'_>, state: &Path) -> Result<Traces, Error> {
    cluster::node_command(setting.paths, "up", state)?.limit(LIMIT).quiet()?;
    for args in [
        &["run", "trace", "--image", IMAGE, "--image-pull-policy=Never"][..],
        &["wait", "pod/trace", "--for=condition=Ready", "--timeout=120s"],
    ] {
        cluster::node_command(setting.paths, "kubectl", state)?.arg("--").args(args).limit(LIMIT).quiet()?;
    }
    Ok(Traces::of(state)?)
}

/// What the pictures say, in words; nothing when all is well. That the node was seen while it ran is a part of it, or else looking in
/// the wrong place would pass for leaving nothing.
fn problems(before: &Traces, during: &Traces, after: &Traces, now: &Processes) -> Vec<String> {
    let kinds = |traces: &Traces| {
        [
            ("process", traces.processes.clone()),
            ("network namespace", traces.namespaces.clone()),
            ("cgroup", traces.groups.clone()),
            ("state folder", traces.folders.clone()),
            ("mount", traces.mounts.clone()),
            ("interface", traces.interfaces.clone()),
        ]
    };
    let seen = kinds(during).into_iter().zip(kinds(before)).take(4);
    let unseen = seen.filter(|((_, during), (_, before))| during.is_subset(before));
    let unseen =
        unseen.map(|((what, _), _)| format!("the running node showed no {what}: this test looks in the wrong place"));
    let mut after = after.clone();
    after.processes.extend(during.processes.intersection(&now.names()).cloned());
    after.namespaces.extend(during.namespaces.intersection(&now.namespaces()).cloned());
    let left = kinds(&after).into_iter().zip(kinds(before)).flat_map(|((what, after), (_, before))| {
        after.difference(&before).map(|trace| format!("`down` left the {what} {trace}")).collect::<Vec<_>>()
    });
    unseen.chain(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::traces::Process;
    use std::collections::BTreeSet;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_left_and_what_was_never_seen_are_problems() {
        let before = Traces { groups: set(&["rerp-other"]), interfaces: set(&["lo"]), ..Traces::default() };
        let during = Traces {
            processes: set(&["7 started 1"]),
            namespaces: set(&["net:[7]"]),
            groups: set(&["rerp-other", "rerp-ours"]),
            folders: set(&["/s"]),
            ..before.clone()
        };
        let nobody = Processes::default();
        assert!(problems(&before, &during, &before, &nobody).is_empty());
        assert_eq!(problems(&before, &before, &before, &nobody).len(), 4);
        let orphan = Process {
            id: 7,
            parent: 1,
            name: "7 started 1".into(),
            command: "nameless".into(),
            namespace: "net:[7]".into(),
        };
        let orphan = Processes(vec![orphan]);
        assert_eq!(problems(&before, &during, &before, &orphan).len(), 2);
        let veth = Traces { interfaces: set(&["lo", "veth0"]), ..before.clone() };
        assert_eq!(problems(&before, &during, &veth, &nobody), ["`down` left the interface veth0"]);
    }
}
