//! Events on a real cluster: a person is verified, and another service hears of it; what a service may not announce waits until it may; and
//! while the bus is away nothing fails and nothing is lost.

use rerp_e2e::{Door, DoorError, TestNamespace, TestResult, eventually};
use serde_json::{Value, json};

const PLATFORM: &str = include_str!("bus/platform.yaml");
/// Two people whose telephone is proved and whose address is not.
const ANN: Person = Person { id: "01900000-0000-7000-8000-00000000000a", email: "ann@example.com" };
const BEN: Person = Person { id: "01900000-0000-7000-8000-00000000000b", email: "ben@example.com" };
const REFUSED: &str = "Publish Violation - Subject \\\"rerp.account.created.v1\\\"";

struct Person {
    id: &'static str,
    email: &'static str,
}

#[test]
fn services_hear_of_each_other_whatever_becomes_of_the_bus() -> TestResult {
    TestNamespace::run_test("bus", |ns| {
        ns.apply(PLATFORM)?;
        for service in ["bus", "sandbox", "identity", "account"] {
            ns.condition(&format!("rsvc/{service}"), "Ready", "True", 180)?;
        }
        [ANN, BEN].iter().try_for_each(|person| born(ns, person))?;
        let pods = services(ns)?;

        verify(ns, &ANN)?;
        heard(ns, &["ANN"])?;

        let account = json!({"human_name_id": ANN.id, "kind": "personal"});
        call(ns, "account", "/api/accounts", &account)?;
        eventually(30, "the bus to refuse what account may not announce", || {
            let log = ns.run(&["logs", "deployment/bus", "--tail=200"]).map_err(|e| e.to_string())?;
            if log.contains(REFUSED) { Ok(()) } else { Err(log) }
        })?;
        assert_eq!(waiting(ns, "account")?, "1");

        kill_the_bus(ns)?;
        verify(ns, &BEN)?;
        assert_eq!(waiting(ns, "identity")?, "1", "the bus is away");

        let events = json!({"spec": {"events": {"publishes": ["account.created.v1", "account.role.changed.v1"]}}});
        ns.run(&["patch", "rsvc/account", "--type=merge", "-p", &events.to_string()])?;
        ns.run(&["patch", "rsvc/bus", "--type=merge", "-p", r#"{"spec":{"replicas":1}}"#])?;
        heard(ns, &["ANN", "BEN"])?;
        eventually(60, "everything to be announced", || match waiting(ns, "account") {
            Ok(count) if count == "0" => Ok(()),
            other => Err(format!("{other:?}")),
        })?;
        assert_eq!(services(ns)?, pods, "rights change without a restart");
        Ok(())
    })
}

/// A person as identity has them before the address is proved.
fn born(ns: &TestNamespace, person: &Person) -> TestResult {
    let Person { id, email } = person;
    let rows = format!(
        "WITH address AS (INSERT INTO identity.email_addresses (id, email) VALUES (gen_random_uuid(), '{email}') RETURNING id),
         human AS (INSERT INTO identity.human_names (id, email_address_id) SELECT '{id}', id FROM address RETURNING id)
         INSERT INTO identity.verification_tracking (id, human_name_id, phone_verified, phone_verified_at)
         SELECT gen_random_uuid(), id, true, now() FROM human"
    );
    ns.psql("monolith", "monolith", &rows)?;
    Ok(())
}

/// One request through the API server.
fn call(ns: &TestNamespace, service: &str, path: &str, body: &Value) -> Result<String, DoorError> {
    Door::open()?.post(&format!("/api/v1/namespaces/{}/services/{service}:http/proxy{path}", ns.name()), body)
}

/// Proves the address of a person: asks for a code, reads it in the mailbox, and gives it back.
fn verify(ns: &TestNamespace, person: &Person) -> TestResult {
    let email = person.email;
    call(ns, "identity", "/api/identity/verify/email", &json!({"email": email}))?;
    let at = format!(
        "/api/v1/namespaces/{}/services/sandbox:http/proxy/sandbox/messages?to={}",
        ns.name(),
        email.replace('@', "%40")
    );
    let code = eventually(30, "a code to come by mail", || {
        let text = ns.run(&["get", "--raw", &at]).map_err(|e| e.to_string())?;
        let box_: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        box_["messages"][0]["text"].as_str().and_then(digits).ok_or(text)
    })?;
    let answer = call(ns, "identity", "/api/identity/verify/email", &json!({"email": email, "code": code}))?;
    let answer: Value = serde_json::from_str(&answer)?;
    assert_eq!(answer["both_verified"], true, "{answer}");
    Ok(())
}

/// The first six digits in a row.
fn digits(text: &str) -> Option<String> {
    let word = text.split(|one: char| !one.is_ascii_digit()).find(|word| word.len() == 6)?;
    Some(word.to_owned())
}

/// Waits until account knows exactly these people to be verified.
fn heard(ns: &TestNamespace, names: &[&str]) -> TestResult {
    let case = format!("CASE human_name_id WHEN '{}' THEN 'ANN' WHEN '{}' THEN 'BEN' END", ANN.id, BEN.id);
    let people = format!("SELECT string_agg({case}, ' ' ORDER BY human_name_id) FROM account.verified_people");
    let wanted = names.join(" ");
    eventually(60, &format!("account to hear of {wanted}"), || {
        let found = ns.psql("monolith", "monolith", &people).map_err(|e| e.to_string())?;
        if found == wanted { Ok(()) } else { Err(found) }
    })?;
    Ok(())
}

/// How many events of a service are not published: those that are, are gone.
fn waiting(ns: &TestNamespace, service: &str) -> Result<String, rerp_e2e::KubectlError> {
    ns.psql("monolith", "monolith", &format!("SELECT count(*) FROM {service}.outbox"))
}

/// Ends the bus's pod without a farewell, and lets none come after it.
fn kill_the_bus(ns: &TestNamespace) -> TestResult {
    ns.run(&["patch", "rsvc/bus", "--type=merge", "-p", r#"{"spec":{"replicas":0}}"#])?;
    ns.run(&["delete", "pods", "-l", "rerp.dev/service=bus", "--grace-period=0", "--force"])?;
    eventually(60, "the bus to be gone", || {
        let deployment = ns.get(&["deployment/bus"]).map_err(|e| e.to_string())?;
        let pods = ns.run(&["get", "pods", "-l", "rerp.dev/service=bus", "-o", "name"]).map_err(|e| e.to_string())?;
        if deployment["spec"]["replicas"] == 0 && pods.is_empty() { Ok(()) } else { Err(pods) }
    })?;
    Ok(())
}

/// Pods of the services that announce and read.
fn services(ns: &TestNamespace) -> Result<String, rerp_e2e::KubectlError> {
    ns.run(&["get", "pods", "-l", "rerp.dev/service in (identity,account)", "-o", "name", "--sort-by=.metadata.name"])
}
