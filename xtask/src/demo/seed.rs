//! Filling the monolith. In: a row count. Out: a seed Job that has completed, its progress shown.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Error;
use super::kube::{Kube, NAMESPACE};
use crate::paths::Paths;
use crate::progress::{Step, elapsed};

const LIMIT: Duration = Duration::from_secs(600);
/// Until the first line of the seed's log; what keeps a pod from starting mends itself sooner or not at all.
const START: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_secs(2);
const SHORT: Duration = Duration::from_secs(30);

/// Lets the seed of the samples reach the monolith, runs its Job with `rows` rows and waits for its end.
pub(super) fn run(paths: &Paths, kube: Kube<'_>, rows: u64) -> Result<(), Error> {
    let step = Step::begin(format!("Filling the monolith with {rows} rows of identity, account and marketing"));
    // A Job can't be changed; one of an earlier demo has nothing to keep.
    kube.run(&["delete", "job", "seed", "--ignore-not-found", "--wait"], Duration::from_secs(90))?;
    let samples = paths.root.join("manifests/samples/seed");
    // Nobody but the services reaches the monolith's server unasked.
    kube.apply_changed(&samples.join("network-policy.yaml"), |policy| {
        policy["metadata"]["namespace"] = json!(NAMESPACE)
    })?;
    let manifest = samples.join("job.yaml");
    kube.apply_changed(&manifest, |job| prepare(job, rows))?;
    let started = Instant::now();
    let mut shown = String::new();
    loop {
        let job = kube.list("jobs")?.into_iter().find(|job| job["metadata"]["name"] == "seed").unwrap_or_default();
        let log = kube.run(&["logs", "job/seed", "--tail=3"], SHORT).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default().to_owned();
        if last != shown {
            step.note(&last);
            shown.clone_from(&last);
        }
        match ended(&job) {
            Some(true) => break,
            Some(false) => return Err(Error::Seed(log)),
            None if shown.is_empty() && started.elapsed() > START => return Err(Error::Seed(reason(kube))),
            None if started.elapsed() > LIMIT => {
                return Err(Error::Seed(format!("not done within {}", elapsed(LIMIT))));
            }
            None => thread::sleep(POLL),
        }
    }
    step.done("filled");
    Ok(())
}

/// The last event of a pod that does not start.
fn reason(kube: Kube<'_>) -> String {
    let args = ["get", "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp", "--no-headers"];
    let events = kube.run(&args, SHORT).unwrap_or_default();
    let last = events.lines().rev().find(|line| line.contains("pod/seed")).unwrap_or("no event tells why");
    format!("its pod did not start within {}: {last}", elapsed(START))
}

fn prepare(job: &mut Value, rows: u64) {
    job["metadata"]["namespace"] = json!(NAMESPACE);
    if let Some(env) = job["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut() {
        env.retain(|variable| variable["name"] != "RERP_SEED_ROWS");
        env.push(json!({ "name": "RERP_SEED_ROWS", "value": rows.to_string() }));
    }
}

/// Whether the Job has ended, and how.
fn ended(job: &Value) -> Option<bool> {
    let is = |kind: &str| {
        let conditions = job["status"]["conditions"].as_array();
        conditions.is_some_and(|all| all.iter().any(|c| c["type"] == kind && c["status"] == "True"))
    };
    if is("Complete") {
        Some(true)
    } else if is("Failed") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_count_is_replaced_and_nothing_else() {
        let mut job = json!({ "metadata": {}, "spec": { "template": { "spec": { "containers": [{ "env": [
            { "name": "RERP_SEED", "value": "1" }, { "name": "RERP_SEED_ROWS", "value": "9" }] }] } } } });
        prepare(&mut job, 5000);
        let env = &job["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(env, &json!([{ "name": "RERP_SEED", "value": "1" }, { "name": "RERP_SEED_ROWS", "value": "5000" }]));
    }

    #[test]
    fn a_job_has_ended_when_a_condition_says_so() {
        let job =
            |kind: &str, status: &str| json!({ "status": { "conditions": [{ "type": kind, "status": status }] } });
        assert_eq!(ended(&job("Complete", "True")), Some(true));
        assert_eq!(ended(&job("Failed", "True")), Some(false));
        assert_eq!(ended(&job("Failed", "False")), None);
        assert_eq!(ended(&json!({})), None);
    }
}
