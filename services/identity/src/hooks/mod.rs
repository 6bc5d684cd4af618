//! What Supabase Auth asks of us: to carry its codes, and what its tokens are to say. In come users as Supabase knows them; out go messages and claims. Whoever signs in there is
//! here under the same identifier (`docs/adr/0027`): a person or one of the staff, and nobody else gets a code or a token.
//!
//! Codes go only to contacts that the registry has for that identifier, so that Supabase can be made to send nothing anywhere else. Must not log codes or contacts.

mod settings;
mod token;

use std::time::Duration;

use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use serde_json::{Map, Value};
use tokio::time::timeout;
use uuid::Uuid;

pub use settings::HookSettings;

use crate::deliver::Destination;
use crate::domain::otp::Channel;
use crate::domain::webhook::Secret;
use crate::store::hook::{self as store, Known};
use crate::store::otp::within_budget;
use crate::store::session as sessions;
use crate::verification::Verification;

/// How long sending may take: Supabase waits five seconds in all.
const PATIENCE: Duration = Duration::from_secs(4);

/// What hooks need. Clones share it.
#[derive(Debug, Clone)]
pub struct Hooks {
    verification: Verification,
    settings: HookSettings,
}

/// Why Supabase gets no for an answer. The texts are shown to whoever signs in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Neither a person nor one of the staff has this identifier.
    #[error("nobody has this identifier here")]
    Nobody,
    /// The registry has another contact, or none.
    #[error("the contact is not the one that is registered for this person")]
    OtherContact,
    /// A change of contacts begins here, not there.
    #[error("contacts are changed in the account, not here")]
    NotHere,
    /// Whoever it is may not sign in, or not as what they ask to be.
    #[error("this sign-in is not allowed")]
    NotAllowed,
    /// Today's budget of messages is spent.
    #[error("too many messages were sent today")]
    Spent,
    /// The vendor took no message.
    #[error("the message could not be sent")]
    NotSent,
    /// The database can't say.
    #[error("asking the registry")]
    Registry(#[from] DbError),
}

impl Refused {
    /// The status that Supabase is to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Nobody | Self::OtherContact | Self::NotHere | Self::NotAllowed => 403,
            Self::Spent => 429,
            Self::NotSent => 502,
            Self::Registry(_) => 503,
        }
    }
}

impl Hooks {
    /// Hooks that send with what verification sends with. Supabase asks for whoever signs in: it is the service's own work.
    #[must_use]
    pub fn new(verification: Verification, settings: HookSettings) -> Self {
        Self { verification: verification.at_work(), settings }
    }

    /// What calls are signed with.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.settings.secrets
    }

    /// Carries a code to a contact of somebody. `call` stays the same when it is the same message.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn carry(&self, user: Uuid, to: Destination, code: &str, call: &str) -> Result<(), Refused> {
        let known = self.known(user).await?;
        let (channel, is_theirs) = match &to {
            Destination::Email(address) => (Channel::Email, known.email.as_deref() == Some(address.as_str())),
            Destination::Phone(number) => (Channel::Phone, known.phone.as_deref() == Some(number.as_str())),
        };
        if !is_theirs {
            return Err(Refused::OtherContact);
        }
        if !within_budget(self.db(), channel, self.verification.most_a_day).await? {
            tracing::error!(channel = channel.label(), "a code of Supabase's is not sent: today's budget is spent");
            return Err(Refused::Spent);
        }
        let why = match timeout(PATIENCE, self.verification.post.carry(&to, code, call)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => chain(&error),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(channel = channel.label(), error = why, "a code of Supabase's is not sent");
        Err(Refused::NotSent)
    }

    /// What somebody's token is to say.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn claims(&self, user: Uuid, claims: Map<String, Value>) -> Result<Map<String, Value>, Refused> {
        let known = self.known(user).await?;
        let (session, aal) = token::session(&claims).ok_or(Refused::NotAllowed)?;
        let staff_audience = self.settings.staff_audience.as_deref();
        let claims = token::claims(user, &known, claims, staff_audience).ok_or(Refused::NotAllowed)?;
        // Last: who gets no token has no session either.
        if sessions::seen(self.db(), session, user, aal).await? { Ok(claims) } else { Err(Refused::NotAllowed) }
    }

    async fn known(&self, user: Uuid) -> Result<Known, Refused> {
        store::known(self.db(), user).await?.ok_or(Refused::Nobody)
    }

    fn db(&self) -> &Db {
        self.verification.db()
    }
}
