//! A look at the customers' portal on the running platform, as browsers have one. In: a cluster. Out: what isn't as it should be. Somebody signs in, stays so and
//! signs out, with an account that is made for it at the stand-in for Supabase.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Error;
use super::browser::{Browser, Seen, Wrong, first};
use crate::cluster::Cluster;
use crate::walk::door::Door;

/// The portal's host, as the manifests have it.
pub(super) const HOST: &str = "app.rerp.localhost";
/// The stand-in's own.
const SUPABASE: &str = "sandbox:8080";
const COOKIE: &str = "__Host-rerp-session=";
const PASSWORD: &str = "correct horse battery";

const JSON: (&str, &str) = ("content-type", "application/json");
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
const PAGE: (&str, &str) = ("sec-fetch-mode", "navigate");

/// Looks, and names what is wrong.
pub(super) fn look(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let (door, sandbox) = (Door::open(cluster, "gateway")?, Door::open(cluster, "sandbox")?);
    let (browser, backend) = (Browser::at(&door, HOST), Browser::at(&sandbox, SUPABASE));
    let mut wrong = Wrong::default();
    views(&browser, &mut wrong)?;
    sessions(&browser, &backend, &mut wrong)?;
    Ok(wrong.0)
}

fn views(browser: &Browser<'_>, wrong: &mut Wrong) -> Result<(), Error> {
    let home = first(browser)?;
    let is_app = home.status == 200 && home.says("id=\"app\"");
    wrong.unless(is_app, "the first page is not there", &home);
    let policy = home.header("content-security-policy");
    let is_strict = policy.starts_with("default-src 'none'") && !policy.contains("unsafe");
    wrong.unless(is_strict, "the first page has no strict policy", &home);
    let view = browser.get("/anywhere/at/all", &[PAGE])?;
    wrong.unless(view.status == 200 && view.body == home.body, "a view's address doesn't open the portal", &view);
    let gone = browser.get("/assets/gone.js", &[PAGE])?;
    wrong.unless(gone.status == 404, "a script that is gone is answered otherwise than by 404", &gone);
    let open = browser.get("/api/billing/plans", &[])?;
    wrong.unless(open.status == 200, "the API can't be asked on the portal's host", &open);
    Ok(())
}

fn sessions(browser: &Browser<'_>, backend: &Browser<'_>, wrong: &mut Wrong) -> Result<(), Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let email = format!("portal-{now}@walk.example");
    let account = json!({ "email": email, "password": PASSWORD, "email_confirm": true }).to_string();
    let made = backend.ask("POST", "/supabase/auth/v1/admin/users", &[JSON, ("apikey", "sb_secret_walk")], &account)?;
    wrong.unless(made.status == 200, "no account can be made for a look", &made);
    let wish = |password: &str| json!({ "email": email, "password": password }).to_string();
    let strange = [JSON, ("sec-fetch-site", "cross-site")];
    let strange = browser.ask("POST", "/session", &strange, &wish(PASSWORD))?;
    wrong.unless(strange.status == 403, "a page of somebody else can sign in", &strange);
    let refused = browser.ask("POST", "/session", &[JSON, OURS], &wish("wrong password"))?;
    wrong.unless(refused.status == 422, "a wrong password is not refused", &refused);
    let begun = browser.ask("POST", "/session", &[JSON, OURS], &wish(PASSWORD))?;
    wrong.unless(begun.status == 200 && cookie(&begun).is_some(), "somebody with an account can't sign in", &begun);
    let kept = cookie(&begun).unwrap_or_default();
    let next = browser.ask("POST", "/session/refresh", &[JSON, OURS, ("cookie", kept.as_str())], "{}")?;
    wrong.unless(next.status == 200 && cookie(&next).is_some(), "a session doesn't go on", &next);
    let kept = cookie(&next).unwrap_or_default();
    believed(browser, &next, wrong)?;
    let left = browser.ask("DELETE", "/session", &[OURS, ("cookie", kept.as_str())], "")?;
    wrong.unless(left.status == 204 && left.header("set-cookie").contains("Max-Age=0"), "nobody can sign out", &left);
    let over = browser.ask("POST", "/session/refresh", &[JSON, OURS, ("cookie", kept.as_str())], "{}")?;
    wrong.unless(over.status == 401, "a session goes on after signing out", &over);
    Ok(())
}

/// The gateway believes the token: identity knows nobody of this identifier, which it says to nobody else.
fn believed(browser: &Browser<'_>, begun: &Seen, wrong: &mut Wrong) -> Result<(), Error> {
    let told: Value = serde_json::from_slice(&begun.body).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let path = format!("/api/identity/verification-status/{}", text("person"));
    let token = format!("Bearer {}", text("access_token"));
    let status = browser.get(&path, &[("authorization", token.as_str())])?;
    wrong.unless([200, 404].contains(&status.status), "the API doesn't believe a session's token", &status);
    Ok(())
}

/// What a browser keeps, as it sends it back.
fn cookie(seen: &Seen) -> Option<String> {
    let kept = seen.header("set-cookie").split(';').next()?;
    kept.starts_with(COOKIE).then(|| kept.to_owned())
}
