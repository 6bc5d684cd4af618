//! What staff see of leads: pages, numbers for each form, and that every look is on record.

use std::collections::HashSet;

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::Get;
use rerp_kit::problem::catalogue;
use rerp_marketing::access::RULES;
use serde_json::{Value, json};

use crate::doors::{Doors, Who};
use crate::platform::{Platform, capture, contact, of_company};

fn of_source(mut form: Value, source: &str) -> Value {
    form["source"] = json!(source);
    form
}

async fn fill(platform: &Platform) {
    for n in 0..5 {
        let form = of_source(capture(&format!("v{n}@example.com")), if n < 3 { "hero" } else { "footer" });
        assert_eq!(platform.post("email-capture", None, &form).await.0, 201);
    }
    // The first visitor comes back with a company, and writes.
    let again = of_company(of_source(capture("v0@example.com"), "hero"), "Acme");
    assert_eq!(platform.post("email-capture", None, &again).await.0, 201);
    assert_eq!(platform.post("contact", None, &contact("v0@example.com")).await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_come_in_pages_by_source_for_whoever_says_why() {
    let platform = Platform::start().await;
    fill(&platform).await;
    let (mut seen, mut cursor) = (HashSet::new(), String::new());
    loop {
        let page = platform.ask("GET", &format!("leads?reason=ticket%204711&source=hero&limit=2{cursor}"), None).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{}", page.body);
        for item in page.body["items"].as_array().unwrap() {
            assert_eq!((&item["source"], &item["name"]), (&json!("hero"), &json!("Ann")));
            assert!(seen.insert(item["id"].to_string()));
        }
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 4);
    let messages = platform.ask("GET", "messages?reason=ticket%204711", None).await;
    assert_eq!((messages.body["items"].as_array().unwrap().len(), messages.status), (1, 200));
    assert_eq!(messages.body["items"][0]["message"], json!("Hello,\nworld"));

    let (said, asked) = (catalogue::INVALID_VALUE, catalogue::MALFORMED_ADDRESS);
    for (refused, kind) in [
        ("leads", asked),
        ("leads?reason=a", said),
        ("leads?reason=because&source=a%20b", said),
        ("leads?reason=because&limit=0", asked),
        ("messages", asked),
        ("audit", asked),
    ] {
        let answer = platform.ask("GET", refused, None).await;
        assert!(answer.is(kind), "{refused}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_look_of_staff_is_on_record_with_its_reason() {
    let platform = Platform::start().await;
    fill(&platform).await;
    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    let get = async |path: &str| {
        let path = format!("/api/marketing/{path}");
        doors.ask(Who::Staff(Assurance::Second), Get, &path, None).await.unwrap()
    };
    for (path, status) in [
        ("leads?reason=ticket%204711&source=hero", 200),
        ("messages?reason=ticket%204711", 200),
        ("leads?reason=a", 422),
        ("leads", 400),
    ] {
        assert_eq!(get(path).await.status, status, "{path}");
    }
    let log = get("audit?reason=yearly%20review").await;
    let rows = log.body["items"].as_array().unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (row["route"].as_str().unwrap(), row["reason"].as_str().unwrap())).collect();
    let looks = [("leads", "ticket 4711"), ("messages", "ticket 4711"), ("audit", "yearly review")];
    let looks = looks.map(|(route, reason)| (format!("/api/marketing/{route}"), reason));
    assert_eq!(
        told,
        looks.each_ref().map(|(route, reason)| (route.as_str(), *reason)),
        "who was shown nothing left nothing"
    );
    assert_eq!(rows[0]["detail"]["source"], json!("hero"));
    let page = get("audit?reason=yearly%20review&limit=1").await;
    assert_eq!((page.body["items"].as_array().unwrap().len(), &page.body["next_cursor"]), (1, &rows[0]["id"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_form_has_its_funnel() {
    let platform = Platform::start().await;
    fill(&platform).await;
    let first = platform.ask("GET", "funnel?limit=1", None).await;
    assert_eq!((first.status, &first.body["next_cursor"]), (200, &json!("footer")), "{}", first.body);
    let second = platform.ask("GET", "funnel?limit=1&cursor=footer", None).await;
    let hero = json!({ "source": "hero", "captures": 4, "addresses": 3, "named_company": 1, "consented": 0, "confirmed": 0, "wrote": 1 });
    assert_eq!((&second.body["items"], &second.body["next_cursor"]), (&json!([hero]), &Value::Null));
    let past = platform.ask("GET", "funnel?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z", None).await;
    assert_eq!(past.body["items"], json!([]));
    let (said, asked) = (catalogue::INVALID_VALUE, catalogue::MALFORMED_ADDRESS);
    for (wrong, kind) in [("from=yesterday", said), ("from=2020-01-01T00:00:00Z", said), ("limit=201", asked)] {
        assert!(platform.ask("GET", &format!("funnel?{wrong}"), None).await.is(kind), "{wrong}");
    }
}
