//! Keeps the tables true to Stripe. In come events that were stored; out go fetches, and what they brought written down.
//! Must not believe an event: it says what to look at, and nothing else.

use std::time::Duration;

use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::domain::event::Kind;
use crate::domain::subscription::Status;
use crate::store::inbox::{self, Claimed};
use crate::store::mirror::{self, Fetched};
use crate::store::payment_method;
use crate::stripe::object::{Customer, PaymentMethod, SetupIntent, Subscription};
use crate::stripe::{Form, Stripe, StripeError};

/// Pause when nothing is due.
const IDLE: Duration = Duration::from_secs(1);
/// How often a person's newest payment method is looked for while others are being added.
const PREFERENCES: u32 = 3;
/// Between two sweeps of what is done.
const SWEEP: Duration = Duration::from_secs(3600);

/// Why an object could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Stripe gave none.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// Stripe refused to make one: nothing was made.
    #[error("stripe refuses to make it")]
    Refused(#[source] StripeError),
    /// It could not be written.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Stripe has a state that this version doesn't know.
    #[error("a subscription has a status that is not known here")]
    UnknownStatus,
}

/// Whatever keeps the tables true. Clones share everything.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// The tables.
    pub db: Db,
    /// The truth.
    pub stripe: Stripe,
}

impl Mirror {
    /// Works on events that are due, until there are none. Returns how many there were.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single event is written down at it and is no error.
    pub async fn catch_up(&self) -> Result<usize, DbError> {
        let mut worked = 0;
        loop {
            let claimed = inbox::claim(&self.db).await?;
            if claimed.is_empty() {
                return Ok(worked);
            }
            for event in &claimed {
                if let Err(error) = self.work(event).await {
                    let (id, attempts) = (&event.event_id, event.attempts);
                    if attempts >= inbox::MOST_ATTEMPTS {
                        tracing::error!(event = id, attempts, error = chain(&error), "an event is given up");
                    } else {
                        tracing::warn!(event = id, attempts, error = chain(&error), "an event waits");
                    }
                    inbox::failed(&self.db, &event.event_id, &error.to_string()).await?;
                }
            }
            worked += claimed.len();
        }
    }

    async fn work(&self, event: &Claimed) -> Result<(), MirrorError> {
        // What a newer version stored is left to it: the row waits for the next claim.
        let Some(kind) = event.kind() else { return Ok(()) };
        self.refresh(kind, &event.object_id, Some(&event.event_id)).await.map(drop)
    }

    /// Fetches an object and writes what it is, and that the event which asked for it is done. Returns what was fetched.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn refresh(&self, kind: Kind, id: &str, event: Option<&str>) -> Result<Fetched, MirrorError> {
        // Before the request is sent: that is what the order of tickets promises.
        let ticket = mirror::ticket(&self.db).await?;
        let fetched = self.fetch(kind, id).await?;
        if let Fetched::Setup(_, Some(_)) = fetched {
            mirror::write(&self.db, ticket, &fetched, None).await?;
            self.prefer(id, ticket).await?;
            // Done only now: whoever is lost in between leaves the event to the next.
            mirror::write(&self.db, ticket, &Fetched::Nothing, event).await?;
        } else {
            mirror::write(&self.db, ticket, &fetched, event).await?;
        }
        Ok(fetched)
    }

    /// Has Stripe charge what the person added last, whichever setup we hear of last. Looks again afterwards: another worker may have had
    /// something newer preferred in between, which this one has just put back.
    async fn prefer(&self, setup: &str, ticket: i64) -> Result<(), MirrorError> {
        let mut preferred = None;
        for turn in 0..PREFERENCES {
            let newest = payment_method::newest(&self.db, setup).await?;
            let Some((customer, method)) = newest.clone().filter(|_| newest != preferred) else { break };
            let form = Form::default().with("invoice_settings[default_payment_method]", method);
            // A key of its own: the same wish may have to be made again after another.
            let path = format!("{}/{customer}", Kind::Customer.path());
            let _: Customer = self.stripe.create(&path, &form, &format!("prefer-{ticket}-{turn}")).await?;
            preferred = newest;
        }
        Ok(())
    }

    async fn fetch(&self, kind: Kind, id: &str) -> Result<Fetched, MirrorError> {
        let found = match kind {
            Kind::Customer => self.stripe.fetch(kind, id).await?.map(Fetched::Customer),
            Kind::SetupIntent => self.setup(id).await?,
            Kind::PaymentMethod => self.stripe.fetch(kind, id).await?.map(Fetched::PaymentMethod),
            Kind::Subscription => match self.stripe.fetch::<Subscription>(kind, id).await? {
                Some(object) => {
                    let status = Status::parse(&object.status).ok_or(MirrorError::UnknownStatus)?;
                    Some(Fetched::Subscription(object, status))
                }
                None => None,
            },
            Kind::PaymentIntent => self.stripe.fetch(kind, id).await?.map(Fetched::PaymentIntent),
            Kind::Invoice => self.stripe.fetch(kind, id).await?.map(Fetched::Invoice),
            Kind::VerificationSession => self.stripe.fetch(kind, id).await?.map(Fetched::Verification),
        };
        Ok(found.unwrap_or(Fetched::Nothing))
    }

    async fn setup(&self, id: &str) -> Result<Option<Fetched>, MirrorError> {
        let Some(intent) = self.stripe.fetch::<SetupIntent>(Kind::SetupIntent, id).await? else { return Ok(None) };
        let method = match &intent.payment_method {
            Some(method) => self.stripe.fetch::<PaymentMethod>(Kind::PaymentMethod, method).await?,
            None => None,
        };
        Ok(Some(Fetched::Setup(intent, method)))
    }
}

/// Deletes old events, some at a time, until there are none.
async fn sweep(db: &Db) -> Result<(), DbError> {
    while inbox::sweep(db).await? > 0 {}
    Ok(())
}

/// Works on events until told to stop.
pub async fn keep(mirror: Mirror, stop: CancellationToken) {
    let mut swept = tokio::time::Instant::now();
    loop {
        if let Err(error) = mirror.catch_up().await {
            tracing::warn!(error = chain(&error), "events wait for the database");
        }
        if swept.elapsed() > SWEEP {
            swept = tokio::time::Instant::now();
            if let Err(error) = sweep(&mirror.db).await {
                tracing::warn!(error = chain(&error), "old events stay for another hour");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}
