//! The program: `rerp-fte serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;
use std::sync::Arc;

use rerp_entitlements::Billing;
use rerp_fte::client::account::Account;
use rerp_fte::client::trading::Trading;
use rerp_fte::config;
use rerp_fte::rights::{HELD, LIFETIMES};
use rerp_fte::state::{AppState, Badges};
use rerp_fte::sweeper::keep_ended;
use rerp_kit::app::{self, BuildError, Parts, Service};
use rerp_kit::client::{ServiceClient, outside};
use rerp_kit::config::Env;
use rerp_kit::events::{Handlers, announce, follow};
use rerp_kit::idempotency::keep_swept;
use rerp_kit::rights::keep_in_time;
use rerp_people::erasing::Eraser;
use rerp_people::{Identity, verified};
use url::Url;

fn main() -> ExitCode {
    let service = Service {
        name: "fte",
        migrations: rerp_fte::migrations(),
        rules: rerp_fte::access::RULES,
        api: rerp_fte::openapi::api,
    };
    app::main(service, |env: &mut Env| {
        let [identity, account, billing] = ["identity", "account", "billing"].map(|name| env.dependency(name));
        let trading = config::trading(env);
        let issuer = config::issuer(env);
        move |parts: Parts| {
            let client = |service, base: Option<Url>| -> Result<ServiceClient, BuildError> {
                // A missing address has been reported by now: the kit doesn't build a service with mistakes.
                let base = base.ok_or("the address of a dependency is missing")?;
                Ok(ServiceClient::new(service, &base, parts.metrics.clone(), parts.tls.as_ref())?)
            };
            let people = client("identity", identity)?;
            let eraser = Eraser { service: "fte", identity: people.clone(), db: parts.db.clone(), held: HELD };
            tokio::spawn(eraser.keep(parts.stop.clone()));
            keep_in_time(&parts, LIFETIMES)?;
            let identity = Identity::new(people, &parts.metrics);
            let account = Account::new(client("account", account)?);
            let billing = Billing::new(client("billing", billing)?);
            let trading = trading.ok_or("the address of the trading service is missing")?;
            let trading = Trading::new(outside()?.build()?, trading);
            announce(&parts);
            follow(&parts, verified::noted(Handlers::default()));
            let Parts { db, stop, .. } = parts;
            tokio::spawn(keep_swept(db.clone(), stop.clone()));
            let state = AppState { db: db.clone(), identity, account, billing, trading };
            tokio::spawn(keep_ended(state.scenarios_at_work(), stop));
            let router = rerp_fte::router(state);
            let Some(issuer) = issuer else {
                tracing::info!("RERP_FTE_SIGNING_KEYS is not set: certificates can't be had as Open Badges");
                return Ok(router);
            };
            Ok(router.merge(rerp_fte::badges(Badges { db, issuer: Arc::new(issuer) })))
        }
    })
}
