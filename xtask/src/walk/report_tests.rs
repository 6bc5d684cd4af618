use super::super::walker::number;
use super::*;

/// A walk in which everything is as it must be.
fn walk() -> Report {
    let walked = |at: usize, flow: &super::super::flows::Flow| {
        let rows = flow.rows.iter().enumerate();
        let passed = |(row, what): (usize, &super::super::row::Row)| Walked {
            row: *what,
            number: number(at, row),
            verdict: Verdict::Passed,
            time: Duration::from_millis(7),
            repeated: 0,
        };
        rows.map(passed).collect::<Vec<_>>()
    };
    let flows = FLOWS.iter().enumerate().map(|(at, flow)| walked(at, flow)).collect();
    Report { run: "1".to_owned(), time: Duration::from_millis(4_100), flows }
}

#[test]
fn a_walk_without_failures_proves_everything() {
    let report = walk();
    assert!(report.failures().is_empty(), "{:?}", report.failures());
    let table = report.table();
    for part in [
        "1.1",
        "POST /api/accounts/{id}/roles",
        "Ann",
        "ok",
        "4. A customer is tested",
        "35 of 35 endpoints",
        "4 of 4 flows",
        "4.1 s",
    ] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
}

#[test]
fn what_is_not_proved_is_named() {
    let mut report = walk();
    report.flows[0][0].verdict = Verdict::Failed("answered 503".to_owned());
    report.flows[2][20].verdict = Verdict::NotHere("no bus");
    report.flows[3][1].verdict = Verdict::Unreached("it needs `x`".to_owned());
    let failures = report.failures();
    assert!(failures[0].starts_with("1.1 failed: ") && failures[0].ends_with(": answered 503"), "{failures:?}");
    assert!(failures[1].starts_with("4.2 unreached: "), "{failures:?}");
    assert!(failures.contains(&"not proved: POST /api/marketing/email-capture".to_owned()), "{failures:?}");
    assert!(!report.proof(&ENDPOINTS[0]).proved && report.proof(&ENDPOINTS[3]).proved);
    let sum = report.sum();
    assert!(sum.contains("2 failed (1 more are not here: no bus)") && sum.contains("2 of 4 flows"), "{sum}");
}

#[test]
fn the_report_has_the_agreed_fields() {
    let json = serde_json::to_value(walk().json()).unwrap();
    let fields = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(fields(&json), "endpoints flows rows run seconds");
    assert_eq!(fields(&json["rows"]), "failed notHere passed");
    assert_eq!(fields(&json["endpoints"][0]), "endpoint proved rows service");
    assert_eq!(fields(&json["flows"][0]), "rows title");
    assert_eq!(fields(&json["flows"][0]["rows"][0]), "ms repeated request row verdict wanted what who");
}
