//! Identity away. In: a cluster, for how long. Out: how forms of new addresses were answered meanwhile, and whether their leads have their addresses
//! afterwards. Identity is sent away as a person would do it: no pods are wanted.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::Error;
use super::visitor::{Answers, Visitor};
use crate::cluster::Cluster;
use crate::progress::{Step, elapsed};
use crate::walk::places::{NAMESPACE, Places};

const SHORT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(500);
/// How long leads may wait for their addresses once Identity is back: the longest pause of marketing's worker, its lease, and a pod's start.
const RESOLVED: Duration = Duration::from_secs(240);
/// How a form is answered whose address waits.
const WITHOUT_IT: &str = "202";
const WAITING: &str = "SELECT count(*) FROM {schema}.intake";

/// What became of forms while Identity was away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Absence {
    pub(super) seconds: u64,
    /// How forms were answered meanwhile; nothing but 202 is right.
    pub(super) answers: Answers,
    /// Rows of the intake when Identity came back.
    pub(super) waiting: u64,
    /// Rows that were left when all had to be resolved.
    pub(super) left: u64,
}

/// Sends Identity away for so long, lets the visitor come meanwhile, and waits until its leads have their addresses.
pub(super) fn for_a_while(
    cluster: &Cluster,
    places: &Places<'_>,
    visitor: &mut Visitor<'_>,
    time: Duration,
) -> Result<Absence, Error> {
    let step = Step::begin(format!("Identity is away for {}", elapsed(time)));
    // Gateways were killed before; from here on every answer counts.
    visitor.come_anew();
    let pods = wanted(cluster)?;
    want(cluster, 0)?;
    let gone = leave(cluster).and_then(|()| unheard(visitor)).map(|()| {
        let before = visitor.answers.clone();
        let until = Instant::now() + time;
        while Instant::now() < until {
            visitor.come();
            thread::sleep(POLL);
        }
        since(&before, &visitor.answers)
    });
    // Whatever happened: the platform gets its Identity back.
    want(cluster, pods)?;
    let answers = gone?;
    let waiting = count(places)?;
    step.note(format!("{waiting} leads wait for their addresses; identity is wanted again"));
    let until = Instant::now() + RESOLVED;
    let mut left = waiting;
    while left > 0 && Instant::now() < until {
        thread::sleep(POLL);
        left = count(places)?;
    }
    step.done(format!("{left} leads still wait"));
    Ok(Absence { seconds: time.as_secs(), answers, waiting, left })
}

fn count(places: &Places<'_>) -> Result<u64, Error> {
    let text = places.ask("marketing", WAITING)?;
    text.parse().map_err(|_| Error::Count(text))
}

fn wanted(cluster: &Cluster) -> Result<u64, Error> {
    let args = ["get", "rsvc", "identity", "-n", NAMESPACE, "-o", "json"];
    let json = cluster.kubectl().args(args).limit(SHORT).quiet()?;
    let object: Value = serde_json::from_str(&json).map_err(|source| Error::Json("identity", source))?;
    Ok(object["spec"]["replicas"].as_u64().unwrap_or(1).max(1))
}

fn want(cluster: &Cluster, pods: u64) -> Result<(), Error> {
    let patch = format!(r#"{{"spec":{{"replicas":{pods}}}}}"#);
    let args = ["patch", "rsvc", "identity", "-n", NAMESPACE, "--type=merge", "-p", &patch];
    cluster.kubectl().args(args).limit(SHORT).quiet()?;
    Ok(())
}

/// Waits until no pod of Identity is left, without its farewell.
fn leave(cluster: &Cluster) -> Result<(), Error> {
    let which = ["-n", NAMESPACE, "-l", "rerp.dev/service=identity,app.kubernetes.io/component=service"];
    let until = Instant::now() + SHORT;
    loop {
        let left = cluster.kubectl().args(["get", "pods", "-o", "name"]).args(which).limit(SHORT).quiet()?;
        if left.trim().is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Error::NotAway);
        }
        let now = ["delete", "pods", "--grace-period=0", "--force", "--wait=false", "--ignore-not-found"];
        cluster.kubectl().args(now).args(which).limit(SHORT).quiet()?;
        thread::sleep(POLL);
    }
}

/// Comes until a form is taken without Identity: a pod that is gone by its name may answer for a moment yet.
fn unheard(visitor: &mut Visitor<'_>) -> Result<(), Error> {
    let before = visitor.answers.clone();
    let until = Instant::now() + SHORT;
    while !since(&before, &visitor.answers).contains_key(WITHOUT_IT) {
        if Instant::now() > until {
            return Err(Error::NotAway);
        }
        visitor.come();
        thread::sleep(POLL);
    }
    Ok(())
}

/// What was answered since an earlier look.
fn since(before: &Answers, after: &Answers) -> Answers {
    let grown = after.iter().map(|(what, times)| (what.clone(), times - before.get(what).copied().unwrap_or_default()));
    grown.filter(|(_, times)| *times > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_answered_meanwhile_counts() {
        let answers = |all: &[(&str, u64)]| all.iter().map(|(what, times)| ((*what).to_owned(), *times)).collect();
        let before: Answers = answers(&[("201", 7), ("503", 1)]);
        assert_eq!(since(&before, &answers(&[("201", 7), ("202", 3), ("503", 2)])), answers(&[("202", 3), ("503", 1)]));
    }
}
