//! The program: `rerp-marketing serve | migrate`. Must not hold anything but the wiring.

use std::process::ExitCode;

use rerp_kit::app::{self, BuildError, Parts};
use rerp_kit::client::ServiceClient;
use rerp_kit::config::Env;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::state::AppState;

fn main() -> ExitCode {
    app::main("marketing", rerp_marketing::migrations(), |env: &mut Env| {
        let identity = env.dependency("identity");
        move |parts: Parts| {
            // A missing address has been reported by now: the kit doesn't build a service with mistakes.
            let base = identity.ok_or("the address of `identity` is missing").map_err(BuildError::from)?;
            let identity = Identity::new(
                ServiceClient::new("identity", &base, parts.metrics.clone(), parts.tls.as_ref())?,
                &parts.metrics,
            );
            tokio::spawn(rerp_marketing::keep_swept(parts.db.clone(), parts.stop));
            Ok(rerp_marketing::router(AppState { db: parts.db, identity }))
        }
    })
}
