//! Leads as a file: all of them, nothing that a spreadsheet would run, and on record before any of it is given out.

use rerp_kit::access::Assurance;
use rerp_kit::access::Verb::Post;
use rerp_kit::problem::catalogue;
use rerp_marketing::access::RULES;
use serde_json::json;

use crate::doors::{Doors, Who};
use crate::platform::{Platform, capture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_holds_every_lead_in_several_chunks() {
    let platform = Platform::start().await;
    // More than two chunks of 500, and one that begins another.
    let many = "INSERT INTO svc.email_captures (id, email_address_id, source)
                SELECT gen_random_uuid(), gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'hero' ELSE 'footer' END FROM generate_series(1, 2002) n";
    platform.marketing.source.execute(many).await;
    let file = platform.ask("POST", "leads/export", Some(&json!({ "reason": "ticket 4711" }))).await;
    assert_eq!((file.status, file.header("cache-control")), (200, "no-store"));
    assert!(file.header("content-type").starts_with("text/csv"), "{}", file.header("content-type"));
    assert!(file.header("content-disposition").starts_with("attachment"));
    let lines: Vec<_> = file.text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("\"id\",\"email_address_id\",\"source\""), "{}", lines[0]);
    let mut ids: Vec<_> = lines.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), lines.len()), (2002, 2003));
    let half = platform.ask("POST", "leads/export", Some(&json!({ "reason": "ticket 4711", "source": "hero" }))).await;
    assert_eq!(half.text.matches("\r\n").count(), 1002);

    let doors = Doors::open("marketing", RULES, platform.router().await).await;
    let (staff, wish) = (Who::Staff(Assurance::Second), json!({ "reason": "ticket 4711" }));
    assert_eq!(doors.ask(staff, Post, "/api/marketing/leads/export", Some(&wish)).await.unwrap().status, 200);
    // Each chunk, also those that were read when the request had been answered.
    let written = "SELECT count(*) FROM svc.staff_access WHERE route = '/api/marketing/leads/export' AND request IS NOT NULL \
         AND reason = 'ticket 4711' AND detail ? 'until'";
    assert_eq!(platform.marketing.source.number(written).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_visitors_type_is_text_in_a_spreadsheet() {
    let platform = Platform::start().await;
    for name in ["=HYPERLINK(\"http://evil.example\",\"click\")", "+4917", "@SUM(A1)", "-1", "Ann \"the\" Lee, Dr."] {
        let mut form = capture("ann@example.com");
        form["name"] = json!(name);
        assert_eq!(platform.post("email-capture", None, &form).await.0, 201, "{name}");
    }
    let file = platform.ask("POST", "leads/export", Some(&json!({ "reason": "ticket 4711" }))).await;
    for cell in [
        "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"click\"\")\"",
        "\"'+4917\"",
        "\"'@SUM(A1)\"",
        "\"'-1\"",
        "\"Ann \"\"the\"\" Lee, Dr.\"",
    ] {
        assert!(file.text.contains(&format!(",{cell},")), "{cell} in {}", file.text);
    }
    for cell in ["\"=", "\"+", "\"@", "\"-"] {
        assert!(!file.text.contains(&format!(",{cell}")), "{cell} in {}", file.text);
    }
    let refused = platform.ask("POST", "leads/export", Some(&json!({ "reason": "" }))).await;
    assert!(refused.is(catalogue::INVALID_VALUE), "{}", refused.body);
    assert!(platform.ask("POST", "leads/export", Some(&json!({}))).await.is(catalogue::INVALID_BODY));
}
