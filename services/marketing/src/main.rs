//! The program: `rerp-marketing serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_kit::app::{self, BuildError, Parts, Service};
use rerp_kit::client::{ServiceClient, outside};
use rerp_kit::config::Env;
use rerp_kit::idempotency::keep_swept;
use rerp_kit::rights::keep_in_time;
use rerp_marketing::captcha::Captcha;
use rerp_marketing::client::account::Account;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::config::{CaptchaSettings, confirmations};
use rerp_marketing::confirming::keep_asking;
use rerp_marketing::intake::{Gauges, Intake, Settings};
use rerp_marketing::resolver::keep_resolved;
use rerp_marketing::rights::{HELD, LIFETIMES};
use rerp_marketing::state::AppState;
use rerp_marketing::sweeper;
use rerp_people::erasing::Eraser;
use url::Url;

fn main() -> ExitCode {
    let service = Service {
        name: "marketing",
        migrations: rerp_marketing::migrations(),
        rules: rerp_marketing::access::RULES,
        api: rerp_marketing::openapi::api,
    };
    app::main(service, |env: &mut Env| {
        let (identity, account) = (env.dependency("identity"), env.dependency("account"));
        let (captcha, intake, confirmations) = (CaptchaSettings::read(env), Settings::read(env), confirmations(env));
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
            let captcha = captcha.open(outside()?.build()?);
            let gauges = Gauges::new(&parts.metrics)?;
            let Parts { db, stop, .. } = parts;
            tokio::spawn(keep_swept(db.clone(), stop.clone()));
            match &captcha {
                Captcha::Off => tracing::info!("RERP_CAPTCHA is off: forms are taken as they come"),
                Captcha::Work { .. } => drop(tokio::spawn(sweeper::keep_swept(db.at_work(), stop.clone()))),
                Captcha::Vendor { .. } => {}
            }
            tokio::spawn(keep_resolved(db.at_work(), account.clone(), stop.clone()));
            match &confirmations {
                Some(keys) => {
                    drop(tokio::spawn(keep_asking(db.at_work(), identity.clone(), keys.clone(), stop.clone())));
                }
                None => tracing::info!("RERP_CONFIRMATION_KEYS is not set: what visitors agree to counts as it comes"),
            }
            match &intake {
                Some(Settings { keys, .. }) => {
                    let (db, identity, keys) = (db.at_work(), identity.clone(), keys.clone());
                    tokio::spawn(Intake { db, identity, keys, gauges }.keep(stop));
                }
                None => tracing::info!("RERP_INTAKE_KEYS is not set: new addresses are refused while identity is away"),
            }
            Ok(rerp_marketing::router(AppState { db, identity, account, captcha, intake, confirmations }))
        }
    })
}
