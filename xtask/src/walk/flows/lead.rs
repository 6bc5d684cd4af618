//! Capture and contact. Data only.

use super::super::row::Act::Stored;
use super::super::row::Who::{Ann, Nobody, Staff};
use super::super::row::{Row, done, get, post};

const FORM: &str = r#"{"email": "$lead_email", "source": "hero", "name": "A walker", "company": "$company_name", "plan_code": "$plan"}"#;
const MESSAGE: &str = r#"{"email": "  $lead_email ", "name": "A walker", "message": "Hello,\nis anybody there?", "company": " $company_name  "}"#;
/// The identifiers alone are stored.
const STORED: &str = "SELECT count(*) FROM {schema}.email_captures WHERE id = '$capture' AND email_address_id = '$address' AND company_id = '$company'";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    post("a form of the website", Nobody, "/api/marketing/email-capture", FORM).keyed("capture").status(201)
        .shows(&[("/email_address_id", "*"), ("/company_id", "*")])
        .keeps(&[("capture", "/id"), ("address", "/email_address_id"), ("company", "/company_id")])
        .arrows(&["capture", "address", "company", "success"]),
    post("the same form sent twice counts once", Nobody, "/api/marketing/email-capture", FORM).keyed("capture").status(201)
        .shows(&[("/id", "$capture")]),
    done("it holds identifiers, and nobody's address", Stored { service: "marketing", sql: STORED }).shows(&[("", "1")]).arrows(&["stored"]),
    post("a message from the same address and company", Nobody, "/api/marketing/contact", MESSAGE).keyed("contact").status(201)
        .shows(&[("/id", "*"), ("/email_address_id", "$address"), ("/company_id", "$company")]),
    post("a form without an address is refused", Nobody, "/api/marketing/contact", r#"{"email": "nobody", "name": "A walker", "message": "Hello"}"#)
        .refused(422, "invalid-value").shows(&[("/errors/0/pointer", "/email")]),
    get("forms can't be read", Nobody, "/api/marketing/email-capture").refused(405, "method-not-allowed"),
    get("an unknown path leads nowhere", Nobody, "/api/marketing/nowhere").refused(404, "no-such-route"),

    post("addresses are registered by services alone", Nobody, "/api/identity/email/upsert", r#"{"email": "$lead_email"}"#).refused(404, "no-such-route"),
    post("not by staff either", Staff, "/api/identity/email/upsert", r#"{"email": "$lead_email"}"#).refused(404, "no-such-route"),
    get("staff look the address up", Staff, "/api/identity/email/{email=lead_email}")
        .shows(&[("/email_address_id", "$address"), ("/verified", "false")]).also(&["POST /api/identity/email/upsert"]),
    get("and its identifier", Staff, "/api/identity/email/{email_address_id=address}").shows(&[("/email", "$lead_email")]),
    get("an identifier that nobody has", Staff, "/api/identity/email/{email_address_id=nobody}").refused(404, "not-found"),
    get("a person looks up no addresses", Ann, "/api/identity/email/{email_address_id=address}").refused(403, "not-permitted"),
    get("not without a token", Nobody, "/api/identity/email/{email=lead_email}").refused(401, "not-signed-in"),

    get("the company by its name", Ann, "/api/accounts/companies/{name=company_name}").shows(&[("/company_id", "$company")]),
    get("not without a token", Nobody, "/api/accounts/companies/{name=company_name}").refused(401, "not-signed-in"),
    get("the company by its identifier", Ann, "/api/accounts/companies/{company_id=company}").shows(&[("/name", "$company_name")]),
    post("registered by hand, it is the same company", Ann, "/api/accounts/companies/upsert", r#"{"name": "$company_name"}"#)
        .shows(&[("/company_id", "$company"), ("/created", "false")]),
    post("no registering without a token", Nobody, "/api/accounts/companies/upsert", r#"{"name": "$company_name"}"#).refused(401, "not-signed-in"),
    get("a company that there isn't", Ann, "/api/accounts/companies/{company_id=nobody}").refused(404, "not-found"),
];
