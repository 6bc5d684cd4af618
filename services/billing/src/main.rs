//! The program: `rerp-billing serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;
use std::time::Duration;

use rerp_billing::asking::Asking;
use rerp_billing::config::StripeSettings;
use rerp_billing::mirror::{self, Mirror};
use rerp_billing::reconcile;
use rerp_billing::rights::{HELD, LIFETIMES};
use rerp_billing::state::AppState;
use rerp_billing::stripe::Stripe;
use rerp_kit::app::{self, Parts, Service};
use rerp_kit::client::{ServiceClient, outside};
use rerp_kit::config::Env;
use rerp_kit::events::{Handlers, announce, follow};
use rerp_kit::idempotency::keep_swept;
use rerp_kit::rights::keep_in_time;
use rerp_kit::telemetry::chain;
use rerp_people::erasing::Eraser;
use rerp_people::{Identity, verified};
use tokio_util::sync::CancellationToken;

/// Between two looks for wishes that were not answered.
const RESUME: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let service = Service {
        name: "billing",
        migrations: rerp_billing::migrations(),
        rules: rerp_billing::access::RULES,
        api: rerp_billing::openapi::api,
    };
    app::main(service, |env: &mut Env| {
        let (identity, settings) = (env.dependency("identity"), StripeSettings::read(env));
        move |parts: Parts| {
            // What is missing has been reported by now: the kit doesn't build a service with mistakes.
            let base = identity.ok_or("the address of a dependency is missing")?;
            let settings = settings.ok_or("the settings of stripe are missing")?;
            let client = ServiceClient::new("identity", &base, parts.metrics.clone(), parts.tls.as_ref())?;
            let eraser = Eraser { service: "billing", identity: client.clone(), db: parts.db.clone(), held: HELD };
            tokio::spawn(eraser.keep(parts.stop.clone()));
            keep_in_time(&parts, LIFETIMES)?;
            let identity = Identity::new(client, &parts.metrics);
            let stripe = Stripe { http: outside()?.build()?, base: settings.base, key: settings.key };
            announce(&parts);
            follow(&parts, verified::noted(Handlers::default()));
            tokio::spawn(keep_swept(parts.db.clone(), parts.stop.clone()));
            let mirror = Mirror { db: parts.db.at_work(), stripe: stripe.clone() };
            tokio::spawn(mirror::keep(mirror.clone(), parts.stop.clone()));
            tokio::spawn(reconcile::keep(mirror, parts.stop.clone()));
            tokio::spawn(keep_resumed(Asking { db: parts.db.at_work(), stripe: stripe.clone() }, parts.stop));
            let webhook_secrets = settings.webhook_secrets.into();
            let publishable_key = settings.publishable_key.map(Into::into);
            Ok(rerp_billing::router(AppState { db: parts.db, identity, stripe, webhook_secrets, publishable_key }))
        }
    })
}

async fn keep_resumed(asking: Asking, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RESUME) => {}
        }
        if let Err(error) = asking.resume().await {
            tracing::warn!(error = chain(&error), "wishes wait for the database");
        }
    }
}
