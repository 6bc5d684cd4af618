//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

use rerp_kit::access::Verb::{Get, Post};
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{CODE_REFUSED, INVALID_VALUE, NOT_FOUND, TOO_MANY_REQUESTS};
use serde_json::json;

use crate::access::RULES;
use crate::http::email::{Details, Search, UpsertBody, Upserted};
use crate::http::person::{Human, PlatformUser, VerificationStatus};
use crate::http::verify::{EmailBody, PhoneBody, Sent, Verified};

/// An identifier in examples.
const ID: &str = "0191f7a1-3f0c-7000-8000-000000000001";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "The one registry of addresses and people. Every other service keeps its identifiers only.";
    let operations = [addresses(), people(), proofs()].concat();
    Api { service: "identity", about, rules: RULES, operations }
}

fn addresses() -> Vec<Operation> {
    let upsert = Operation::new(
        Post,
        "/api/identity/email/upsert",
        "upsert_address",
        "Gives the identifier of an address, making one if there is none",
    );
    let by_query =
        Operation::new(Get, "/api/identity/email", "find_address", "An address, by what it is; the form to prefer");
    let by_path = Operation::new(
        Get,
        "/api/identity/email/{id_or_address}",
        "get_address",
        "An address, by identifier or by what it is",
    );
    vec![
        upsert
            .body::<UpsertBody>("The address", json!({ "email": "ann@example.com" }))
            .answers::<Upserted>(200, "The identifier, the same for all spellings of the address")
            .problems(&[INVALID_VALUE]),
        by_query.query::<Search>().answers::<Details>(200, "The address").problems(&[INVALID_VALUE, NOT_FOUND]),
        by_path
            .segment(
                "id_or_address",
                "A UUID of 36 characters is an identifier; what has an `@` is an address",
                json!({ "type": "string", "pattern": r"^[^\x00]+$", "examples": [ID, "ann@example.com"] }),
            )
            .answers::<Details>(200, "The address")
            .problems(&[INVALID_VALUE]),
    ]
}

fn people() -> Vec<Operation> {
    let human = Operation::new(Get, "/api/identity/user/{human_name_id}", "get_person", "A customer");
    let status = Operation::new(
        Get,
        "/api/identity/verification-status/{human_name_id}",
        "get_verification_status",
        "What a customer has proved",
    );
    let staff = Operation::new(
        Get,
        "/api/identity/platform-user/{platform_user_id}",
        "get_platform_user",
        "One of those who run the platform",
    );
    vec![
        human.identifier("human_name_id", "The customer", ID).answers::<Human>(200, "The customer"),
        status.identifier("human_name_id", "The customer", ID).answers::<VerificationStatus>(200, "What is proved"),
        staff
            .identifier("platform_user_id", "Which", "0191f7a1-3f0c-7000-8000-000000000002")
            .answers::<PlatformUser>(200, "The member of the staff"),
    ]
}

fn proofs() -> Vec<Operation> {
    let email = Operation::new(
        Post,
        "/api/identity/verify/email",
        "prove_address",
        "Has a code sent to an address, or checks the code that came; known and unknown addresses get equal answers",
    );
    let phone = Operation::new(
        Post,
        "/api/identity/verify/phone",
        "prove_telephone",
        "Has a code sent to one's own telephone, or checks the code that came",
    );
    let number = json!({ "human_name_id": ID, "phone_number": "+491701234567", "code": "000000" });
    let proof = |operation: Operation| {
        operation
            .answers::<Sent>(202, "A code is on its way, if somebody has the contact")
            .answers::<Verified>(200, "The contact is proved")
            .problems(&[INVALID_VALUE, CODE_REFUSED, TOO_MANY_REQUESTS])
    };
    vec![
        proof(
            email.body::<EmailBody>("The address, and the code if there is one", json!({ "email": "ann@example.com" })),
        ),
        proof(phone.body::<PhoneBody>("The telephone, and the code if there is one", number)),
    ]
}
