//! Who is led where, and what is said while nobody leads.

use super::*;
use crate::args::Args;
use clap::Parser as _;
use rerp_crds::exposure::{Exposure as Wish, IngressChoices, SecretName};
use rerp_crds::mtls::Mtls;
use rerp_crds::{ObjectRef, RerpServiceSpec};
use serde_json::json;

fn settings() -> Settings {
    Settings::from(&Args::try_parse_from(["operator"]).unwrap())
}

fn service(name: &str, mode: MtlsMode, public: Option<Public>, dependencies: &[&str]) -> RerpService {
    let spec = RerpServiceSpec {
        image: "x:1".to_owned(),
        mtls: Some(Mtls { mode: Some(mode), ..Mtls::default() }),
        exposure: public.map(|public| Wish { public: Some(public) }),
        dependencies: dependencies.iter().map(|name| ObjectRef::new(*name)).collect(),
        ..RerpServiceSpec::default()
    };
    RerpService::new(name, spec)
}

fn public() -> Public {
    Public { host: "app.example.com".to_owned(), ..Public::default() }
}

fn found(object: &RerpService, others: &[RerpService]) -> Exposure {
    exposure(object, others, &settings())
}

fn says(verdict: &Verdict) -> (Reason, String) {
    match verdict {
        Verdict::Fine(reason, message) => (*reason, message.clone()),
        Verdict::Off(outcome) => (outcome.reason(), outcome.message().to_owned()),
    }
}

#[test]
fn a_plain_service_is_reached_itself_and_the_gateway_is_let_in() {
    let one = found(&service("portal", MtlsMode::Off, Some(public()), &[]), &[]);
    let wanted = one.wanted.unwrap();
    assert_eq!((wanted.backend.as_str(), wanted.paths.as_slice()), ("portal", ["/".to_owned()].as_slice()));
    assert_eq!(wanted.leader, Leader::Ingress { class: "rerp".to_owned(), secret: None });
    assert_eq!(one.let_in, LetIn { gateway: Some("gateway".to_owned()), pods: None });
    assert_eq!(says(&one.verdict).0, Reason::RouteNotTaken);
}

#[test]
fn who_wants_certificates_is_reached_through_the_gateway_or_not_at_all() {
    let identity = service("identity", MtlsMode::Strict, Some(public()), &[]);
    for (gateway, word) in [
        (None, "there is no RerpService gateway"),
        (Some(service("gateway", MtlsMode::Off, None, &["account"])), "does not list identity"),
        (Some(service("gateway", MtlsMode::Audit, None, &["identity"])), "asks for certificates itself"),
    ] {
        let around: Vec<RerpService> = gateway.into_iter().collect();
        let one = found(&identity, &around);
        let (reason, message) = says(&one.verdict);
        assert_eq!((one.wanted, one.let_in, reason), (None, LetIn::default(), Reason::GatewayNeeded));
        assert!(message.contains(word), "{message}");
    }
    let gateway = service("gateway", MtlsMode::Off, None, &["identity"]);
    let one = found(&identity, &[gateway]);
    assert_eq!(one.wanted.unwrap().backend, "gateway");
    assert_eq!(one.let_in, LetIn::default(), "a dependency lets the gateway in already");
}

#[test]
fn the_gateway_does_not_stand_before_itself() {
    let one = found(&service("gateway", MtlsMode::Strict, Some(public()), &["gateway"]), &[]);
    assert!(says(&one.verdict).1.contains("set spec.mtls.mode to Off"));
    let one = found(&service("gateway", MtlsMode::Off, Some(public()), &[]), &[]);
    assert_eq!((one.wanted.unwrap().backend.as_str(), one.let_in.gateway), ("gateway", None));
}

#[test]
fn what_is_only_written_down_opens_nothing() {
    for wish in [None, Some(Public { via: Some(Via::None), ..public() })] {
        let one = found(&service("portal", MtlsMode::Off, wish, &[]), &[]);
        assert_eq!((one.wanted, one.let_in, says(&one.verdict).0), (None, LetIn::default(), Reason::NotNeeded));
    }
}

#[test]
fn the_verdict_is_what_the_live_object_says() {
    let ingress = IngressChoices {
        class_name: Some("nginx".to_owned()),
        tls_secret_ref: Some(SecretName { name: "app".to_owned() }),
    };
    let wish = Public { ingress: Some(ingress), ..public() };
    let wanted = found(&service("portal", MtlsMode::Off, Some(wish), &[]), &[]).wanted.unwrap();
    assert_eq!(wanted.leader, Leader::Ingress { class: "nginx".to_owned(), secret: Some("app".to_owned()) });
    let live = |status: Value| {
        serde_json::from_value::<Ingress>(json!({"metadata": {"name": "portal"}, "status": status})).unwrap()
    };
    for (status, reason) in [
        (json!({}), Reason::RouteNotTaken),
        (json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}), Reason::AsExpected),
        (
            json!({"loadBalancer": {"ingress": [{"hostname": "a", "ports":
                [{"port": 80, "protocol": "TCP", "error": "rerp.dev/ServiceMissing"}]}]}}),
            Reason::RouteRefused,
        ),
    ] {
        assert_eq!(says(&taken(&wanted, &live(status))).0, reason);
    }
    let condition = |type_: &str, status: &str| json!({"type": type_, "status": status, "message": "m"});
    let route = |conditions: Value| {
        let mut route = HttpRoute::new(Default::default(), json!({}));
        route.status = Some(json!({"parents": [{"conditions": conditions}]}));
        route
    };
    for (conditions, reason) in [
        (json!([]), Reason::RouteNotTaken),
        (json!([condition("Accepted", "True"), condition("ResolvedRefs", "True")]), Reason::AsExpected),
        (json!([condition("Accepted", "True"), condition("ResolvedRefs", "False")]), Reason::RouteRefused),
    ] {
        assert_eq!(says(&accepted(&wanted, &route(conditions))).0, reason);
    }
    assert_eq!(says(&unknown()).0, Reason::GatewayApiMissing);
}
