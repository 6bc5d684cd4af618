//! What the original specification asks for: its endpoints, and its sequence diagrams arrow by arrow; and what of ours answers to each. Data only,
//! and nothing of this crate, so that the gateway's tests can hold its table of routes against it.

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Everybody.
    Public,
    /// A person who is signed in, and staff.
    Person,
    /// Staff with a second factor.
    Staff,
    /// Services alone: it doesn't exist outside.
    Service,
}

/// An endpoint as the specification writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    /// The method.
    pub(super) method: &'static str,
    /// The path.
    pub(super) path: &'static str,
    /// The path of our route, which names some parameters otherwise.
    pub(super) route: &'static str,
    /// Who answers.
    pub(super) service: &'static str,
    /// Who may call it.
    pub(super) may: May,
    /// Of those which: what more it takes. Nothing for staff and services.
    pub(super) whose: &'static str,
}

/// An arrow of a sequence diagram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrow {
    /// What rows of the walk call it by.
    pub(super) key: &'static str,
    /// What it says.
    pub(super) says: &'static str,
    /// Where ours is another, how and why; else nothing.
    pub(super) here: &'static str,
}

/// A sequence diagram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Diagram {
    /// Where it stands in the specification.
    pub(super) title: &'static str,
    /// Its arrows, those back with those there.
    pub(super) arrows: &'static [Arrow],
}

const fn endpoint(
    method: &'static str,
    path: &'static str,
    service: &'static str,
    may: May,
    whose: &'static str,
) -> Endpoint {
    Endpoint { method, path, route: path, service, may, whose }
}

impl Endpoint {
    const fn route(self, route: &'static str) -> Self {
        Self { route, ..self }
    }

    /// Method and path.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const fn arrow(key: &'static str, says: &'static str) -> Arrow {
    Arrow { key, says, here: "" }
}

const fn other(key: &'static str, says: &'static str, here: &'static str) -> Arrow {
    Arrow { key, says, here }
}

use May::{Person, Public, Service, Staff};

/// For oneself.
const OWN: &str = "for oneself";
/// Any role in the account.
const ANY_ROLE: &str = "with a role in the account";

/// The endpoints, in the order of the specification.
#[rustfmt::skip]
pub(super) const ENDPOINTS: &[Endpoint] = &[
    endpoint("POST", "/api/marketing/email-capture", "marketing", Public, ""),
    endpoint("POST", "/api/marketing/contact", "marketing", Public, ""),

    endpoint("POST", "/api/identity/email/upsert", "identity", Service, ""),
    endpoint("GET", "/api/identity/email/{email}", "identity", Staff, "").route("/api/identity/email/{id_or_address}"),
    endpoint("GET", "/api/identity/email/{email_address_id}", "identity", Staff, "").route("/api/identity/email/{id_or_address}"),
    endpoint("POST", "/api/identity/verify/email", "identity", Public, ""),
    endpoint("POST", "/api/identity/verify/phone", "identity", Person, OWN),
    endpoint("GET", "/api/identity/user/{human_name_id}", "identity", Person, OWN),
    endpoint("GET", "/api/identity/verification-status/{human_name_id}", "identity", Person, OWN),
    endpoint("GET", "/api/identity/platform-user/{platform_user_id}", "identity", Staff, ""),

    endpoint("GET", "/api/billing/plans", "billing", Public, ""),
    endpoint("POST", "/api/billing/customers", "billing", Person, OWN),
    endpoint("POST", "/api/billing/payment-methods", "billing", Person, "for oneself, verified"),
    endpoint("POST", "/api/billing/subscriptions", "billing", Person, OWN),
    endpoint("GET", "/api/billing/subscription/{account_id}", "billing", Person, "who asked for it"),
    endpoint("POST", "/api/billing/kyc/verify", "billing", Person, OWN),
    endpoint("GET", "/api/billing/kyc/status/{account_id}", "billing", Person, "who began it"),

    endpoint("POST", "/api/accounts/companies/upsert", "account", Person, ""),
    endpoint("GET", "/api/accounts/companies/{name}", "account", Person, "").route("/api/accounts/companies/{id_or_name}"),
    endpoint("GET", "/api/accounts/companies/{company_id}", "account", Person, "").route("/api/accounts/companies/{id_or_name}"),
    endpoint("POST", "/api/accounts", "account", Person, OWN),
    endpoint("GET", "/api/accounts/{id}", "account", Person, ANY_ROLE).route("/api/accounts/{account_id}"),
    endpoint("POST", "/api/accounts/{id}/roles", "account", Person, "who manages roles in the account").route("/api/accounts/{account_id}/roles"),
    endpoint("GET", "/api/accounts/{id}/roles", "account", Person, ANY_ROLE).route("/api/accounts/{account_id}/roles"),
    endpoint("POST", "/api/accounts/{id}/addresses", "account", Person, "who manages addresses in the account").route("/api/accounts/{account_id}/addresses"),
    endpoint("GET", "/api/accounts/{id}/addresses", "account", Person, ANY_ROLE).route("/api/accounts/{account_id}/addresses"),

    endpoint("GET", "/api/fte/progress/{human_name_id}", "fte", Person, OWN),
    endpoint("POST", "/api/fte/sessions", "fte", Person, "for oneself, verified, with a role that takes tests in an account that is entitled"),
    endpoint("GET", "/api/fte/sessions/{session_id}", "fte", Person, "whose session it is"),
    endpoint("POST", "/api/fte/sessions/{session_id}/answers", "fte", Person, "whose session it is"),
    endpoint("POST", "/api/fte/sessions/{session_id}/complete", "fte", Person, "whose session it is"),
    endpoint("POST", "/api/fte/scenarios", "fte", Person, "in a session of one's own, or as an exercise on the terms of a session"),
    endpoint("POST", "/api/fte/scenarios/{scenario_id}/actions", "fte", Person, "whose scenario it is"),
    endpoint("GET", "/api/fte/certificates/{human_name_id}", "fte", Person, OWN).route("/api/fte/certificates/{id}"),
    endpoint("GET", "/api/fte/certificates/verify/{token}", "fte", Public, ""),
];

const NOTED: &str =
    "noted in `verified_people`; what a person may do is asked of Identity each time, so that it is never stale";

/// The sequence diagrams, in the order of the specification. The walk has a flow for each.
#[rustfmt::skip]
pub(super) const DIAGRAMS: &[Diagram] = &[
    Diagram { title: "Marketing Service, data flow", arrows: &[
        arrow("capture", "Website → Marketing: POST /email-capture (email, name, company)"),
        other("address", "Marketing → Identity: POST /identity/email/upsert, back comes email_address_id", "over gRPC; the REST route stays for services"),
        other("company", "Marketing → Account: POST /accounts/companies/upsert, back comes company_id", "over gRPC; the REST route is everybody's who is signed in"),
        arrow("stored", "Marketing stores email_address_id and company_id"),
        arrow("success", "Marketing → Website: success"),
    ] },
    Diagram { title: "Service communication, synchronous", arrows: &[
        arrow("open", "Customer portal → Account: create account (human_name_id)"),
        arrow("known", "Account → Identity: validate that human_name_id exists"),
        arrow("opened", "Account creates the account"),
        other("subscribe", "Account → Billing: create subscription (account_id)", "the portal asks Billing, once it has the account: Account calls Identity alone, so no calls go in circles"),
        other("both", "Account → customer portal: account and subscription", "each service answers for what is its own"),
    ] },
    Diagram { title: "Service communication, asynchronous", arrows: &[
        arrow("proved", "Identity: user verified (email and phone)"),
        other("told", "Identity → event bus: UserVerifiedEvent", "`identity.user.verified.v1`, written in the transaction of the second proof"),
        arrow("to-billing", "Event bus → Billing: UserVerifiedEvent"),
        arrow("to-account", "Event bus → Account: UserVerifiedEvent"),
        arrow("to-fte", "Event bus → FTE: UserVerifiedEvent"),
        other("billing", "Billing updates the user's verification status", NOTED),
        other("account", "Account enables account features", NOTED),
        other("fte", "FTE enables access for verified users", NOTED),
    ] },
    Diagram { title: "FTE Testing Service flow", arrows: &[
        arrow("start", "Customer portal → FTE: start test session (human_name_id)"),
        arrow("known", "FTE → Identity: validate that human_name_id exists"),
        arrow("access", "FTE → Account: check account access (account_id)"),
        arrow("subscription", "FTE → Billing: check subscription status (account_id)"),
        arrow("created", "FTE creates the test session"),
        other("answer", "Customer portal → FTE: submit answer; back comes the answer's result", "the result is a revision: what is right is told once the test is passed"),
        arrow("scenario", "Customer portal → FTE: start interactive scenario (session_id)"),
        arrow("market", "FTE → trading services: request a scenario; back come market data"),
        arrow("ready", "FTE creates the scenario and answers with it"),
        arrow("action", "Customer portal → FTE: submit trading action (scenario_id, action)"),
        arrow("execute", "FTE → trading services: execute the action; back come result and P&L"),
        arrow("result", "FTE updates the scenario's results and answers with them"),
        arrow("complete", "Customer portal → FTE: complete test session (session_id)"),
        arrow("score", "FTE calculates the final score"),
        arrow("progress", "FTE updates the user's progress"),
        other("certificate", "If the score passes, FTE issues a certificate", "when all modules of the course and its final assessment are passed"),
        arrow("completed", "FTE → customer portal: test completed, with the certificate"),
    ] },
];
