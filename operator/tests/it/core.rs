//! Apply, prune and failure counting: exact calls, and none when nothing changed.

use crate::apiserver::{ApiServer, Call};
use axum::http::Method;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ObjectMeta;
use rerp_crds::Reason;
use rerp_operator::args::Settings;
use rerp_operator::cluster::{self, child::Owner, prune};
use rerp_operator::context::Context;
use rerp_operator::metrics::Metrics;
use rerp_operator::outcome::Outcome;
use serde_json::json;

const PATH: &str = "/api/v1/namespaces/rerp/configmaps/settings";

pub(crate) fn settings() -> Settings {
    Settings {
        image_postgres: "ghcr.io/rerp/postgres:dev".to_owned(),
        image_split: "ghcr.io/rerp/split:dev".to_owned(),
        trust_domain: "rerp.local".to_owned(),
        operator_namespace: "rerp-system".to_owned(),
        bus: "bus".to_owned(),
        gateway: "gateway".to_owned(),
    }
}

pub(crate) fn context(server: &ApiServer) -> Context {
    Context::new(server.client(), settings(), Metrics::new().expect("metrics"), "test")
}

fn owner() -> Owner {
    Owner {
        api_version: "rerp.dev/v1alpha1".to_owned(),
        kind: "ServiceDatabase".to_owned(),
        namespace: "rerp".to_owned(),
        name: "identity".to_owned(),
        uid: "u1".to_owned(),
    }
}

fn config(metadata: ObjectMeta, value: &str) -> ConfigMap {
    ConfigMap { metadata, data: Some([("a".to_owned(), value.to_owned())].into()), ..ConfigMap::default() }
}

#[tokio::test]
async fn what_the_table_of_rights_does_not_grant_is_refused() {
    let server = ApiServer::default();
    let (mine, others) = ("rerp-system", "rerp");
    for (namespace, granted) in [(mine, true), (others, false)] {
        let leases = kube::Api::<Lease>::namespaced(server.client(), namespace);
        let answer = leases.get("rerp-operator").await.expect_err("nothing is there");
        let kube::Error::Api(status) = answer else { panic!("{answer:?}") };
        assert_eq!(status.code, if granted { 404 } else { 403 }, "{namespace}");
    }
}

fn call(method: Method) -> Call {
    Call { method, path: PATH.to_owned() }
}

#[tokio::test]
async fn an_apply_writes_once_and_then_only_looks() {
    let server = ApiServer::default();
    let context = context(&server);
    let applier = context.applier("rerp-operator/test", owner());
    let wanted = config(owner().child("settings", "test"), "1");
    applier.apply(&wanted).await.expect("created");
    assert_eq!(server.calls(), [call(Method::GET), call(Method::PATCH)]);
    applier.apply(&wanted).await.expect("unchanged");
    assert_eq!(server.calls(), [call(Method::GET)]);

    server.edit(PATH, |live| live["data"]["a"] = json!("edited"));
    applier.apply(&wanted).await.expect("restored");
    assert_eq!(server.writes().len(), 1);
    assert_eq!(server.object(PATH).expect("there")["data"]["a"], "1");

    server.edit(PATH, |live| live["metadata"]["labels"]["theirs"] = json!("1"));
    applier.apply(&wanted).await.expect("fields of others are theirs");
    assert_eq!(server.writes(), []);
    assert_eq!(context.metrics.writes("apply"), 2);
}

#[tokio::test]
async fn what_others_made_is_not_taken_over() {
    let server = ApiServer::default();
    server.put(PATH, json!({"metadata": {"name": "settings"}, "data": {"theirs": "1"}}));
    let applier = context(&server).applier("rerp-operator/test", owner());
    let error = applier.apply(&config(owner().child("settings", "test"), "1")).await.expect_err("refused");
    assert!(matches!(error, cluster::Error::NotOurs { .. }), "{error}");
    assert_eq!(Outcome::from(error).reason(), Reason::NameTaken);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn a_prune_removes_only_our_own_and_unwanted() {
    let server = ApiServer::default();
    let context = context(&server);
    let applier = context.applier("rerp-operator/test", owner());
    for name in ["keep", "drop"] {
        applier.apply(&config(owner().child(name, "test"), "1")).await.expect("made");
    }
    // Kept on purpose: our labels, nobody's reference.
    let kept = config(owner().keepsake("kept", "test"), "1");
    server.put("/api/v1/namespaces/rerp/configmaps/kept", serde_json::to_value(kept).expect("json"));
    let removed = prune::prune::<ConfigMap>(&context.client, &context.metrics, &owner(), "test", &["keep"]).await;
    assert_eq!(removed.expect("pruned"), 1);
    let base = "/api/v1/namespaces/rerp/configmaps";
    assert_eq!(server.paths(), [format!("{base}/keep"), format!("{base}/kept")]);
}

#[tokio::test]
async fn failures_in_a_row_are_counted_per_object() {
    let context = context(&ApiServer::default());
    let failed = Outcome::failed(Reason::Retrying, "x");
    let pauses: Vec<u64> = (0..3).map(|_| context.again("a", &failed).as_secs()).collect();
    assert_eq!(pauses, [1, 2, 4]);
    assert_eq!(context.again("b", &failed).as_secs(), 1);
    context.again("a", &Outcome::Suspended);
    assert_eq!(context.again("a", &failed).as_secs(), 1);
}
