//! A look at the website on the running platform, as browsers have one: through the gateway, by the website's host. In: a cluster. Out: what isn't as it should
//! be. Must not look at anything that only a browser shows.

use super::Error;
use super::browser::{Browser, Seen, Wrong, first};
use crate::cluster::Cluster;
use crate::walk::door::Door;

/// The website's host, and the origin of its pages, as the manifests have them.
pub(super) const HOST: &str = "www.rerp.localhost";
const ORIGIN: &str = "http://www.rerp.localhost:8080";

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Looks, and names what is wrong.
pub(super) fn look(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let door = Door::open(cluster, "gateway")?;
    let browser = Browser::at(&door, HOST);
    let mut wrong = Wrong::default();
    let home = first(&browser)?;
    pages(&browser, &home, &mut wrong)?;
    api(&browser, &mut wrong)?;
    forms(&browser, &mut wrong)?;
    Ok(wrong.0)
}

fn pages(browser: &Browser<'_>, home: &Seen, wrong: &mut Wrong) -> Result<(), Error> {
    wrong.unless(home.status == 200 && home.says("<h1"), "the first page is not there, prerendered", home);
    let policy = home.header("content-security-policy");
    let is_strict = policy.starts_with("default-src 'none'") && !policy.contains("unsafe");
    wrong.unless(is_strict, "the first page has no strict policy", home);
    let known = browser.get("/", &[("if-none-match", home.header("etag"))])?;
    wrong.unless(known.status == 304, "the first page is sent again to whoever has it", &known);
    let page = String::from_utf8_lossy(&home.body);
    let script = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).unwrap_or("/");
    let script = browser.get(script, &[("accept-encoding", "br, gzip")])?;
    let is_kept = script.header("cache-control").contains("immutable") && script.header("content-encoding") == "br";
    wrong.unless(script.status == 200 && is_kept, "the script is not kept for ever, or not compressed", &script);
    let nothing = browser.get("/nowhere", &[])?;
    let is_own = nothing.status == 404 && nothing.says("Nothing is here");
    wrong.unless(is_own, "what isn't there is not said by the website's own page", &nothing);
    Ok(())
}

/// The API, on the website's own host.
fn api(browser: &Browser<'_>, wrong: &mut Wrong) -> Result<(), Error> {
    let plans = browser.get("/api/billing/plans", &[])?;
    wrong.unless(plans.status == 200 && plans.says("items"), "the plans can't be had from the website's host", &plans);
    let body = r#"{"email":"script@example.com","source":"hero"}"#;
    let ask = |origin| browser.ask("POST", "/api/marketing/email-capture", &[JSON, ("origin", origin)], body);
    let (ours, theirs) = (ask(ORIGIN)?, ask("http://elsewhere.example")?);
    wrong.unless([201, 202].contains(&ours.status), "a form can't be sent by a script of the website", &ours);
    wrong.unless(theirs.status == 403, "a form can be sent by a script of somebody else", &theirs);
    Ok(())
}

/// Forms of browsers without JavaScript.
fn forms(browser: &Browser<'_>, wrong: &mut Wrong) -> Result<(), Error> {
    let send = |email: &str| browser.ask("POST", "/forms/hero", &[FORM], &format!("email={email}&homepage="));
    // The second time it is known.
    let (new, known) = (send("form%40example.com")?, send("form%40example.com")?);
    for seen in [&new, &known] {
        let is_on = seen.status == 303 && seen.header("location") == "/thanks";
        wrong.unless(is_on, "a form without any script doesn't lead to the page that thanks for it", seen);
    }
    wrong.unless(new.body == known.body, "a known address is answered otherwise than a new one", &known);
    let refused = send("nobody")?;
    let is_own = refused.status == 422 && refused.says("could not be taken as it is");
    wrong.unless(is_own, "a form with a mistake is not answered by the website's own page", &refused);
    Ok(())
}
