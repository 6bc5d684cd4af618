//! Waiting until the platform is ready, with an end. In: the cluster. Out: everything Ready, or what is not and why.

use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::kube::{Kube, condition, name, why};
use crate::progress::{Step, elapsed};

const POLL: Duration = Duration::from_secs(1);

/// Waits until every object of our kinds named in `kinds` is Ready, or tells which is not.
pub(super) fn all(kube: Kube<'_>, kinds: &str, limit: Duration) -> Result<(), Error> {
    let step = Step::begin("Waiting until the platform is ready");
    let until = Instant::now() + limit;
    let mut shown = String::new();
    loop {
        let objects = kube.list(kinds)?;
        let waiting: Vec<String> = objects
            .iter()
            .filter(|object| !is_ready(object))
            .map(|object| format!("{} {}: {}", kind(object), name(object), why(object, "Ready")))
            .collect();
        if waiting.is_empty() && !objects.is_empty() {
            step.done(format!("{} objects are Ready", objects.len()));
            return Ok(());
        }
        let now = waiting.join("\n");
        if now != shown {
            step.note(waiting.first().map_or("", String::as_str));
            shown = now;
        }
        if Instant::now() > until {
            return Err(Error::NotReady(elapsed(limit), waiting.join("\n  ")));
        }
        thread::sleep(POLL);
    }
}

/// Ready for the spec as it is now, not for an earlier one.
fn is_ready(object: &serde_json::Value) -> bool {
    condition(object, "Ready") == "True" && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

fn kind(object: &serde_json::Value) -> &str {
    object["kind"].as_str().unwrap_or("object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ready_for_an_earlier_spec_is_not_ready() {
        let ready = json!([{ "type": "Ready", "status": "True" }]);
        let object = |seen: i64| json!({ "metadata": { "generation": 2 }, "status": { "observedGeneration": seen, "conditions": ready } });
        assert!(is_ready(&object(2)) && !is_ready(&object(1)) && !is_ready(&json!({})));
    }
}
