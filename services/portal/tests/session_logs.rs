//! What the portal logs of sessions, all of it, down to what libraries say: nothing that would let anybody in, and no address. Alone in its program: what is
//! logged is caught for the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;

#[path = "sessions/totp.rs"]
mod totp;

use std::io::{Result, Write};
use std::sync::{Arc, Mutex};

use rerp_portal::session::seal::Purpose;
use secrecy::ExposeSecret as _;
use serde_json::json;
use someone::{ANN, Place, SECRET, cookie_of, read, seal};
use totp::Totp;

#[derive(Clone, Default)]
struct Caught(Arc<Mutex<Vec<u8>>>);

impl Write for Caught {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_secret_is_logged() {
    let caught = Caught::default();
    let writer = caught.clone();
    // What the stand-in for Supabase logs isn't the portal's.
    let filter = "trace,rerp_sandbox=off";
    // Without the time: six digits of it may be those of a code.
    tracing_subscriber::fmt().without_time().with_env_filter(filter).with_writer(move || writer.clone()).init();
    let (place, alone) = (Place::open().await, Place::without_supabase().await);
    let cookie = place.signed_in(ANN).await;
    let wrong = json!({ "email": ANN, "password": "wrong-password-of-ann" });
    place.ask("POST", "/session", &[], wrong).await;
    let answer = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    let next = cookie_of(&answer);
    let access = read(answer).await["access_token"].as_str().unwrap().to_owned();
    let recovered = |code: &str, password: &str| json!({ "email": ANN, "code": code, "password": password });
    place.ask("POST", "/session/recovery", &[], json!({ "email": ANN })).await;
    let code = place.code(ANN).await;
    place.ask("POST", "/session/recovered", &[], recovered("918273", "chosen-password")).await;
    let weak = place.ask("POST", "/session/recovered", &[], recovered(&code, "weak#")).await;
    let looking = cookie_of(&weak);
    place.ask("POST", "/session/recovered", &[("cookie", &looking)], recovered(&code, "chosen-password")).await;
    place.ask("DELETE", "/session", &[("cookie", &next)], json!({})).await;
    place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    alone.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    let office = Place::of_staff().await;
    office.account(ANN, SECRET).await;
    let asked = office.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    let pending = cookie_of(&asked);
    let secret = read(asked).await["secret"].as_str().unwrap().to_owned();
    let totp = Totp::of(&secret);
    let codes = [totp.wrong(), totp.code(0)];
    for code in &codes {
        office.ask("POST", "/session/factor", &[("cookie", &pending)], json!({ "code": code })).await;
    }
    let logged = String::from_utf8(caught.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("Supabase refused") && logged.contains("Supabase was not reached"), "it was caught");
    let sealed = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    let refresh = |cookie: &str| {
        let held = seal().open(&sealed(cookie), Purpose::Session).unwrap();
        held.refresh.expose_secret().to_owned()
    };
    let for_looking = seal().open(&sealed(&looking), Purpose::Recovery { email: ANN, code: &code }).unwrap();
    let factor = codes.into_iter().chain([secret, sealed(&pending)]).collect::<Vec<_>>();
    let typed = [SECRET, ANN, "sb_publishable_tests", "wrong-password", "918273", "chosen-password", "weak#", &code];
    let held = [&access, &sealed(&cookie), &sealed(&next), &sealed(&looking), &refresh(&cookie), &refresh(&next)];
    let held = held.into_iter().map(String::as_str).chain([for_looking.refresh.expose_secret()]);
    for secret in held.chain(typed).chain(factor.iter().map(String::as_str)) {
        assert!(!secret.is_empty() && !logged.contains(secret), "{secret} is in the log");
    }
}
