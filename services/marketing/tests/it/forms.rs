//! Forms as visitors' browsers send them: what is stored, what is refused, and what an answer says of itself.

use std::time::Duration;

use crate::platform::{MARKETING, Platform, capture, contact, is_kind, of_company};
use rerp_kit::http::timing::{SERVER_TIMING, TOTAL, duration_of};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_learns_what_the_answer_waited_for() {
    let platform = Platform::start().await;
    let (named, plain) =
        (json!({ "email": "ann@example.com", "source": "hero", "company": "Acme" }), capture("ann@example.com"));
    for (form, waits) in [(&named, &["identity", "account", "db"][..]), (&plain, &["db"])] {
        let url = format!("http://{}/api/marketing/email-capture", platform.at);
        let answer = platform.http.post(url).json(form).send().await.unwrap();
        let told = answer.headers()[SERVER_TIMING].to_str().unwrap();
        let names: Vec<_> = told.split(", ").filter_map(|metric| metric.split(';').next()).collect();
        assert_eq!(names, [waits, &[TOTAL]].concat(), "{told}");
        let times = || waits.iter().map(|whom| duration_of(told, whom).unwrap());
        assert!(times().all(|time| !time.is_zero()) && times().sum::<Duration>() <= duration_of(told, TOTAL).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_leave_addresses_and_messages_and_no_secret_is_kept() {
    let platform = Platform::start().await;
    let (status, _, first) = platform.post("email-capture", None, &capture("Ann@Example.com")).await;
    assert_eq!(status, 201, "{first}");
    let (status, _, second) = platform.post("contact", None, &contact(" ann@example.com ")).await;
    assert_eq!((status, &second["email_address_id"]), (201, &first["email_address_id"]));
    assert_ne!(first["id"], second["id"]);
    let joined = format!(
        "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (email_address_id)
         WHERE c.id = '{}' AND m.id = '{}' AND c.source = 'hero' AND c.name = 'Ann' AND c.plan_code = 'pro' AND m.message = E'Hello,\\nworld'",
        first["id"].as_str().unwrap(),
        second["id"].as_str().unwrap()
    );
    assert_eq!(platform.marketing.source.number(&joined).await, 1);
    for table in MARKETING {
        let secrets = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'secret|example'");
        assert_eq!(platform.marketing.source.number(&secrets).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_are_explained_and_leave_nothing() {
    let platform = Platform::start().await;
    let with = |field: &str, value: Value| {
        let mut body = capture("ann@example.com");
        body[field] = value;
        body
    };
    for (route, key, body, kind) in [
        ("email-capture", None, with("email", json!("ann")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("source", json!("")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("name", json!("A\0nn")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("plan_code", json!("a b")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("company", json!("Ac\0me")), catalogue::INVALID_VALUE),
        ("email-capture", None, with("company", json!("x".repeat(501))), catalogue::INVALID_VALUE),
        ("email-capture", None, with("firm", json!("Acme")), catalogue::INVALID_BODY),
        ("email-capture", None, json!({ "email": "ann@example.com" }), catalogue::INVALID_BODY),
        ("email-capture", Some("a b"), capture("ann@example.com"), catalogue::MALFORMED_HEADER),
        ("contact", None, capture("ann@example.com"), catalogue::INVALID_BODY),
        (
            "contact",
            None,
            json!({ "email": "ann@example.com", "name": "Ann", "message": " " }),
            catalogue::INVALID_VALUE,
        ),
        (
            "contact",
            None,
            json!({ "email": "ann@example.com", "name": "Ann", "message": "x".repeat(70_000) }),
            catalogue::TOO_LARGE,
        ),
        ("nothing", None, json!({}), catalogue::NO_SUCH_ROUTE),
    ] {
        let answer = platform.post(route, key, &body).await;
        assert!(is_kind(&answer, kind), "{route} {body}: {answer:?}");
    }
    let (_, _, document) = platform.post("email-capture", None, &with("email", json!("ann@localhost"))).await;
    assert_eq!(document["errors"][0]["pointer"], json!("/email"));
    let identifier = with("company", json!("0191f7a1-3f0c-7000-8000-000000000001"));
    let (status, _, document) = platform.post("email-capture", None, &identifier).await;
    assert_eq!((status, &document["errors"][0]["pointer"]), (422, &json!("/company")), "{document}");
    assert!(document["errors"][0]["detail"].as_str().unwrap().contains("UUID"));
    for table in MARKETING {
        assert_eq!(platform.rows(table).await, 0);
    }
    assert_eq!(platform.account.companies().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_is_named_by_its_identifier_only() {
    let platform = Platform::start().await;
    let (_, _, first) = platform.post("email-capture", None, &of_company(capture("ann@example.com"), "Acme Ltd")).await;
    let spelled = of_company(contact("bob@example.com"), " ACME\u{a0}LTD ");
    let (status, _, second) = platform.post("contact", Some("bob"), &spelled).await;
    assert_eq!((status, &second["company_id"]), (201, &first["company_id"]));
    assert!(first["company_id"].is_string(), "{first}");
    assert!(platform.post("contact", Some("bob"), &spelled).await.1, "the same request");
    let other = platform.post("contact", Some("bob"), &of_company(contact("bob@example.com"), "Other")).await;
    assert!(is_kind(&other, catalogue::KEY_REUSED), "{other:?}");
    for none in ["", " - ", "./."] {
        let (status, _, answer) = platform.post("contact", None, &of_company(contact("cat@example.com"), none)).await;
        assert_eq!((status, &answer["company_id"]), (201, &Value::Null), "{none:?}");
    }
    let stored = format!(
        "SELECT count(*) FROM svc.email_captures c JOIN svc.contact_messages m USING (company_id) WHERE company_id = '{}'",
        first["company_id"].as_str().unwrap()
    );
    assert_eq!(platform.marketing.source.number(&stored).await, 1);
    for table in MARKETING {
        let named = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'acme|other'");
        assert_eq!(platform.marketing.source.number(&named).await, 0, "{table}");
    }
}
