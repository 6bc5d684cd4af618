//! Status on a real cluster: columns a person can read, and a Ready condition that names what is missing.

use rerp_e2e::{TestNamespace, TestResult};

fn service(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: rerp.dev/v1alpha1\nkind: RerpService\nmetadata: {{name: {name}}}\nspec:\n  \
         image: {image}\n  replicas: 1\n{more}"
    )
}

/// The message of Ready while it isn't True, once it names `needle`.
fn ready_names(ns: &TestNamespace, object: &str, needle: &str) -> TestResult {
    rerp_e2e::eventually(90, &format!("{object}: Ready to name {needle}"), || {
        let seen = ns.get(&[object]).map_err(|e| e.to_string())?;
        let conditions = seen["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.into_iter().find(|c| c["type"] == "Ready").unwrap_or_default();
        let message = ready["message"].as_str().unwrap_or_default();
        if ready["status"] != "True" && message.contains(needle) { Ok(()) } else { Err(ready.to_string()) }
    })?;
    Ok(())
}

#[test]
fn a_missing_image_is_named() -> TestResult {
    TestNamespace::run_test("image", |ns| {
        ns.apply(&service("web", "ghcr.io/rerp/no-such-image:dev", ""))?;
        ready_names(ns, "rsvc/web", "ghcr.io/rerp/no-such-image:dev")
    })
}

#[test]
fn a_missing_database_is_named() -> TestResult {
    TestNamespace::run_test("database", |ns| {
        ns.apply(&service("web", "ghcr.io/rerp/identity:dev", "  databaseRef: {name: nowhere}\n"))?;
        ready_names(ns, "rsvc/web", "nowhere")
    })
}

#[test]
fn a_missing_secret_is_named() -> TestResult {
    TestNamespace::run_test("secret", |ns| {
        let env = "  envFrom: [{secretRef: {name: no-such-secret}}]\n";
        ns.apply(&service("web", "ghcr.io/rerp/identity:dev", env))?;
        ready_names(ns, "rsvc/web", "no-such-secret")
    })
}

#[test]
fn a_missing_server_of_a_shared_database_is_named() -> TestResult {
    TestNamespace::run_test("server", |ns| {
        ns.apply(
            "apiVersion: rerp.dev/v1alpha1\nkind: ServiceDatabase\nmetadata: {name: identity-shared}\n\
             spec: {engine: {shared: {databaseRef: {name: no-such-server}, schema: identity}}}\n",
        )?;
        ready_names(ns, "sdb/identity-shared", "no-such-server")
    })
}
