//! The routes of Stripe's events, as they are described. Data only.

use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::openapi::Operation;
use rerp_kit::problem::catalogue::ENDED;
use serde_json::json;

use crate::http::webhook_event::{Events, Look};

pub(super) fn webhooks() -> Vec<Operation> {
    let receive = Operation::new(
        Post,
        "/api/billing/webhooks/stripe",
        "receive_stripe_event",
        "Takes an event of Stripe's, proved by its signature",
    );
    let list = Operation::new(
        Get,
        "/api/billing/webhooks/stripe/events",
        "list_stripe_events",
        "Events of Stripe's that came in the last days, the newest first, and what became of them",
    );
    let replay = Operation::new(
        Post,
        "/api/billing/webhooks/stripe/events/{id}/replay",
        "replay_stripe_event",
        "Has an event worked on again: its object is fetched anew",
    );
    let signature = "When it was signed and by which secrets: `t=<seconds>,v1=<hex>`";
    vec![
        receive
            .header(
                "Stripe-Signature",
                signature,
                json!({ "type": "string", "pattern": "^t=[0-9]{1,12}(,v1=[0-9a-f]{64}){1,16}$" }),
                true,
            )
            .foreign_body("The event, as Stripe has it; at most 256 KiB")
            .empty(200, "It is kept"),
        list.query::<Look>().answers::<Events>(200, "A page of events").with(
            "Cache-Control",
            "`no-store`: it is for staff",
            true,
        ),
        replay
            .segment(
                "id",
                "The event, by Stripe's identifier",
                json!({ "type": "string", "pattern": "^[A-Za-z0-9_]{1,255}$", "examples": ["evt_1"] }),
            )
            .reasoned()
            .empty(204, "It is worked on within seconds")
            .problems(&[ENDED]),
    ]
}
