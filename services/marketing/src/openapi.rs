//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE};
use rerp_kit::rights::Export;
use serde_json::json;

use crate::access::RULES;
use crate::domain::Receipt;
use crate::http::{contact, email_capture};

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "What visitors of the website leave: addresses and messages.";
    let capture =
        Operation::new(Post, "/api/marketing/email-capture", "capture_address", "Leaves an address in a form");
    let contact = Operation::new(Post, "/api/marketing/contact", "send_message", "Leaves a message");
    let export = Operation::new(
        Get,
        "/api/marketing/people/{human_name_id}/export",
        "export_person",
        "What was left under the addresses that are, or were, a person's, to take along",
    );
    let (address, name) = ("ann@example.com", "Ann");
    let operations = vec![
        capture
            .keyed()
            .body::<email_capture::Form>("The form", json!({ "email": address, "source": "hero", "name": name }))
            .answers::<Receipt>(201, "It is taken")
            .answers::<Receipt>(202, "It is taken; the identifier of its address is still to be found out")
            .problems(&[INVALID_VALUE, DEPENDENCY_UNAVAILABLE]),
        contact
            .keyed()
            .body::<contact::Form>("The form", json!({ "email": address, "name": name, "message": "Hello" }))
            .answers::<Receipt>(201, "It is taken")
            .answers::<Receipt>(202, "It is taken; the identifier of its address is still to be found out")
            .problems(&[INVALID_VALUE, DEPENDENCY_UNAVAILABLE]),
        export
            .identifier("human_name_id", "The person", "0191f7a1-3f0c-7000-8000-000000000001")
            .answers::<Export>(200, "Table by table; empty ones of whoever has left nothing")
            .problems(&[DEPENDENCY_UNAVAILABLE]),
    ];
    Api { service: "marketing", about, rules: RULES, operations }
}
