//! The program: `rerp-account serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_account::rights::{HELD, LIFETIMES};
use rerp_account::state::AppState;
use rerp_entitlements::Billing;
use rerp_kit::app::{self, Parts, Service};
use rerp_kit::client::ServiceClient;
use rerp_kit::config::Env;
use rerp_kit::events::{Handlers, announce, follow};
use rerp_kit::idempotency::keep_swept;
use rerp_kit::rights::keep_in_time;
use rerp_people::erasing::Eraser;
use rerp_people::{Identity, verified};

fn main() -> ExitCode {
    let service = Service {
        name: "account",
        migrations: rerp_account::migrations(),
        rules: rerp_account::access::RULES,
        api: rerp_account::openapi::api,
    };
    app::main(service, |env: &mut Env| {
        let (identity, billing) = (env.dependency("identity"), env.optional_dependency("billing"));
        move |parts: Parts| {
            // A missing address has been reported by now: the kit doesn't build a service with mistakes.
            let base = identity.ok_or("the address of a dependency is missing")?;
            let client = ServiceClient::new("identity", &base, parts.metrics.clone(), parts.tls.as_ref())?;
            let eraser = Eraser { service: "account", identity: client.clone(), db: parts.db.clone(), held: HELD };
            tokio::spawn(eraser.keep(parts.stop.clone()));
            keep_in_time(&parts, LIFETIMES)?;
            let identity = Identity::new(client, &parts.metrics);
            let billing = billing
                .map(|base| ServiceClient::new("billing", &base, parts.metrics.clone(), parts.tls.as_ref()))
                .transpose()?
                .map(Billing::new);
            if billing.is_none() {
                tracing::info!("billing is no dependency: no plan bounds how many people an account has");
            }
            announce(&parts);
            follow(&parts, verified::noted(Handlers::default()));
            tokio::spawn(keep_swept(parts.db.clone(), parts.stop));
            Ok(rerp_account::router(AppState { db: parts.db, identity, billing }))
        }
    })
}
