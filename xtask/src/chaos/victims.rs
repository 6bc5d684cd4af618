//! Whom it hits. In: the pods there are, and chance. Out: one of them, killed without a farewell. Never the load generator and the stand-ins: they keep
//! the ledger that everything is compared with.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Error;
use super::rng::Rng;
use crate::cluster::Cluster;
use crate::walk::places::NAMESPACE;

const OPERATORS: &str = "rerp-system";
const LIMIT: Duration = Duration::from_secs(30);
/// Services whose pods may be killed; all but the first are counted as one class each, the five together too.
const SERVICES: [&str; 5] = ["identity", "account", "marketing", "billing", "fte"];
/// A server that crashes in its pod is started again later each time; a new pod begins anew.
const MOST_CRASHES: u64 = 2;
/// What `pg_ctl stop -m immediate` does: every process of the server ends where it is, and it recovers from its log.
const CRASH: &str = r#"read -r pid <"${PGDATA:-/var/lib/rerp/postgres/pgdata}/postmaster.pid" && kill -QUIT "$pid""#;

/// What kind of pod it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    Service,
    Database,
    Gateway,
    Bus,
    Operator,
    Worker,
}

impl Class {
    /// How a pod is deleted without waiting for its farewell. By force the next pod may begin while the last one's processes are still there: two servers
    /// on the same files would destroy them, and no platform promises anything about that. A second is the least for which they are waited for.
    fn at_once(self) -> &'static [&'static str] {
        match self {
            Self::Database | Self::Bus => &["--grace-period=1"],
            Self::Service | Self::Gateway | Self::Operator | Self::Worker => &["--grace-period=0", "--force"],
        }
    }
}

/// How often each is chosen where it is there, compared with the others.
const WEIGHTS: [(Class, u64); 6] = [
    (Class::Service, 10),
    (Class::Database, 4),
    (Class::Gateway, 2),
    (Class::Bus, 2),
    (Class::Operator, 1),
    (Class::Worker, 1),
];

/// A pod that can be killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Victim {
    pub(super) class: Class,
    /// What it serves: a service, or a database.
    pub(super) of: String,
    namespace: &'static str,
    pod: String,
    restarts: u64,
}

/// A kill that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kill {
    pub(super) class: Class,
    pub(super) of: String,
    /// The server's processes were killed inside the pod, which stayed.
    pub(super) crash: bool,
}

/// Everybody who can be killed now, in the order of their names.
pub(super) fn there(cluster: &Cluster) -> Result<Vec<Victim>, Error> {
    let mut all = Vec::new();
    for namespace in [NAMESPACE, OPERATORS] {
        let json = cluster.kubectl().args(["get", "pods", "-n", namespace, "-o", "json"]).limit(LIMIT).quiet()?;
        let list: Value = serde_json::from_str(&json).map_err(|source| Error::Json("the list of pods", source))?;
        let pods = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.extend(pods.iter().filter_map(|pod| victim(namespace, pod)));
    }
    all.sort_by(|one, other| (one.class, &one.pod).cmp(&(other.class, &other.pod)));
    Ok(all)
}

/// Chooses a class by weight, then one of its pods, then how.
pub(super) fn choose<'a>(all: &'a [Victim], rng: &mut Rng) -> Option<(&'a Victim, bool)> {
    let present: Vec<(Class, u64)> =
        WEIGHTS.into_iter().filter(|(class, _)| all.iter().any(|victim| victim.class == *class)).collect();
    let mut at = rng.below(present.iter().map(|(_, weight)| weight).sum());
    let (class, _) = *present.iter().find(|(_, weight)| {
        let here = at < *weight;
        at = at.saturating_sub(*weight);
        here
    })?;
    let of_class: Vec<&Victim> = all.iter().filter(|victim| victim.class == class).collect();
    let victim = *rng.one_of(&of_class)?;
    let crash = rng.below(2) == 0 && class == Class::Database && victim.restarts < MOST_CRASHES;
    Some((victim, crash))
}

impl Victim {
    /// Kills it.
    pub(super) fn kill(&self, cluster: &Cluster, crash: bool) -> Result<Kill, Error> {
        let done = |crash| Kill { class: self.class, of: self.of.clone(), crash };
        if self.class == Class::Database {
            let exec = ["exec", "-n", self.namespace, &self.pod, "-c", "postgres", "--", "sh", "-c", CRASH];
            // The pod may be on its way up, or the command ends with the server: then nobody knows, and the pod goes as well.
            if cluster.kubectl().args(exec).limit(LIMIT).quiet().is_ok() && crash {
                return Ok(done(true));
            }
        }
        let delete = ["delete", "pod", "-n", self.namespace, &self.pod, "--wait=false", "--ignore-not-found"];
        cluster.kubectl().args(delete).args(self.class.at_once()).limit(LIMIT).quiet()?;
        Ok(done(false))
    }
}

fn victim(namespace: &'static str, pod: &Value) -> Option<Victim> {
    let label = |name: &str| pod["metadata"]["labels"][name].as_str();
    let gone = !pod["metadata"]["deletionTimestamp"].is_null();
    if gone || pod["status"]["phase"] != "Running" {
        return None;
    }
    let name = pod["metadata"]["name"].as_str()?;
    let (class, of) = match (label("app.kubernetes.io/component"), label("rerp.dev/service")) {
        (Some("service"), Some("gateway")) => (Class::Gateway, "gateway"),
        (Some("service"), Some("bus")) => (Class::Bus, "bus"),
        (Some("service"), Some(service)) if SERVICES.contains(&service) => (Class::Service, service),
        (Some("split-worker"), _) => (Class::Worker, "split-worker"),
        (Some("postgres"), _) => (Class::Database, name.strip_suffix("-postgres-0")?),
        _ if label("app.kubernetes.io/name") == Some("rerp-operator") => (Class::Operator, "operator"),
        _ => return None,
    };
    let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let restarts = statuses.iter().filter_map(|status| status["restartCount"].as_u64()).sum();
    Some(Victim { class, of: of.to_owned(), namespace, pod: name.to_owned(), restarts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, labels: Value, restarts: u64) -> Value {
        json!({ "metadata": { "name": name, "labels": labels },
                "status": { "phase": "Running", "containerStatuses": [{ "restartCount": restarts }] } })
    }

    fn service(name: &str) -> Value {
        let labels = json!({ "app.kubernetes.io/component": "service", "rerp.dev/service": name });
        pod(&format!("{name}-1"), labels, 0)
    }

    fn database(restarts: u64) -> Value {
        pod("monolith-postgres-0", json!({ "app.kubernetes.io/component": "postgres" }), restarts)
    }

    #[test]
    fn who_keeps_the_ledger_is_never_hit() {
        for name in ["traffic", "sandbox"] {
            assert_eq!(victim("rerp", &service(name)), None, "{name}");
        }
        let classes: Vec<_> =
            ["identity", "gateway", "bus"].map(|name| victim("rerp", &service(name)).unwrap().class).into();
        assert_eq!(classes, [Class::Service, Class::Gateway, Class::Bus]);
        let operator = pod("rerp-operator-1", json!({ "app.kubernetes.io/name": "rerp-operator" }), 0);
        assert_eq!(victim("rerp-system", &operator).unwrap().class, Class::Operator);
        let worker = pod("w", json!({ "app.kubernetes.io/component": "split-worker" }), 0);
        assert_eq!(victim("rerp", &worker).unwrap().class, Class::Worker);
        assert_eq!(victim("rerp", &database(0)).unwrap().of, "monolith");
        let mut going = service("identity");
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(victim("rerp", &going), None);
    }

    #[test]
    fn everybody_is_hit_sooner_or_later_and_a_seed_says_whom() {
        let all: Vec<Victim> = [service("identity"), service("gateway"), service("bus"), database(0)]
            .iter()
            .filter_map(|pod| victim("rerp", pod))
            .collect();
        let draw = |seed| {
            let mut rng = Rng::new(seed);
            (0..200)
                .map(|_| choose(&all, &mut rng).map(|(victim, crash)| (victim.class, crash)).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        for hit in [
            (Class::Service, false),
            (Class::Gateway, false),
            (Class::Bus, false),
            (Class::Database, true),
            (Class::Database, false),
        ] {
            assert!(draw(1).contains(&hit), "{hit:?}");
        }
        assert!(choose(&[], &mut Rng::new(1)).is_none());
    }

    #[test]
    fn whoever_has_files_has_them_alone() {
        for (class, _) in WEIGHTS {
            let has_files = matches!(class, Class::Database | Class::Bus);
            assert_eq!(class.at_once().contains(&"--force"), !has_files, "{class:?}");
        }
    }

    #[test]
    fn a_server_that_crashed_often_gets_a_new_pod() {
        let tired = [victim("rerp", &database(MOST_CRASHES)).unwrap()];
        let mut rng = Rng::new(1);
        assert!((0..50).all(|_| !choose(&tired, &mut rng).unwrap().1));
    }
}
