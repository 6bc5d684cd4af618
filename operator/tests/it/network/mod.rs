//! Of random namespaces: what the NetworkPolicies allow is what the specs ask for. None extra, none missing, each end alone.

mod evaluate;
mod worker;
mod world;

use crate::core::settings;
use evaluate::{Direction, Endpoint, Pod, Port, allows, contains};
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{PodTemplateSpec, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use proptest::prelude::*;
use rerp_crds::service::ResolvedService;
use rerp_crds::{ObjectRef, RerpServiceStatus, SplitPhase};
use rerp_operator::cluster::child::Owner;
use rerp_operator::database::credentials::Fresh;
use rerp_operator::database::gather::Around;
use rerp_operator::split::build::network_policy::network_policy;
use rerp_operator::split::build::worker::deployment;
use rerp_operator::{database, service};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use world::{ADDRESSES, BUS, Database, Monitoring, OUTSIDE, PORTS, Service, World, worlds};

/// The pods of a world and the policies that the operator makes for it.
struct Cluster {
    policies: Vec<Value>,
    endpoints: Vec<Endpoint>,
}

fn pod(name: &str, namespace: &str, labels: BTreeMap<String, String>, number: usize) -> Endpoint {
    let address = format!("10.244.0.{}", number + 1).parse().expect("an address");
    Endpoint { name: name.to_owned(), address, pod: Some(Pod { namespace: namespace.to_owned(), labels }) }
}

fn template(name: &str, template: PodTemplateSpec, number: usize) -> Endpoint {
    pod(name, "rerp", template.metadata.and_then(|meta| meta.labels).expect("labels"), number)
}

fn label(key: &str, value: &str) -> BTreeMap<String, String> {
    [(key.to_owned(), value.to_owned())].into()
}

/// What one pass over a service makes. `status` is none for a service that was never looked at.
fn of_service(world: &World, one: &Service) -> service::build::Built {
    let object = one.object();
    let login =
        || Some(Secret { data: Some([("uri".to_owned(), ByteString(b"x".to_vec()))].into()), ..Secret::default() });
    let known = |of: Database| {
        let database = service::gather::Database { object: of.object(), binding: login(), migrate: login() };
        (of.name, database)
    };
    let gathered = service::gather::Gathered {
        owner: Owner::of(&object),
        now: Timestamp::UNIX_EPOCH,
        services: world.services.iter().map(Service::object).collect(),
        migrations: one.migration().into_iter().collect(),
        record: None,
        databases: world.databases().into_iter().map(known).collect(),
        secrets: BTreeMap::new(),
        config_maps: BTreeMap::new(),
        pods: vec![],
        policy: None,
        around: None,
    };
    match service::check::check(&object, gathered, &settings()) {
        Ok(checked) => service::build::build(&checked),
        Err(stop) => panic!("{stop:?}"),
    }
}

/// What one pass over a server makes, given the policies and services that it finds.
fn of_server(
    world: &World,
    server: &str,
    policies: Vec<NetworkPolicy>,
    status: bool,
) -> database::build::ServerChildren {
    let object = Database { name: server.to_owned(), server: server.to_owned() }.object();
    let with_status = |one: &Service| {
        let mut object = one.object();
        object.status = status.then(|| resolved(one));
        object
    };
    let gathered = database::gather::Gathered {
        owner: Owner::of(&object),
        now: Timestamp::UNIX_EPOCH,
        fresh: Fresh {
            admin: String::new(),
            app: String::new(),
            migrate: String::new(),
            app_salt: [0; 16],
            migrate_salt: [0; 16],
        },
        certified: Some(Ok(crate::golden::certified())),
        admin: None,
        binding: None,
        binding_migrate: None,
        server: None,
        pods: vec![],
        claim: None,
        around: Around {
            policies,
            services: world.services.iter().map(with_status).collect(),
            databases: world.databases().iter().map(Database::object).collect(),
            migrations: world.services.iter().filter_map(Service::migration).collect(),
        },
    };
    let checked = database::check::check(&object, gathered, &settings()).unwrap_or_else(|error| panic!("{error:?}"));
    database::build::build(&checked).server.expect("a server")
}

/// The status that a pass over a service leaves.
fn resolved(one: &Service) -> RerpServiceStatus {
    let split = one.split.as_ref();
    let moved =
        split.filter(|split| matches!(split.phase, SplitPhase::Observe | SplitPhase::Finalize | SplitPhase::Completed));
    let reference = |database: &Database| ObjectRef::new(database.name.as_str());
    let resolved = ResolvedService {
        database_ref: moved.map(|split| &split.target).or(one.database.as_ref()).map(reference),
        next_database_ref: split.filter(|split| split.is_live()).map(|split| reference(&split.target)),
        ..ResolvedService::default()
    };
    RerpServiceStatus { resolved: Some(resolved), ..RerpServiceStatus::default() }
}

impl Cluster {
    fn of(world: &World) -> Self {
        let mut endpoints = Vec::new();
        let mut policies = Vec::new();
        for one in &world.services {
            let built = of_service(world, one);
            endpoints.push(template(&one.name, built.deployment.spec.expect("a spec").template, endpoints.len()));
            policies.push(built.network_policy);
            if let (Some(split), Some(object)) = (one.split.as_ref().filter(|split| split.works()), one.migration()) {
                let owner = Owner::of(&object);
                let deployment = deployment(&owner, "ghcr.io/rerp/split:dev", &worker::work());
                endpoints.push(template(&split.name, deployment.spec.expect("a spec").template, endpoints.len()));
                policies.push(network_policy(&owner, sides(one).into_iter().collect()));
            }
        }
        for server in &world.servers {
            let children = of_server(world, server, policies.clone(), true);
            let pods = children.stateful_set.spec.expect("a spec").template;
            endpoints.push(template(server, pods, endpoints.len()));
        }
        let policy = |server: &String| of_server(world, server, policies.clone(), true).network_policy;
        let servers: Vec<NetworkPolicy> = world.servers.iter().map(policy).collect();
        endpoints.extend(strangers(&endpoints));
        let policies = policies.iter().chain(&servers).map(|policy| serde_json::to_value(policy).expect("json"));
        Self { policies: policies.collect(), endpoints }
    }
}

/// Pods that aren't ours, and addresses outside.
fn strangers(ours: &[Endpoint]) -> Vec<Endpoint> {
    let forged = ours[0].pod.as_ref().expect("a pod").labels.clone();
    let pods = [
        ("operator", "rerp-system", label("app.kubernetes.io/name", "rerp-operator")),
        ("dns", "kube-system", label("k8s-app", "kube-dns")),
        ("prometheus", "monitoring", label("app", "prometheus")),
        ("grafana", "monitoring", label("app", "grafana")),
        ("prometheus-at-home", "rerp", label("app", "prometheus")),
        ("stranger", "rerp", label("app", "stranger")),
        ("operator-of-others", "rerp", label("app.kubernetes.io/name", "rerp-operator")),
        ("dns-of-others", "rerp", label("k8s-app", "kube-dns")),
        ("namesake", "elsewhere", forged),
    ];
    let pods = pods
        .into_iter()
        .enumerate()
        .map(|(number, (name, namespace, labels))| pod(name, namespace, labels, number + 100));
    let outside = ADDRESSES.iter().map(|(address, _)| Endpoint {
        name: (*address).to_owned(),
        address: address.parse().expect("an address"),
        pod: None,
    });
    pods.chain(outside).collect()
}

fn sides(one: &Service) -> BTreeSet<&str> {
    let target = one.split.as_ref().map(|split| split.target.server.as_str());
    one.database.as_ref().map(|database| database.server.as_str()).into_iter().chain(target).collect()
}

/// An edge: from, to, port.
type Edge = (String, String, Port);

/// Edges that the specs ask for, from one of ours to anything.
fn wanted_out(world: &World) -> BTreeSet<Edge> {
    let mut edges = BTreeSet::new();
    let mut add = |from: &str, to: &str, port: Port| {
        edges.insert((from.to_owned(), to.to_owned(), port));
    };
    let works = |one: &&Service| one.split.as_ref().is_some_and(|split| split.works());
    let workers = world.services.iter().filter(works).filter_map(|one| one.split.as_ref());
    let names =
        world.services.iter().map(|one| &one.name).chain(&world.servers).chain(workers.map(|split| &split.name));
    for name in names {
        add(name, "dns", ("UDP", 53));
        add(name, "dns", ("TCP", 53));
    }
    for one in &world.services {
        one.dependencies.iter().for_each(|to| add(&one.name, to, ("TCP", 8080)));
        one.bound().iter().for_each(|database| add(&one.name, &database.server, ("TCP", 5432)));
        if one.has_events() && world.services.iter().any(|other| other.name == BUS) {
            add(&one.name, BUS, ("TCP", 4222));
        }
        for (kind, place, port) in one.egress.iter().map(|&at| OUTSIDE[at]) {
            let opened = |address: &str, public: bool| {
                if kind == "host" { public } else { contains(place, address.parse().expect("an address")) }
            };
            let opened = ADDRESSES.iter().filter(|(address, public)| opened(address, *public));
            opened.for_each(|(address, _)| add(&one.name, address, ("TCP", port)));
        }
    }
    for one in world.services.iter().filter(works) {
        let both = sides(one);
        for server in &both {
            one.split.iter().for_each(|split| add(&split.name, server, ("TCP", 5432)));
            both.iter().filter(|other| *other != server).for_each(|other| add(server, other, ("TCP", 5432)));
        }
    }
    edges
}

/// Edges that the specs ask for, from anything to one of ours.
fn wanted_in(world: &World) -> BTreeSet<Edge> {
    let ours = |name: &String| world.servers.contains(name) || world.services.iter().any(|one| one.name == *name);
    let mut edges: BTreeSet<Edge> = wanted_out(world).into_iter().filter(|(_, to, _)| ours(to)).collect();
    for server in &world.servers {
        edges.insert(("operator".to_owned(), server.clone(), ("TCP", 5432)));
    }
    for one in &world.services {
        let from: &[&str] = match one.monitoring {
            Monitoring::Nobody => &[],
            Monitoring::Namespace => &["prometheus", "grafana"],
            Monitoring::Pods => &["prometheus-at-home"],
            Monitoring::Both => &["prometheus"],
        };
        edges.extend(from.iter().map(|&from| (from.to_owned(), one.name.clone(), ("TCP", 9090))));
    }
    edges
}

/// Edges that the policies of one direction allow. A pod of ours is one that the world names.
fn allowed(world: &World, cluster: &Cluster, direction: Direction) -> BTreeSet<Edge> {
    let split = |name: &str| world.services.iter().filter_map(|one| one.split.as_ref()).any(|split| split.name == name);
    let ours = |one: &&Endpoint| {
        let name = &one.name;
        world.servers.contains(name) || split(name) || world.services.iter().any(|one| one.name == *name)
    };
    let mut edges = BTreeSet::new();
    for one in cluster.endpoints.iter().filter(ours) {
        let pod = one.pod.as_ref().expect("ours are pods");
        for other in cluster.endpoints.iter().filter(|other| other.name != one.name) {
            for port in PORTS.into_iter().filter(|&port| allows(&cluster.policies, pod, direction, other, port)) {
                let (from, to) = if direction == Direction::Egress { (one, other) } else { (other, one) };
                edges.insert((from.name.clone(), to.name.clone(), port));
            }
        }
    }
    edges
}

fn differences(allowed: &BTreeSet<Edge>, wanted: &BTreeSet<Edge>) -> (Vec<Edge>, Vec<Edge>) {
    (allowed.difference(wanted).cloned().collect(), wanted.difference(allowed).cloned().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn policies_allow_what_the_specs_ask_for_and_nothing_else(world in worlds()) {
        let cluster = Cluster::of(&world);
        let (out, in_) = (allowed(&world, &cluster, Direction::Egress), allowed(&world, &cluster, Direction::Ingress));
        prop_assert_eq!(differences(&out, &wanted_out(&world)), (vec![], vec![]), "out: extra, missing");
        prop_assert_eq!(differences(&in_, &wanted_in(&world)), (vec![], vec![]), "in: extra, missing");
    }

    /// A server that is looked at before the policies of its clients exist lets in the same ones: whoever updates the operator
    /// in the middle of a split must not cut anybody off. `status` is missing where it got lost with a restored backup.
    #[test]
    fn a_server_needs_no_policies_to_know_its_clients(world in worlds(), status in any::<bool>()) {
        let services = world.services.iter().map(|one| of_service(&world, one).network_policy);
        let workers = world.services.iter().filter(|one| one.split.as_ref().is_some_and(|split| split.works()));
        let workers = workers.filter_map(|one| Some(network_policy(&Owner::of(&one.migration()?), sides(one).into_iter().collect())));
        let policies: Vec<NetworkPolicy> = services.chain(workers).collect();
        // Where a split has moved the data and is over, or has only just been asked for, nothing but the status tells.
        prop_assume!(status || world.services.iter().all(|one| one.split.as_ref().is_none_or(|split| {
            split.works() || split.phase == SplitPhase::Aborted
        })));
        for server in &world.servers {
            let early = of_server(&world, server, vec![], status).network_policy;
            prop_assert_eq!(early, of_server(&world, server, policies.clone(), status).network_policy);
        }
    }
}
