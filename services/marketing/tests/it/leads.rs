//! What staff see of leads: pages, numbers for each form, and that every look is written down for good.

use std::collections::HashSet;

use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

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

    let log = platform.ask("GET", "audit?reason=yearly%20review", None).await;
    let actions: Vec<_> = log.body["items"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["leads.read", "leads.read", "messages.read", "audit.read"], "{}", log.body);
    assert_eq!(log.body["items"][0]["reason"], json!("ticket 4711"));
    assert_eq!(log.body["items"][0]["detail"]["source"], json!("hero"));
    for refused in [
        "leads",
        "leads?reason=a",
        "leads?reason=because&source=a%20b",
        "leads?reason=because&limit=0",
        "messages",
        "audit",
    ] {
        let answer = platform.ask("GET", refused, None).await;
        assert!(answer.is(catalogue::MALFORMED_ADDRESS), "{refused}: {}", answer.body);
    }
    let written = "SELECT count(*) FROM svc.audit_log";
    assert_eq!(platform.marketing.source.number(written).await, 4, "who was shown nothing left nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_down_stays() {
    let platform = Platform::start().await;
    assert_eq!(platform.ask("GET", "leads?reason=ticket%204711", None).await.status, 200);
    // Not even whoever owns the table gets past it by mistake.
    let refused = "DO $$ BEGIN
         BEGIN UPDATE svc.audit_log SET reason = 'none'; EXCEPTION WHEN integrity_constraint_violation THEN
         BEGIN DELETE FROM svc.audit_log; EXCEPTION WHEN integrity_constraint_violation THEN RETURN; END; END;
         RAISE 'the audit log was changed'; END $$";
    platform.marketing.source.execute(refused).await;
    let kept = "SELECT count(*) FROM svc.audit_log WHERE reason = 'ticket 4711'";
    assert_eq!(platform.marketing.source.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_form_has_its_funnel() {
    let platform = Platform::start().await;
    fill(&platform).await;
    let first = platform.ask("GET", "funnel?limit=1", None).await;
    assert_eq!((first.status, &first.body["next_cursor"]), (200, &json!("footer")), "{}", first.body);
    let second = platform.ask("GET", "funnel?limit=1&cursor=footer", None).await;
    let hero =
        json!({ "source": "hero", "captures": 4, "addresses": 3, "named_company": 1, "consented": 0, "wrote": 1 });
    assert_eq!((&second.body["items"], &second.body["next_cursor"]), (&json!([hero]), &Value::Null));
    let past = platform.ask("GET", "funnel?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z", None).await;
    assert_eq!(past.body["items"], json!([]));
    for wrong in ["from=yesterday", "from=2020-01-01T00:00:00Z", "limit=201"] {
        assert!(
            platform.ask("GET", &format!("funnel?{wrong}"), None).await.is(catalogue::MALFORMED_ADDRESS),
            "{wrong}"
        );
    }
}
