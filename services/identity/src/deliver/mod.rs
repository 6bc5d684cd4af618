//! Messages that carry codes and invitations. In come a code or a link and where it goes; out go requests to the vendors, Resend for mail and Twilio
//! for texts. Must not log a code, a contact, or what a vendor said: it may repeat both.

mod resend;
mod twilio;

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use tokio::time::{sleep, timeout};
use url::Url;
use uuid::Uuid;

pub use resend::Resend;
pub use twilio::Twilio;

use crate::domain::email::EmailAddress;
use crate::domain::otp::Code;
use crate::domain::phone::PhoneNumber;

/// Time one request to a vendor has.
const REQUEST: Duration = Duration::from_secs(10);
/// How often a message is given to a vendor at most.
const ATTEMPTS: u32 = 3;
/// First pause between two attempts; grows fourfold.
const PAUSE: Duration = Duration::from_millis(500);

/// Where a code goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A mailbox.
    Email(EmailAddress),
    /// A telephone.
    Phone(PhoneNumber),
}

/// Why a message did not leave.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The vendor refused it.
    #[error("the vendor answered {0}")]
    Refused(StatusCode),
    /// The vendor was not reached, or did not answer.
    #[error("the vendor was not reached: {0}")]
    Unreachable(&'static str),
}

/// Both vendors.
#[derive(Debug, Clone)]
pub struct Post {
    /// For mail.
    pub mail: Resend,
    /// For texts.
    pub text: Twilio,
}

impl Post {
    /// Gives a code to the vendor. `message` stays the same when a message is given twice.
    ///
    /// # Errors
    /// See [`DeliverError`].
    pub async fn send(&self, to: &Destination, code: &Code, message: Uuid) -> Result<(), DeliverError> {
        match to {
            // Resend knows a repetition by its key, so a lost answer is no reason to give up.
            Destination::Email(address) => {
                repeated(|| self.mail.request(address, code, message), Lost::MayBeRepeated).await
            }
            Destination::Phone(number) => repeated(|| self.text.request(number, code), Lost::MayHaveLeft).await,
        }
    }
}

/// What a request whose answer was lost means for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    MayBeRepeated,
    MayHaveLeft,
}

async fn repeated(request: impl Fn() -> RequestBuilder, lost: Lost) -> Result<(), DeliverError> {
    let mut pause = PAUSE;
    for attempt in 1.. {
        let (error, again) = match timeout(REQUEST, request().send()).await {
            Ok(Ok(response)) if response.status().is_success() => return Ok(()),
            Ok(Ok(response)) => {
                let status = response.status();
                let again = status == StatusCode::TOO_MANY_REQUESTS
                    || (status.is_server_error() && lost == Lost::MayBeRepeated);
                (DeliverError::Refused(status), again)
            }
            Ok(Err(error)) if error.is_connect() => (DeliverError::Unreachable("no connection"), true),
            Ok(Err(_)) => (DeliverError::Unreachable("the answer was lost"), lost == Lost::MayBeRepeated),
            Err(_) => (DeliverError::Unreachable("no answer in time"), lost == Lost::MayBeRepeated),
        };
        if !again || attempt >= ATTEMPTS {
            return Err(error);
        }
        sleep(pause).await;
        pause *= 4;
    }
    Err(DeliverError::Unreachable("tried too often"))
}

impl Post {
    /// Gives a code of somebody else's to the vendor. `call` stays the same when it is given twice.
    ///
    /// # Errors
    /// See [`DeliverError`].
    pub async fn carry(&self, to: &Destination, code: &str, call: &str) -> Result<(), DeliverError> {
        let text = of_code(code);
        match to {
            Destination::Email(address) => {
                let request = || self.mail.letter(address, "Your code", &text, format!("hook-{call}"));
                repeated(request, Lost::MayBeRepeated).await
            }
            Destination::Phone(number) => repeated(|| self.text.message(number, &text), Lost::MayHaveLeft).await,
        }
    }

    /// Gives a question to the vendor of mail: whether the reader meant what was left under the address. `message` stays the same when it is given twice.
    ///
    /// # Errors
    /// See [`DeliverError`].
    pub async fn confirm(
        &self,
        to: &EmailAddress,
        page: &Url,
        unsubscribe: &Url,
        message: Uuid,
    ) -> Result<(), DeliverError> {
        repeated(|| self.mail.confirmation(to, page, unsubscribe, message), Lost::MayBeRepeated).await
    }

    /// Gives an invitation to the vendor of mail. `message` stays the same when it is given twice.
    ///
    /// # Errors
    /// See [`DeliverError`].
    pub async fn invite(&self, to: &EmailAddress, link: &Url, message: Uuid) -> Result<(), DeliverError> {
        repeated(|| self.mail.invitation(to, link, message), Lost::MayBeRepeated).await
    }
}

/// What a person reads.
fn words(code: &Code) -> String {
    format!("Your code is {}. It is good for ten minutes. Nobody of us will ever ask you for it.", code.reveal())
}

/// The same of a code whose end others know.
fn of_code(code: &str) -> String {
    format!("Your code is {code}. Nobody of us will ever ask you for it.")
}
