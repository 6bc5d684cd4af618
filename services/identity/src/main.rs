//! The program: `rerp-identity serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_identity::announcing::keep_announced;
use rerp_identity::config::VerificationSettings;
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::hooks::{HookSettings, Hooks};
use rerp_identity::overdue::keep_counted;
use rerp_identity::sessions;
use rerp_identity::verification::{Verification, keep_swept};
use rerp_kit::app::{self, BuildError, Parts, Service};
use rerp_kit::client::outside;
use rerp_kit::config::Env;
use rerp_kit::events::announce;
use rerp_kit::idempotency::keep_swept as keep_keys_swept;
use rerp_kit::rights::keep_in_time;

fn main() -> ExitCode {
    let service = Service {
        name: "identity",
        migrations: rerp_identity::migrations(),
        rules: rerp_identity::access::RULES,
        api: rerp_identity::openapi::api,
    };
    app::main(service, |env: &mut Env| {
        let settings = VerificationSettings::read(env);
        let hooks = HookSettings::read(env, settings.is_some());
        move |parts: Parts| {
            announce(&parts);
            if parts.bus.is_some() {
                tokio::spawn(keep_announced(parts.db.at_work(), parts.stop.clone()));
            }
            tokio::spawn(keep_keys_swept(parts.db.clone(), parts.stop.clone()));
            keep_in_time(&parts, rerp_identity::rights::LIFETIMES)?;
            let erasures = parts.metrics.gauges("rerp_erasures", "Erasures that are not over", &["state"])?;
            tokio::spawn(keep_counted(parts.db.at_work(), erasures, parts.stop.clone()));
            let router = rerp_identity::router(parts.db.clone());
            let Some(settings) = settings else {
                tracing::info!("RERP_OTP_KEY is not set: nobody can verify an address or a telephone");
                return Ok(router);
            };
            let stop = parts.stop.clone();
            tokio::spawn(keep_swept(parts.db.at_work(), parts.stop));
            let verification = verification(settings, parts.db)?;
            let router = router.merge(rerp_identity::verifying(verification.clone()));
            Ok(match hooks {
                Some(hooks) => {
                    tokio::spawn(sessions::keep_swept(verification.db().at_work(), stop));
                    router.merge(rerp_identity::hooked(Hooks::new(verification, hooks)))
                }
                None => router,
            })
        }
    })
}

fn verification(settings: VerificationSettings, db: rerp_kit::pool::Db) -> Result<Verification, BuildError> {
    let http = outside()?.build()?;
    let mail = Resend { http: http.clone(), base: settings.resend, key: settings.resend_key, from: settings.mail_from };
    let text = Twilio {
        http,
        base: settings.twilio,
        account: settings.twilio_account,
        token: settings.twilio_token,
        from: settings.text_from,
    };
    let verification = Verification::new(db, settings.key, Post { mail, text }, settings.most_a_day);
    Ok(verification.inviting_to(settings.invitations).confirming_at(settings.confirmations))
}
