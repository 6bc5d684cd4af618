//! Everything the sandbox remembers, in memory. Data only.

use super::webhook::Webhook;
use crate::captcha::Captchas;
use crate::post::fault::Faults;
use crate::post::mailbox::Mailbox;
use crate::post::resend::Resend;
use crate::post::twilio::Twilio;
use crate::stripe::call::Stripe;
use crate::supabase::call::Supabase;
use crate::supabase::settings::Settings;
use crate::trading::scenario::shelf::Shelf;
use jiff::Timestamp;

/// What all routes share.
#[derive(Debug)]
pub(super) struct World {
    /// Scenarios of the trading part.
    pub(super) scenarios: Shelf,
    /// Mail.
    pub(super) resend: Resend,
    /// Texts.
    pub(super) twilio: Twilio,
    /// What came of both.
    pub(super) mailbox: Mailbox,
    /// Failures on request.
    pub(super) faults: Faults,
    /// Money.
    pub(super) stripe: Stripe,
    /// Where Stripe's events go.
    pub(super) webhook: Webhook,
    /// Who is who.
    pub(super) supabase: Supabase,
    /// Who is a program.
    pub(super) captchas: Captchas,
    /// What events are sent with, and hooks asked.
    pub(super) http: reqwest::Client,
}

impl World {
    /// An empty one, whose clocks show the present.
    pub(super) fn new(http: reqwest::Client, supabase: Settings) -> Self {
        Self {
            scenarios: Shelf::default(),
            resend: Resend::default(),
            twilio: Twilio::default(),
            mailbox: Mailbox::default(),
            faults: Faults::default(),
            stripe: Stripe::at(Timestamp::now().as_second()),
            webhook: Webhook::default(),
            supabase: Supabase::new(supabase),
            captchas: Captchas::default(),
            http,
        }
    }
}
