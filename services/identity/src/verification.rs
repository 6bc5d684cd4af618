//! Proving that somebody reads mail at an address or has a telephone. In come contacts and codes; out goes whether it is
//! proved. Known and unknown contacts take the same path up to the sending, which nobody waits for.
//! Must not tell a caller which contacts are known.

use std::sync::Arc;

use rerp_kit::access::Caller;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use crate::confirmations::Answers;
use crate::deliver::{Destination, Post};
use crate::domain::otp::{Channel, Code, OtpKey};
use crate::store::contact::{self, Outlook};
use crate::store::otp::{self, Challenge, Contact};
use crate::store::proof::{self, Owned, Proved};

/// How many messages may be on their way to the vendors at once.
const ON_THE_WAY: usize = 64;

/// What verification needs. Clones share it.
#[derive(Debug, Clone)]
pub struct Verification {
    pub(crate) db: Db,
    key: OtpKey,
    pub(crate) post: Post,
    pub(crate) most_a_day: i32,
    pub(crate) places: Arc<Semaphore>,
    /// The page that takes invitations; none where nobody is invited.
    pub(crate) invitations: Option<Url>,
    /// Where questions lead whether something was meant; none where nobody is asked.
    pub(crate) confirmations: Option<Answers>,
}

/// A contact somebody wants to prove, and whose it is.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Where codes go.
    pub to: Destination,
    /// None when nobody has it, or not the one who asks.
    pub owned: Option<Owned>,
}

impl Verification {
    /// `most_a_day`: how many codes each channel may send on a day, whoever asks for them.
    #[must_use]
    pub fn new(db: Db, key: OtpKey, post: Post, most_a_day: i32) -> Self {
        let places = Arc::new(Semaphore::new(ON_THE_WAY));
        Self { db, key, post, most_a_day, places, invitations: None, confirmations: None }
    }

    /// The same where people are invited; `page` takes their invitations.
    #[must_use]
    pub fn inviting_to(self, page: Option<Url>) -> Self {
        Self { invitations: page, ..self }
    }

    /// The same where people are asked whether they meant what was left under their address.
    #[must_use]
    pub fn confirming_at(self, answers: Option<Answers>) -> Self {
        Self { confirmations: answers, ..self }
    }

    /// The same for what a caller asks for; see [`Db::on_behalf`].
    #[must_use]
    pub fn on_behalf(&self, caller: &Caller) -> Self {
        Self { db: self.db.on_behalf(caller), ..self.clone() }
    }

    /// The same as the service's own work; see [`Db::at_work`].
    #[must_use]
    pub fn at_work(&self) -> Self {
        Self { db: self.db.at_work(), ..self.clone() }
    }

    /// The database, to look contacts up.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// How many messages are on their way. None means that whatever was asked for has left, or never will.
    #[must_use]
    pub fn on_the_way(&self) -> usize {
        ON_THE_WAY.saturating_sub(self.places.available_permits())
    }

    /// Makes a code and has it sent to whoever has the contact. False when one was asked for a moment ago, or too many
    /// were today. A code that is lost on its way, with this process for example, is asked for again a minute later.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn start(&self, claimed: Claimed) -> Result<bool, DbError> {
        let (id, code) = (Uuid::now_v7(), Code::draw());
        let contact = self.contact(&claimed.to);
        let challenge = Challenge { id, digest: self.key.digest(id, &code) };
        if !otp::begin(&self.db, &contact, &challenge).await? {
            return Ok(false);
        }
        if claimed.owned.is_some() {
            self.send_soon(contact.channel, claimed.to, code, id);
        }
        Ok(true)
    }

    /// Whether the code is right; records the proof if it is.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn check(&self, claimed: Claimed, code: &Code) -> Result<Option<Proved>, DbError> {
        let contact = self.contact(&claimed.to);
        let Some(held) = otp::spend_try(&self.db, &contact).await? else { return Ok(None) };
        match claimed.owned {
            Some(owned) if self.key.proves(held.id, code, &held.digest) => {
                proof::record(&self.db, &contact, held.id, &owned).await
            }
            _ => Ok(None),
        }
    }

    /// What is open about proving a contact; none if no code was asked for lately.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn outlook(&self, to: &Destination) -> Result<Option<Outlook>, DbError> {
        contact::outlook(&self.db, &self.contact(to)).await
    }

    fn contact(&self, to: &Destination) -> Contact {
        let (channel, canonical) = match to {
            Destination::Email(address) => (Channel::Email, address.as_str()),
            Destination::Phone(number) => (Channel::Phone, number.as_str()),
        };
        Contact { channel, digest: self.key.contact(channel, canonical) }
    }

    fn send_soon(&self, channel: Channel, to: Destination, code: Code, message: Uuid) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!(channel = channel.label(), "a code is not sent: too many are on their way");
            return;
        };
        let (db, post, most) = (self.db.clone(), self.post.clone(), self.most_a_day);
        tokio::spawn(async move {
            let _place = place;
            match otp::within_budget(&db, channel, most).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::error!(channel = channel.label(), most, "a code is not sent: today's budget is spent");
                    return;
                }
                Err(error) => {
                    tracing::warn!(channel = channel.label(), error = chain(&error), "a code is not sent");
                    return;
                }
            }
            if let Err(error) = post.send(&to, &code, message).await {
                tracing::warn!(channel = channel.label(), error = chain(&error), "a code is not sent");
            }
        });
    }
}

/// Deletes what counts for nothing any more, now and then until told to stop.
pub async fn keep_swept(db: Db, stop: tokio_util::sync::CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(std::time::Duration::from_secs(3600)) => {}
        }
        if let Err(error) = otp::sweep(&db).await {
            tracing::warn!(error = chain(&error), "old codes stay for another hour");
        }
    }
}
