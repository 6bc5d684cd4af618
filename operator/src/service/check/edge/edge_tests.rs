//! What becomes of Ingresses: in which order, where to, and what is said of those that can't be served.

use super::*;
use crate::args::Args;
use clap::Parser as _;
use k8s_openapi::api::core::v1::{Secret, Service};
use serde_json::{Value, json};

fn settings() -> Settings {
    Settings::from(&Args::try_parse_from(["operator"]).unwrap())
}

pub(super) fn ours(name: &str, spec: &Value) -> RerpService {
    let metadata = json!({"name": name, "namespace": "rerp"});
    let object = json!({"apiVersion": "rerp.dev/v1alpha1", "kind": "RerpService", "metadata": metadata, "spec": spec});
    serde_json::from_value(object).unwrap()
}

pub(super) fn service(name: &str, spec: Value) -> Service {
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "rerp"}, "spec": spec})).unwrap()
}

pub(super) fn plain(name: &str) -> Service {
    service(name, json!({"selector": {"app": name}, "ports": [{"name": "web", "port": 80, "targetPort": 8080}]}))
}

fn ingress(name: &str, born: u32, spec: Value) -> Ingress {
    let metadata =
        json!({"name": name, "namespace": "rerp", "creationTimestamp": format!("2026-01-01T00:00:{born:02}Z")});
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

fn leads(host: &str, path: &str, kind: &str, to: &str) -> Value {
    let backend = json!({"service": {"name": to, "port": {"number": 80}}});
    json!({"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}})
}

fn class(rules: &[Value]) -> Value {
    json!({"ingressClassName": "rerp", "rules": rules})
}

pub(super) fn served(around: &Around, others: &[RerpService]) -> Box<Served> {
    let gateway = ours("gateway", &json!({"image": "x:1"}));
    match edge(&gateway, Some(around), others, &settings()) {
        Edge::Itself(served) => served,
        Edge::Elsewhere => panic!("no gateway"),
    }
}

pub(super) fn lines(served: &Served) -> Vec<String> {
    let to = |target: &Target| match target {
        Target::Api => "api".to_owned(),
        Target::To(places) => places.iter().map(|(to, _)| to.clone()).collect::<Vec<_>>().join(" "),
    };
    served.rules.iter().map(|one| format!("{}{} {}", one.host, one.path, to(&one.target))).collect()
}

#[test]
fn exact_comes_before_long_before_old_and_default_backends_last() {
    let web = |name: &str| format!("http://{name}.rerp.svc:80");
    let default =
        json!({"ingressClassName": "rerp", "defaultBackend": {"service": {"name": "d", "port": {"name": "web"}}}});
    let around = Around {
        ingresses: vec![
            ingress("z", 1, class(&[leads("a.example", "/x", "Prefix", "a"), leads("a.example", "/x", "Exact", "b")])),
            ingress(
                "y",
                2,
                class(&[leads("a.example", "/x/long", "Prefix", "c"), leads("a.example", "/x", "Prefix", "d")]),
            ),
            ingress("x", 3, default),
            ingress("w", 4, json!({"ingressClassName": "nginx", "rules": [leads("a.example", "/", "Prefix", "a")]})),
            ingress("v", 5, class(&[json!({"http": leads("", "/any", "Prefix", "a")["http"]})])),
        ],
        services: ["a", "b", "c", "d"].map(plain).to_vec(),
        ..Around::default()
    };
    let served = served(&around, &[]);
    let expected = [
        ("/any", web("a")),
        ("/", web("d")),
        ("a.example/x", web("b")),
        ("a.example/x/long", web("c")),
        ("a.example/x", web("a")),
        ("a.example/x", web("d")),
    ];
    assert_eq!(lines(&served), expected.map(|(what, to)| format!("{what} {to}")));
    assert_eq!(served.ways.len(), 4, "each once");
    assert_eq!(served.ways[0].port, k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(8080));
    assert!(matches!(&served.verdict, Verdict::Fine(_, said) if said.starts_with("4 ")), "{:?}", served.verdict);
}

/// What is said of the only Ingress.
fn said(served: &Served) -> (&'static str, String) {
    let trouble = served.ingresses[0].trouble.clone().expect("a trouble");
    (trouble.code, trouble.message)
}

#[test]
fn what_can_not_be_served_keeps_its_place_and_is_named() {
    let labelled = |name: &str| {
        let mut one = plain(name);
        one.metadata.labels = Some([("rerp.dev/service".to_owned(), name.to_owned())].into());
        one
    };
    let others = [
        ours("strict", &json!({"image": "x:1", "exposure": {"public": {"host": "a.example"}}})),
        ours("hidden", &json!({"image": "x:1", "mtls": {"mode": "Off"}})),
        ours("open", &json!({"image": "x:1", "mtls": {"mode": "Off"}, "exposure": {"public": {"host": "a.example"}}})),
    ];
    let services = vec![
        labelled("strict"),
        labelled("hidden"),
        labelled("open"),
        service("outside", json!({"type": "ExternalName", "externalName": "a.example", "ports": [{"port": 80}]})),
        service("grpc", json!({"selector": {"a": "b"}, "ports": [{"port": 80, "appProtocol": "kubernetes.io/h2c"}]})),
        service("elsewhere", json!({"selector": {"a": "b"}, "ports": [{"port": 81}]})),
    ];
    for (to, code, word) in [
        ("nobody", "ServiceMissing", "Service nobody does not exist"),
        ("strict", "NotExposed", "spec.mtls.mode Off"),
        ("hidden", "NotExposed", "spec.exposure.public"),
        ("outside", "NotSupported", "selects no pods"),
        ("grpc", "NotSupported", "h2c"),
        ("elsewhere", "PortMissing", "no port 80"),
    ] {
        let ingresses = vec![ingress("one", 1, class(&[leads("a.example", "/", "Prefix", to)]))];
        let around = Around { ingresses, services: services.clone(), ..Around::default() };
        let served = served(&around, &others);
        assert_eq!(lines(&served), ["a.example/ "], "{to}");
        let (found, message) = said(&served);
        assert_eq!(found, code, "{message}");
        assert!(message.contains(word), "{message}");
        assert!(served.ways.is_empty() && matches!(served.verdict, Verdict::Off(_)));
    }
    for (to, leads_to) in [("open", "http://open.rerp.svc:80"), ("gateway", "api")] {
        let ingresses = vec![ingress("one", 1, class(&[leads("a.example", "/", "Prefix", to)]))];
        let around = Around { ingresses, services: services.clone(), ..Around::default() };
        assert_eq!(lines(&served(&around, &others)), [format!("a.example/ {leads_to}")]);
    }
}

#[test]
fn a_certificate_is_copied_once_and_its_absence_is_told() {
    let tls = |name: &str, hosts: &[&str]| {
        let mut spec = class(&[leads("a.example", "/", "Prefix", "a")]);
        spec["tls"] = json!([{"hosts": hosts, "secretName": "web"}]);
        ingress(name, 1, spec)
    };
    let secret =
        |data: Value| serde_json::from_value::<Secret>(json!({"metadata": {"name": "web"}, "data": data})).unwrap();
    let mut around = Around {
        ingresses: vec![tls("one", &[]), tls("two", &["b.example"])],
        services: vec![plain("a")],
        ..Around::default()
    };
    assert_eq!(named(&around), ["web".to_owned()].into());
    for (found, word) in [(None, "does not exist"), (Some(secret(json!({"tls.crt": "YQ=="}))), "no key tls.key")] {
        around.secrets = [("web".to_owned(), found)].into();
        let served = served(&around, &[]);
        assert!(served.certificates.is_empty() && served.awaits_a_secret());
        assert!(served.ingresses.iter().all(|said| said.trouble.as_ref().unwrap().message.contains(word)));
        assert_eq!(served.rules.len(), 2, "in the clear it is served all the same");
    }
    around.secrets = [("web".to_owned(), Some(secret(json!({"tls.crt": "YQ==", "tls.key": "Yg=="}))))].into();
    let served = served(&around, &[]);
    let hosts: Vec<&str> = served.certificates[0].hosts.iter().map(String::as_str).collect();
    assert_eq!((served.certificates.len(), hosts), (1, vec!["a.example", "b.example"]));
    assert!(!served.awaits_a_secret());
    let file: Value = serde_json::from_str(&served.file()).unwrap();
    assert_eq!(file["certificates"], json!([{"hosts": ["a.example", "b.example"], "name": "web"}]));
    assert_eq!(
        file["rules"][0],
        json!({"exact": false, "host": "a.example", "path": "/", "to": [{"address": "http://a.rerp.svc:80", "weight": 1}]})
    );
    assert!(!served.file().contains("YQ"), "certificates are elsewhere");
}
