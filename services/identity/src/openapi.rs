//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'.

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_kit::audit::Row;
use rerp_kit::http::Page;
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{
    ALREADY_EXISTS, AT_CAPACITY, CODE_REFUSED, INVALID_VALUE, NOT_FOUND, NOT_SIGNED_IN, TOO_MANY_REQUESTS,
};
use rerp_kit::rights::Export;
use serde_json::json;

use crate::access::RULES;
use crate::http::audit::Look;
use crate::http::change::{EmailBody as NewEmail, MobileBody, NamesBody};
use crate::http::contact;
use crate::http::email::{Details, Search, UpsertBody, Upserted};
use crate::http::person::{Human, PlatformUser, VerificationStatus};
use crate::http::registration::Body as NewPerson;
use crate::http::rights::Progress;
use crate::http::search::People as Found;
use crate::http::verify::{EmailBody, PhoneBody, Sent, Verified};
use crate::store::registration::Registered;
use crate::store::session::Session;

/// An identifier in examples.
const ID: &str = "0191f7a1-3f0c-7000-8000-000000000001";

/// Somebody who may be erased: what is asked about the others is answered all the same.
const ERASED: &str = "0191f7a1-3f0c-7000-8000-0000000000e1";
/// What an ETag is here.
const VERSION: &str = "The version, for If-Match";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "The one registry of addresses and people. Every other service keeps its identifiers only.";
    let operations =
        [addresses(), people(), changes(), proofs(), rights(), sign_ins(), hooks(), dead_letters()].concat();
    Api { service: "identity", about, rules: RULES, operations }
}

fn dead_letters() -> Vec<Operation> {
    rerp_kit::events::dead_letters::described("/api/identity/dead-letters", "/api/identity/dead-letters/{id}/replay")
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
            .problems(&[INVALID_VALUE, AT_CAPACITY]),
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
    let contacts = Operation::new(
        Get,
        "/api/identity/user/{human_name_id}/contacts",
        "get_contacts",
        "A customer's address and telephone, and how far proving them is",
    );
    let found = Operation::new(Get, "/api/identity/people", "find_people", "Whose address it is");
    let staff = Operation::new(
        Get,
        "/api/identity/platform-user/{platform_user_id}",
        "get_platform_user",
        "One of those who run the platform",
    );
    vec![
        human
            .identifier("human_name_id", "The customer", ID)
            .revalidated()
            .answers::<Human>(200, "The customer")
            .with("ETag", VERSION, true),
        status.identifier("human_name_id", "The customer", ID).answers::<VerificationStatus>(200, "What is proved"),
        contacts
            .identifier("human_name_id", "The customer", ID)
            .answers::<contact::View>(200, "The contacts, and when the next code may be asked for")
            .with("ETag", VERSION, true)
            .with("Cache-Control", "`no-store`: it is somebody's", true),
        found
            .query::<Search>()
            .reasoned()
            .answers::<Found>(200, "Those whose present address it is; nobody, where it is nobody's")
            .with("Cache-Control", "`no-store`: it is about people", true)
            .problems(&[INVALID_VALUE]),
        staff
            .identifier("platform_user_id", "Which", "0191f7a1-3f0c-7000-8000-000000000002")
            .answers::<PlatformUser>(200, "The member of the staff"),
    ]
}

fn changes() -> Vec<Operation> {
    let register =
        Operation::new(Post, "/api/identity/user", "register_person", "Makes a customer, who has proved nothing yet");
    let names = Operation::new(Put, "/api/identity/user/{human_name_id}", "rename_person", "Changes all names");
    let email = Operation::new(
        Put,
        "/api/identity/user/{human_name_id}/email",
        "change_address",
        "Gives a customer another address, which is not proved",
    );
    let mobile = Operation::new(
        Put,
        "/api/identity/user/{human_name_id}/mobile",
        "change_telephone",
        "Gives a customer another telephone, which is not proved",
    );
    let changed = |operation: Operation| {
        operation
            .answers::<Registered>(200, "It is so now")
            .with("ETag", VERSION, false)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS])
    };
    let one = |operation: Operation| operation.identifier("human_name_id", "The customer", ID).changes().keyed();
    vec![
        register
            .keyed()
            .body::<NewPerson>("The customer", json!({ "email": "cat@example.com", "first_name": "Cat" }))
            .answers::<Registered>(201, "The customer is there")
            .with("ETag", VERSION, false)
            .with("Location", "Where", false)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS]),
        changed(one(names).body::<NamesBody>("All names; what is left out is gone", json!({ "first_name": "Ann" }))),
        changed(one(email).body::<NewEmail>("The address", json!({ "email": "ann@example.org" }))),
        changed(one(mobile).body::<MobileBody>("The telephone", json!({ "phone_number": "+491701234567" }))),
    ]
}

fn rights() -> Vec<Operation> {
    let path = "/api/identity/user/{human_name_id}";
    let export = Operation::new(
        Get,
        "/api/identity/user/{human_name_id}/export",
        "export_person",
        "What is held of a customer here, to take along",
    );
    let erase = Operation::new(Delete, path, "erase_person", "Erases a customer, here and in every service");
    let erasure = Operation::new(
        Get,
        "/api/identity/user/{human_name_id}/erasure",
        "get_erasure",
        "How far the erasure of a customer is",
    );
    vec![
        export.identifier("human_name_id", "The customer", ID).answers::<Export>(200, "Table by table"),
        erase
            .identifier("human_name_id", "The customer", ERASED)
            .answers::<Progress>(202, "Begun, or begun before; services follow within seconds"),
        erasure
            .identifier("human_name_id", "The customer", ERASED)
            .answers::<Progress>(200, "Receipts, and who has given none yet"),
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

fn sign_ins() -> Vec<Operation> {
    let path = "/api/identity/sessions/{human_name_id}";
    let list = Operation::new(Get, path, "list_sign_ins", "Sign-ins of somebody that have not ended");
    let end_all = Operation::new(Delete, path, "end_sign_ins", "Signs somebody out everywhere");
    let end = Operation::new(
        Delete,
        "/api/identity/sessions/{human_name_id}/{session_id}",
        "end_sign_in",
        "Ends a sign-in: it gets no token any more",
    );
    let audit = Operation::new(Get, "/api/identity/audit", "list_looks", "What staff looked at or changed here");
    let of = |operation: Operation| operation.identifier("human_name_id", "Whose", ID);
    let no_store = "`no-store`: it is about people";
    vec![
        of(list).pages::<Session>("A page of sign-ins").with("Cache-Control", no_store, true),
        of(end_all).empty(204, "None is left"),
        of(end)
            .identifier("session_id", "Which", "0191f7a1-3f0c-7000-8000-0000000000e1")
            .empty(204, "It has ended, or there is none"),
        audit
            .query::<Look>()
            .answers::<Page<Row>>(200, "A page of the record")
            .with("Cache-Control", no_store, true)
            .problems(&[INVALID_VALUE]),
    ]
}

/// What Supabase Auth asks, in its words and answered in its words: <https://supabase.com/docs/guides/auth/auth-hooks>.
fn hooks() -> Vec<Operation> {
    let mail = Operation::new(
        Post,
        "/api/identity/hooks/send-email",
        "send_email_hook",
        "Carries a code of Supabase Auth's by mail",
    );
    let text = Operation::new(
        Post,
        "/api/identity/hooks/send-sms",
        "send_sms_hook",
        "Carries a code of Supabase Auth's by text",
    );
    let token = Operation::new(
        Post,
        "/api/identity/hooks/customize-access-token",
        "customize_access_token_hook",
        "Says who it is in a token, or that there is to be none",
    );
    let signature = json!({ "type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=$" });
    let hook = |operation: Operation| {
        operation
            .header("webhook-id", "Which call", json!({ "type": "string", "pattern": "^[!-~]{1,255}$" }), true)
            .header(
                "webhook-timestamp",
                "When, in seconds since 1970",
                json!({ "type": "string", "pattern": "^[0-9]{1,12}$" }),
                true,
            )
            .header("webhook-signature", "Of Standard Webhooks", signature.clone(), true)
            .foreign_body("What Supabase Auth says")
            .media(200, "What was done, or `error` with a status and a text", &["application/json"])
            .problems(&[NOT_SIGNED_IN])
    };
    vec![hook(mail), hook(text), hook(token)]
}
