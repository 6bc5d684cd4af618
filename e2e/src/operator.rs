//! The operator as its tests see it from outside: its pod, and the measures on its admin port, read through the API server.

use crate::{Kubectl, KubectlError, TestResult, eventually};

/// Where the operator runs.
const NAMESPACE: &str = "rerp-system";
/// Selects its pods.
const LABEL: &str = "app.kubernetes.io/name=rerp-operator";
/// Who it is to the API server.
pub const OPERATOR_USER: &str = "system:serviceaccount:rerp-system:rerp-operator";
/// Looks in a row, a quarter of a second apart, that find nothing new before the queue counts as empty.
const QUIET: u32 = 12;

/// The operator's present process.
#[derive(Debug)]
pub struct Operator {
    kubectl: Kubectl,
    pod: String,
}

impl Operator {
    /// Ends the present process and waits for the next one. It lists everything anew and visits every object.
    ///
    /// # Errors
    /// The pod can't be deleted, or its successor doesn't become ready.
    pub fn restarted(kubectl: &Kubectl) -> Result<Self, Box<dyn std::error::Error>> {
        kubectl.run(&["-n", NAMESPACE, "delete", "pod", "-l", LABEL, "--timeout=90s"])?;
        kubectl.run(&["-n", NAMESPACE, "rollout", "status", "deployment/rerp-operator", "--timeout=120s"])?;
        let name = eventually(60, "the operator's pod", || {
            let path = "jsonpath={.items[?(@.status.phase==\"Running\")].metadata.name}";
            let names =
                kubectl.run(&["-n", NAMESPACE, "get", "pods", "-l", LABEL, "-o", path]).map_err(|e| e.to_string())?;
            match names.split_whitespace().collect::<Vec<_>>()[..] {
                [name] => Ok(name.to_owned()),
                _ => Err(format!("pods: {names}")),
            }
        })?;
        Ok(Self { kubectl: kubectl.clone(), pod: name })
    }

    /// The sum of all series of a measure whose labels hold `label` (empty for all); 0 where there are none.
    ///
    /// # Errors
    /// The admin port can't be read.
    pub fn measure(&self, name: &str, label: &str) -> Result<f64, KubectlError> {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{}:9090/proxy/metrics", self.pod);
        Ok(sum(&self.kubectl.run(&["get", "--raw", &path])?, name, label))
    }

    /// Waits until each controller has made at least as many visits as it has objects, and its queue has run empty.
    ///
    /// # Errors
    /// After two minutes, with the counts seen last.
    pub fn visited(&self, objects: &[(&str, usize)]) -> TestResult {
        let (mut before, mut quiet) = (Vec::new(), 0);
        eventually(120, "a visit to every object", || {
            let mut now = Vec::new();
            for (controller, _) in objects {
                let label = format!("controller=\"{controller}\"");
                now.push(self.measure("rerp_operator_reconciles_total", &label).map_err(|e| e.to_string())?);
            }
            let enough = objects.iter().zip(&now).all(|((_, count), visits)| *visits >= *count as f64);
            quiet = if now == before { quiet + 1 } else { 0 };
            before.clone_from(&now);
            if enough && quiet >= QUIET { Ok(()) } else { Err(format!("{objects:?} visited {now:?} times")) }
        })?;
        Ok(())
    }
}

/// Adds up the samples of a measure in the Prometheus text format.
fn sum(text: &str, name: &str, label: &str) -> f64 {
    let samples = text.lines().filter_map(|line| line.rsplit_once(' '));
    samples
        .filter(|(series, _)| series.split('{').next() == Some(name) && series.contains(label))
        .filter_map(|(_, value)| value.parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_added_by_name_and_label() {
        let text =
            "# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 3\na_total{x=\"2\",y=\"2\"} 4\na_total_more{x=\"1\"} 5\n";
        assert_eq!(sum(text, "a_total", ""), 7.0);
        assert_eq!(sum(text, "a_total", "x=\"1\""), 3.0);
        assert_eq!(sum(text, "b_total", ""), 0.0);
    }
}
