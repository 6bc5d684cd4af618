//! The program: `rerp-marketing serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_kit::app::{self, BuildError, Parts};
use rerp_kit::client::ServiceClient;
use rerp_kit::config::Env;
use rerp_kit::idempotency::keep_swept;
use rerp_kit::rights::keep_in_time;
use rerp_marketing::client::account::Account;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::resolver::keep_resolved;
use rerp_marketing::rights::{HELD, LIFETIMES};
use rerp_marketing::state::AppState;
use rerp_people::erasing::Eraser;
use url::Url;

fn main() -> ExitCode {
    app::main("marketing", rerp_marketing::migrations(), rerp_marketing::access::RULES, |env: &mut Env| {
        let (identity, account) = (env.dependency("identity"), env.dependency("account"));
        move |parts: Parts| {
            let client = |service, base: Option<Url>| -> Result<ServiceClient, BuildError> {
                // A missing address has been reported by now: the kit doesn't build a service with mistakes.
                let base = base.ok_or("the address of a dependency is missing")?;
                Ok(ServiceClient::new(service, &base, parts.metrics.clone(), parts.tls.as_ref())?)
            };
            let people = client("identity", identity)?;
            let eraser = Eraser { service: "marketing", identity: people.clone(), db: parts.db.clone(), held: HELD };
            tokio::spawn(eraser.keep(parts.stop.clone()));
            keep_in_time(&parts, LIFETIMES)?;
            let identity = Identity::new(people, &parts.metrics);
            let account = Account::new(client("account", account)?, &parts.metrics);
            let Parts { db, stop, .. } = parts;
            tokio::spawn(keep_swept(db.clone(), stop.clone()));
            tokio::spawn(keep_resolved(db.clone(), account.clone(), stop));
            Ok(rerp_marketing::router(AppState { db, identity, account }))
        }
    })
}
