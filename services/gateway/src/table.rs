//! What exists outside: every route, where it goes, who may call it, how often, and whether it may be tried again. Data only; `routes.rs`
//! looks things up in it. Patterns, methods, and who may, are those of the services' own tables, which a test compares with this: a service
//! asks the same again, and whose data it is about to show besides.

pub use rerp_kit::access::{May, Verb};

use crate::rates::Rate;

/// A service behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// People and their contacts.
    Identity,
    /// Accounts and companies.
    Account,
    /// Forms of the website.
    Marketing,
    /// Plans and payments.
    Billing,
    /// Tests and certificates.
    Fte,
}

/// Whether a request that got no answer may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Twice has the effect of once.
    Yes,
    /// Only with an `Idempotency-Key`, which the service honours.
    Keyed,
    /// Never: twice may be two, or the second answer would be about the effect of the first.
    No,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The method.
    pub verb: Verb,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// Where it goes.
    pub to: Upstream,
    /// Who may call it.
    pub may: May,
    /// A parameter that must be the caller's own identifier, staff excepted; another one's answers as if it weren't there.
    pub own: Option<&'static str>,
    /// How often.
    pub rate: Rate,
    /// Whether it may be tried again.
    pub again: Again,
    /// Largest body in bytes.
    pub body: u64,
    /// Its place in the table.
    pub at: usize,
}

/// Largest body of a form or a document: what services take, too.
const BODY: u64 = 64 * 1024;
/// Largest event of Stripe's.
const EVENT: u64 = 256 * 1024;

const fn row(verb: Verb, path: &'static str, to: Upstream, may: May, rate: Rate) -> Row {
    let (again, body) = match verb {
        Verb::Get => (Again::Yes, 0),
        // The second one would say that there is nothing, though the first one took it away.
        Verb::Delete => (Again::No, 0),
        Verb::Put => (Again::Yes, BODY),
        Verb::Post => (Again::No, BODY),
    };
    Row { verb, path, to, may, own: None, rate, again, body, at: 0 }
}

/// Tells each row its place.
const fn numbered<const ROWS: usize>(mut rows: [Row; ROWS]) -> [Row; ROWS] {
    let mut at = 0;
    while at < ROWS {
        rows[at].at = at;
        at += 1;
    }
    rows
}

impl Row {
    const fn own(self, parameter: &'static str) -> Self {
        Self { own: Some(parameter), ..self }
    }

    const fn again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    const fn body(self, bytes: u64) -> Self {
        Self { body: bytes, ..self }
    }
}

use Again::{Keyed, No, Yes};
use May::{Person, Public, Staff};
use Rate::{Codes, Event, Form, Page, Read, Write};
use Upstream::{Account, Billing, Fte, Identity, Marketing};
use Verb::{Delete, Get, Post, Put};

/// The routes.
#[rustfmt::skip]
pub const TABLE: &[Row] = &numbered([
    row(Get, "/api/identity/email", Identity, Staff, Read),
    row(Get, "/api/identity/email/{id_or_address}", Identity, Staff, Read),
    row(Post, "/api/identity/user", Identity, Staff, Write).again(Keyed),
    row(Get, "/api/identity/user/{human_name_id}", Identity, Person, Read).own("human_name_id"),
    row(Put, "/api/identity/user/{human_name_id}", Identity, Person, Write).own("human_name_id").again(Keyed),
    row(Delete, "/api/identity/user/{human_name_id}", Identity, Person, Write).own("human_name_id"),
    // As rare as codes: it tells whether an address is somebody's.
    row(Put, "/api/identity/user/{human_name_id}/email", Identity, Person, Codes).own("human_name_id").again(Keyed),
    row(Put, "/api/identity/user/{human_name_id}/mobile", Identity, Person, Codes).own("human_name_id").again(Keyed),
    row(Get, "/api/identity/user/{human_name_id}/contacts", Identity, Person, Read).own("human_name_id"),
    // Everything at once: rare, and not small.
    row(Get, "/api/identity/user/{human_name_id}/export", Identity, Person, Form).own("human_name_id"),
    row(Get, "/api/identity/user/{human_name_id}/erasure", Identity, Person, Read).own("human_name_id"),
    row(Get, "/api/identity/verification-status/{human_name_id}", Identity, Person, Read).own("human_name_id"),
    row(Get, "/api/identity/platform-user/{platform_user_id}", Identity, Staff, Read),
    row(Get, "/api/identity/people", Identity, Staff, Read),
    row(Get, "/api/identity/audit", Identity, Staff, Read),
    row(Get, "/api/identity/dead-letters", Identity, Staff, Read),
    // The second answer would be that it goes on already.
    row(Post, "/api/identity/dead-letters/{id}/replay", Identity, Staff, Write),
    row(Get, "/api/identity/sessions/{human_name_id}", Identity, Person, Read).own("human_name_id"),
    row(Delete, "/api/identity/sessions/{human_name_id}", Identity, Person, Write).own("human_name_id"),
    row(Delete, "/api/identity/sessions/{human_name_id}/{session_id}", Identity, Person, Write).own("human_name_id"),
    row(Post, "/api/identity/verify/email", Identity, Public, Codes),
    row(Post, "/api/identity/verify/phone", Identity, Person, Codes),
    // Signatures are over the bytes, which pass as they came. Supabase asks again by itself.
    row(Post, "/api/identity/hooks/send-email", Identity, Public, Event),
    row(Post, "/api/identity/hooks/send-sms", Identity, Public, Event),
    row(Post, "/api/identity/hooks/customize-access-token", Identity, Public, Event).again(Yes),

    row(Get, "/api/accounts", Account, Person, Read),
    row(Post, "/api/accounts", Account, Person, Write).again(Keyed),
    row(Get, "/api/accounts/{account_id}", Account, Person, Read),
    row(Get, "/api/accounts/{account_id}/roles", Account, Person, Read),
    row(Post, "/api/accounts/{account_id}/roles", Account, Person, Write).again(Keyed),
    row(Delete, "/api/accounts/{account_id}/roles/{role_id}", Account, Person, Write),
    row(Get, "/api/accounts/{account_id}/addresses", Account, Person, Read),
    row(Get, "/api/accounts/{account_id}/addresses/history", Account, Person, Read),
    row(Post, "/api/accounts/{account_id}/addresses", Account, Person, Write).again(Keyed),
    row(Put, "/api/accounts/{account_id}/addresses/{address_id}", Account, Person, Write).again(No),
    row(Delete, "/api/accounts/{account_id}/addresses/{address_id}", Account, Person, Write),
    row(Get, "/api/accounts/{account_id}/permissions/{human_name_id}", Account, Person, Read).own("human_name_id"),
    row(Get, "/api/accounts/{account_id}/invites", Account, Person, Read),
    row(Post, "/api/accounts/{account_id}/invites", Account, Person, Codes).again(Keyed),
    row(Delete, "/api/accounts/{account_id}/invites/{invite_id}", Account, Person, Write),
    row(Post, "/api/accounts/{account_id}/invites/{invite_id}/resend", Account, Person, Codes),
    row(Post, "/api/accounts/invites/accept", Account, Person, Write),
    row(Get, "/api/accounts/companies", Account, Person, Read),
    row(Post, "/api/accounts/companies/upsert", Account, Person, Write).again(Yes),
    row(Get, "/api/accounts/companies/{id_or_name}", Account, Person, Read),
    row(Post, "/api/accounts/companies/{id_or_name}/merge", Account, Staff, Write).again(Yes),
    row(Delete, "/api/accounts/companies/{id_or_name}/merge", Account, Staff, Write),
    row(Get, "/api/accounts/people/{human_name_id}/export", Account, Person, Form).own("human_name_id"),
    row(Get, "/api/accounts/dead-letters", Account, Staff, Read),
    row(Post, "/api/accounts/dead-letters/{id}/replay", Account, Staff, Write),

    row(Post, "/api/marketing/email-capture", Marketing, Public, Form).again(Keyed),
    row(Post, "/api/marketing/contact", Marketing, Public, Form).again(Keyed),
    row(Get, "/api/marketing/captcha/challenge", Marketing, Public, Page),
    row(Get, "/api/marketing/consent-texts/{version}", Marketing, Public, Page),
    row(Put, "/api/marketing/consent-texts/{version}", Marketing, Staff, Write),
    row(Post, "/api/marketing/confirmations", Marketing, Public, Form).again(Yes),
    // Mail programs ask from few addresses for many people. What they send along is short, and read by nobody.
    row(Post, "/api/marketing/unsubscribe/{token}", Marketing, Public, Event).again(Yes),
    row(Get, "/api/marketing/suppressions", Marketing, Staff, Read),
    row(Post, "/api/marketing/suppressions", Marketing, Staff, Write).again(Keyed),
    row(Delete, "/api/marketing/suppressions/{email_address_id}", Marketing, Staff, Write),
    row(Get, "/api/marketing/leads", Marketing, Staff, Read),
    row(Post, "/api/marketing/leads/export", Marketing, Staff, Write),
    row(Get, "/api/marketing/messages", Marketing, Staff, Read),
    row(Get, "/api/marketing/funnel", Marketing, Staff, Read),
    row(Get, "/api/marketing/audit", Marketing, Staff, Read),
    row(Get, "/api/marketing/dead-letters", Marketing, Staff, Read),
    row(Post, "/api/marketing/dead-letters/{id}/replay", Marketing, Staff, Write),
    row(Get, "/api/marketing/people/{human_name_id}/export", Marketing, Person, Form).own("human_name_id"),

    row(Get, "/api/billing/plans", Billing, Public, Page),
    row(Put, "/api/billing/plans/{code}", Billing, Staff, Write),
    row(Post, "/api/billing/customers", Billing, Person, Write),
    row(Post, "/api/billing/payment-methods", Billing, Person, Write).again(Keyed),
    row(Get, "/api/billing/payment-methods/{human_name_id}", Billing, Person, Read).own("human_name_id"),
    row(Delete, "/api/billing/payment-methods/{human_name_id}/{payment_method_id}", Billing, Person, Write).own("human_name_id"),
    row(Post, "/api/billing/subscriptions", Billing, Person, Write).again(Keyed),
    row(Get, "/api/billing/subscription/{account_id}", Billing, Person, Read),
    // The second answer would be about the version that the first one has left behind.
    row(Put, "/api/billing/subscription/{account_id}", Billing, Person, Write).again(No),
    // Nothing changes by it.
    row(Post, "/api/billing/subscription/{account_id}/preview", Billing, Person, Write).again(Yes),
    // It charges, and the second answer would be about the version that the first one has left behind.
    row(Put, "/api/billing/subscription/{account_id}/price", Billing, Person, Write).again(No),
    row(Post, "/api/billing/subscription/{account_id}/cancel", Billing, Person, Write),
    row(Get, "/api/billing/invoices/{account_id}", Billing, Person, Read),
    row(Post, "/api/billing/kyc/verify", Billing, Person, Write),
    row(Get, "/api/billing/kyc/status/{account_id}", Billing, Person, Read),
    row(Get, "/api/billing/people/{human_name_id}/export", Billing, Person, Form).own("human_name_id"),
    row(Get, "/api/billing/dead-letters", Billing, Staff, Read),
    row(Post, "/api/billing/dead-letters/{id}/replay", Billing, Staff, Write),
    // Twice has the effect of once: an event is kept by its identifier. The signature is over the bytes, which pass as they came.
    row(Post, "/api/billing/webhooks/stripe", Billing, Public, Event).again(Yes).body(EVENT),
    row(Get, "/api/billing/webhooks/stripe/events", Billing, Staff, Read),
    row(Post, "/api/billing/webhooks/stripe/events/{id}/replay", Billing, Staff, Write).again(Yes),

    row(Get, "/api/fte/modules", Fte, Person, Read),
    row(Post, "/api/fte/modules", Fte, Staff, Write).again(Keyed),
    row(Get, "/api/fte/modules/{code}", Fte, Person, Read),
    row(Put, "/api/fte/modules/{code}", Fte, Staff, Write).again(No),
    row(Get, "/api/fte/modules/{code}/questions", Fte, Staff, Read),
    row(Post, "/api/fte/modules/{code}/questions", Fte, Staff, Write).again(Keyed),
    row(Get, "/api/fte/modules/{code}/statistics", Fte, Staff, Read),
    row(Put, "/api/fte/questions/{id}", Fte, Staff, Write).again(No),
    row(Post, "/api/fte/sessions", Fte, Person, Write).again(Keyed),
    row(Get, "/api/fte/sessions/{session_id}", Fte, Person, Read),
    row(Post, "/api/fte/sessions/{session_id}/answers", Fte, Person, Write),
    row(Post, "/api/fte/sessions/{session_id}/complete", Fte, Person, Write),
    row(Get, "/api/fte/progress/{human_name_id}", Fte, Person, Read).own("human_name_id"),
    row(Post, "/api/fte/scenarios", Fte, Person, Write).again(Keyed),
    row(Get, "/api/fte/scenarios/{scenario_id}", Fte, Person, Read),
    row(Post, "/api/fte/scenarios/{scenario_id}/actions", Fte, Person, Write),
    row(Get, "/api/fte/certificates/{id}", Fte, Person, Read).own("id"),
    row(Post, "/api/fte/certificates/{id}/revoke", Fte, Staff, Write),
    row(Get, "/api/fte/certificates/verify/{token}", Fte, Public, Page),
    row(Get, "/api/fte/certificates/verify/{token}/credential", Fte, Public, Page),
    row(Get, "/api/fte/issuer", Fte, Public, Page),
    row(Get, "/api/fte/issuer/did.json", Fte, Public, Page),
    row(Get, "/api/fte/issuer/jwks.json", Fte, Public, Page),
    row(Get, "/api/fte/issuer/status/{list}", Fte, Public, Page),
    row(Put, "/api/fte/people/{human_name_id}/extra-time", Fte, Staff, Write),
    row(Get, "/api/fte/people/{human_name_id}/extra-time", Fte, Person, Read).own("human_name_id"),
    row(Delete, "/api/fte/people/{human_name_id}/extra-time", Fte, Staff, Write),
    row(Get, "/api/fte/people/{human_name_id}/export", Fte, Person, Form).own("human_name_id"),
    row(Get, "/api/fte/dead-letters", Fte, Staff, Read),
    row(Post, "/api/fte/dead-letters/{id}/replay", Fte, Staff, Write),
]);

/// Routes of services that don't exist outside, so that no parameter of a route that does can stand for them: registering an address is
/// what services do for people.
pub const INSIDE: &[(Verb, &str)] = &[(Post, "/api/identity/email/upsert")];

impl Upstream {
    /// All of them.
    pub const ALL: [Self; 5] = [Identity, Account, Marketing, Billing, Fte];

    /// The name it is deployed under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Identity => "identity",
            Account => "account",
            Marketing => "marketing",
            Billing => "billing",
            Fte => "fte",
        }
    }

    /// Its place in [`Upstream::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}
