//! An object that doesn't decode gets a condition, once.

use crate::apiserver::ApiServer;
use crate::core::context;
use kube::Api;
use kube::core::error_boundary::DeserializeGuard;
use rerp_crds::ServiceDatabase;
use rerp_operator::cluster::{child::Owner, undecodable};
use rerp_operator::outcome::Outcome;
use serde_json::json;

const PATH: &str = "/apis/rerp.dev/v1alpha1/namespaces/rerp/servicedatabases/broken";

#[tokio::test]
async fn a_broken_object_is_told_once() {
    let server = ApiServer::default();
    server.put(PATH, json!({"metadata": {"name": "broken", "namespace": "rerp"}, "spec": {"engine": "none"}}));
    let context = context(&server);
    let api = Api::<DeserializeGuard<ServiceDatabase>>::namespaced(server.client(), "rerp");
    let object = api.get("broken").await.expect("the guard decodes");
    let owner = Owner::of(&object);
    let invalid = object.0.expect_err("it doesn't decode");
    server.calls();
    for expected in [1, 0] {
        let outcome =
            undecodable::report::<ServiceDatabase>(&context, "rerp-operator/database", &owner, &invalid).await;
        assert!(matches!(outcome, Outcome::Refused { .. }));
        assert_eq!(server.writes().len(), expected);
    }
    let live = server.object(PATH).expect("there");
    let ready = live["status"]["conditions"].as_array().expect("conditions").iter().find(|c| c["type"] == "Ready");
    let ready = ready.expect("Ready");
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("False"), &json!("InvalidSpec")));
    assert!(ready["message"].as_str().expect("text").contains("can't be decoded"));
}
