//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_kit::audit::Row;
use rerp_kit::http::Page;
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{
    ALREADY_EXISTS, CAPTCHA_REFUSED, DEPENDENCY_UNAVAILABLE, IN_PROGRESS, INVALID_VALUE, KEY_REUSED, NOT_FOUND,
};
use rerp_kit::rights::Export;
use serde_json::{Value, json};

use crate::access::RULES;
use crate::domain::Receipt;
use crate::domain::work::Challenge;
use crate::http::{confirmation, consent, contact, email_capture, export, funnel, lead, suppression};
use crate::store::consent::Declared;
use crate::store::lead::{Lead, Message};
use crate::store::suppression::Suppression;

/// An address, or a person, in examples.
const ADDRESS: &str = "0191f7a1-3f0c-7000-8000-000000000001";
/// Nobody on the way keeps it.
const NO_STORE: &str = "`no-store`: it is about people";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "What visitors of the website leave: addresses and messages.";
    let operations = [forms(), consents(), confirmations(), suppressions(), looks(), rights(), dead_letters()].concat();
    Api { service: "marketing", about, rules: RULES, operations }
}

fn dead_letters() -> Vec<Operation> {
    rerp_kit::events::dead_letters::described("/api/marketing/dead-letters", "/api/marketing/dead-letters/{id}/replay")
}

fn forms() -> Vec<Operation> {
    let capture =
        Operation::new(Post, "/api/marketing/email-capture", "capture_address", "Leaves an address in a form");
    let contact = Operation::new(Post, "/api/marketing/contact", "send_message", "Leaves a message");
    let challenge = Operation::new(
        Get,
        "/api/marketing/captcha/challenge",
        "get_challenge",
        "Work for a visitor's browser, good for one form, where forms need it",
    );
    let (address, name) = ("ann@example.com", "Ann");
    let taken = |operation: Operation| {
        operation
            .answers::<Receipt>(201, "It is taken")
            .answers::<Receipt>(202, "It is taken; the identifier of its address is still to be found out")
            .problems(&[INVALID_VALUE, CAPTCHA_REFUSED, DEPENDENCY_UNAVAILABLE])
    };
    vec![
        taken(
            capture
                .keyed()
                .body::<email_capture::Form>("The form", json!({ "email": address, "source": "hero", "name": name })),
        ),
        taken(
            contact
                .keyed()
                .body::<contact::Form>("The form", json!({ "email": address, "name": name, "message": "Hello" })),
        ),
        challenge
            .answers::<Challenge>(200, "A challenge, in the form of ALTCHA's widget")
            .empty(204, "Forms are taken without one"),
    ]
}

/// The version in a path.
fn of_text(operation: Operation) -> Operation {
    operation.segment("version", "The text's version", version())
}

fn version() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$", "examples": ["newsletter-2026-11"] })
}

fn consents() -> Vec<Operation> {
    let path = "/api/marketing/consent-texts/{version}";
    let declare = Operation::new(
        Put,
        path,
        "declare_consent_text",
        "Declares a text that visitors can agree to; it never changes",
    );
    let show = Operation::new(Get, path, "get_consent_text", "A text that visitors can agree to");
    vec![
        of_text(declare)
            .body::<consent::Body>("The text", json!({ "text": "I want to hear of news by mail." }))
            .answers::<Declared>(200, "It stands under this version")
            .with("Cache-Control", NO_STORE, true)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS]),
        of_text(show).answers::<Declared>(200, "The text").with(
            "Cache-Control",
            "How long it may be used: it never changes",
            true,
        ),
    ]
}

fn confirmations() -> Vec<Operation> {
    let confirm = Operation::new(
        Post,
        "/api/marketing/confirmations",
        "confirm_consent",
        "Confirms, with the token that came by mail, what was agreed to under one's address",
    );
    let unsubscribe = Operation::new(
        Post,
        "/api/marketing/unsubscribe/{token}",
        "unsubscribe",
        "Wants nothing more, as mail programs say it in one step (RFC 8058)",
    );
    let token = json!({ "type": "string", "pattern": "^[0-9a-f]{96}$", "examples": ["0".repeat(96)] });
    vec![
        confirm
            .body::<confirmation::Body>("What came by mail", json!({ "token": "0".repeat(96) }))
            .empty(204, "It is confirmed")
            .problems(&[NOT_FOUND]),
        unsubscribe.segment("token", "What came by mail", token).empty(204, "The address is on the list"),
    ]
}

fn suppressions() -> Vec<Operation> {
    let path = "/api/marketing/suppressions";
    let list = Operation::new(Get, path, "list_suppressions", "Addresses that want nothing from us, by identifier");
    let add = Operation::new(Post, path, "add_suppression", "Takes no lead from an address any more");
    let remove = Operation::new(
        Delete,
        "/api/marketing/suppressions/{email_address_id}",
        "remove_suppression",
        "Takes leads from an address again",
    );
    let key = json!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
    let once = "The same request with the same key has its effect once and gets the same answer, for 24 hours";
    vec![
        list.pages::<Suppression>("A page of the list").with("Cache-Control", NO_STORE, true),
        add.header("Idempotency-Key", once, key, false)
            .body::<suppression::Body>(
                "The address, or its identifier",
                json!({ "email_address_id": ADDRESS, "reason": "objected" }),
            )
            .answers::<Suppression>(201, "It is on the list now")
            .answers::<Suppression>(200, "It was on the list; the first reason stays")
            .problems(&[INVALID_VALUE, IN_PROGRESS, KEY_REUSED, DEPENDENCY_UNAVAILABLE]),
        remove.identifier("email_address_id", "The address", ADDRESS).empty(204, "It is off the list"),
    ]
}

fn looks() -> Vec<Operation> {
    let leads = Operation::new(Get, "/api/marketing/leads", "list_leads", "Captures, for staff who say why they look");
    let file = Operation::new(Post, "/api/marketing/leads/export", "export_leads", "Captures as a file, the same way");
    let messages = Operation::new(Get, "/api/marketing/messages", "list_messages", "Messages, the same way");
    let funnel = Operation::new(Get, "/api/marketing/funnel", "count_leads", "What came of each form, in numbers");
    let audit = Operation::new(Get, "/api/marketing/audit", "list_looks", "What staff looked at or changed here");
    let private = |operation: Operation| operation.with("Cache-Control", NO_STORE, true);
    vec![
        private(leads.query::<lead::Look>().answers::<Page<Lead>>(200, "A page of captures"))
            .problems(&[INVALID_VALUE]),
        private(file.body::<export::Wish>("Why, and of which form", json!({ "reason": "ticket 4711" })).media(
            200,
            "Comma-separated values, RFC 4180, the first line names them",
            &[CSV],
        ))
        .with("Content-Disposition", "What the file is called", true)
        .problems(&[INVALID_VALUE]),
        private(messages.query::<lead::Glance>().answers::<Page<Message>>(200, "A page of messages"))
            .problems(&[INVALID_VALUE]),
        private(funnel.query::<funnel::Wish>().answers::<funnel::Counted>(200, "A page of forms"))
            .problems(&[INVALID_VALUE]),
        private(audit.query::<lead::Trail>().answers::<Page<Row>>(200, "A page of the record"))
            .problems(&[INVALID_VALUE]),
    ]
}

fn rights() -> Vec<Operation> {
    let export = Operation::new(
        Get,
        "/api/marketing/people/{human_name_id}/export",
        "export_person",
        "What was left under the addresses that are, or were, a person's, to take along",
    );
    vec![
        export
            .identifier("human_name_id", "The person", ADDRESS)
            .answers::<Export>(200, "Table by table; empty ones of whoever has left nothing")
            .problems(&[DEPENDENCY_UNAVAILABLE]),
    ]
}

/// Its parameters are the answer's to say.
const CSV: &str = "text/csv";
