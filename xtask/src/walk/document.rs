//! `docs/seed-coverage.md`. In: the specification's endpoints and diagrams, and the table. Out: a page that says of each what answers to it here, who may,
//! and which row of the walk proves it. Pure.

use super::flows::{FLOWS, Flow};
use super::original::{DIAGRAMS, Diagram, ENDPOINTS, Endpoint, May};
use super::row::Row;
use super::walker::number;

const HEAD: &str = "\
# The original specification's endpoints

<!-- Written by `cargo xtask generate` from xtask/src/walk. Change it there. -->

RERP began as a specification of five services: their endpoints, and sequence diagrams of how they work together. This page lists all of them, what
answers to each, and what proves it: `cargo xtask walk` calls every endpoint through the gateway of the running platform and goes through every diagram.
The numbers are its rows, which are listed below; its verdict on each is in `target/walk/report.json`.
";

const ENDPOINTS_HEAD: &str = "
## Endpoints
Staff, with a second factor, may what a person may. Who isn't signed in gets 401, who may not gets 403, and another person's or account's identifier answers like
one that nobody has, 404: the rows in the last column.

| endpoint | here | service | who may | proved by | refused in |
|---|---|---|---|---|---|
";

/// The page.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned() + ENDPOINTS_HEAD;
    for endpoint in ENDPOINTS {
        page.push_str(&line(endpoint));
    }
    for (at, (flow, diagram)) in FLOWS.iter().zip(DIAGRAMS).enumerate() {
        page.push_str(&story(at, flow, diagram));
    }
    page
}

/// Every row with its number.
fn rows() -> impl Iterator<Item = (String, &'static Row)> {
    FLOWS.iter().enumerate().flat_map(|(at, flow)| numbered(at, flow))
}

fn numbered(at: usize, flow: &'static Flow) -> impl Iterator<Item = (String, &'static Row)> {
    flow.rows.iter().enumerate().map(move |(row, what)| (number(at, row), what))
}

fn line(endpoint: &Endpoint) -> String {
    let name = endpoint.name();
    let of = |wanted: &dyn Fn(&Row) -> bool| {
        rows().filter(|(_, row)| wanted(row)).map(|(number, _)| number).collect::<Vec<_>>().join(", ")
    };
    let proved = of(&|row: &Row| row.proves(&name));
    let refused = of(&|row: &Row| row.is_refusal() && row.request() == name);
    let here = match (endpoint.may, endpoint.route == endpoint.path) {
        (May::Service, _) => "not outside".to_owned(),
        (_, true) => "the same".to_owned(),
        (_, false) => format!("`{}`", endpoint.route),
    };
    format!("| `{name}` | {here} | {} | {} | {proved} | {refused} |\n", endpoint.service, may(endpoint))
}

fn may(endpoint: &Endpoint) -> String {
    match (endpoint.may, endpoint.whose) {
        (May::Public, _) => "everybody".to_owned(),
        (May::Person, "") => "a person".to_owned(),
        (May::Person, whose) => format!("a person, {whose}"),
        (May::Staff, _) => "staff".to_owned(),
        (May::Service, _) => "services".to_owned(),
    }
}

/// A flow: the arrows of its diagram, then its rows.
fn story(at: usize, flow: &'static Flow, diagram: &Diagram) -> String {
    let mut text = format!("\n## {}. {}\n{}\n\n", at + 1, flow.title, flow.about);
    text.push_str(&format!("| {} | here | proved by |\n|---|---|---|\n", diagram.title));
    for arrow in diagram.arrows {
        let shown = numbered(at, flow).filter(|(_, row)| row.arrows.contains(&arrow.key));
        let shown = shown.map(|(number, _)| number).collect::<Vec<_>>().join(", ");
        let here = if arrow.here.is_empty() { "the same" } else { arrow.here };
        text.push_str(&format!("| {} | {here} | {shown} |\n", arrow.says));
    }
    text.push_str("\n| row | what it shows | request | as | answer |\n|---|---|---|---|---|\n");
    for (number, row) in numbered(at, flow) {
        let Row { what, .. } = row;
        text.push_str(&format!("| {number} | {what} | {} | {} | {} |\n", row.request(), row.who(), row.wanted()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_line_for_each_endpoint_and_each_row() {
        let page = page();
        let expected = "| `GET /api/accounts/{id}` | `/api/accounts/{account_id}` | account | a person, with a role in the account | ";
        assert!(page.contains(expected), "{page}");
        assert!(
            page.contains(
                "| `POST /api/identity/email/upsert` | not outside | identity | services | 1.10 | 1.8, 1.9 |\n"
            ),
            "{page}"
        );
        let lines = page.lines().filter(|line| line.starts_with("| ")).count();
        let arrows: usize = DIAGRAMS.iter().map(|diagram| diagram.arrows.len()).sum();
        // With a head for each of the tables.
        assert_eq!(lines, ENDPOINTS.len() + rows().count() + arrows + 1 + 2 * FLOWS.len());
        assert!(page.ends_with("|\n") && !page.contains("\n\n\n"));
    }
}
