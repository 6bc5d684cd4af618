//! Everything the sandbox remembers, in memory. Data only.

use crate::post::fault::Faults;
use crate::post::mailbox::Mailbox;
use crate::post::resend::Resend;
use crate::post::twilio::Twilio;
use crate::trading::scenario::shelf::Shelf;

/// What all routes share.
#[derive(Debug, Default)]
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
}
