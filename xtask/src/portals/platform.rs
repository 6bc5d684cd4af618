//! A look at the platform's portal on the running platform, as browsers have it, and at what the cluster lets it do. In: a cluster. Out: what isn't as it should
//! be. Staff and a customer sign in at the stand-in for Supabase, with accounts that are made for it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::browser::{Browser, Seen, Wrong, first};
use super::{Error, customer};
use crate::cluster::Cluster;
use crate::walk::cast::{account, identifier};
use crate::walk::door::Door;
use crate::walk::http::Client;
use crate::walk::places::NAMESPACE;
use crate::walk::stand_ins::StandIns;

/// The portal's host, as the manifests have it.
pub(super) const HOST: &str = "platform.rerp.localhost";
/// What staff ask for; each is the apiserver's to answer.
const LISTS: [&str; 4] = ["/cluster/services", "/cluster/databases", "/cluster/migrations", "/cluster/rights"];
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
/// The portal's pods, as the apiserver knows them.
const POD: &str = "--as=system:serviceaccount:rerp:platform";
const STAFF: &str = "--as=rerp:staff";

/// Looks, and names what is wrong.
pub(super) fn look(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let (door, sandbox) = (Door::open(cluster, "gateway")?, Door::open(cluster, "sandbox")?);
    let browser = Browser::at(&door, HOST);
    let mut wrong = Wrong::default();
    let home = first(&browser)?;
    wrong.unless(home.status == 200 && home.says("id=\"app\""), "the platform's first page is not there", &home);
    let customers = Browser::at(&door, customer::HOST).get("/", &[])?;
    wrong.unless(customers.body != home.body, "customers are shown the platform's portal", &customers);
    code(&browser, &home, &mut wrong)?;
    let elsewhere = Browser::at(&door, customer::HOST).get(LISTS[0], &[OURS])?;
    wrong.unless(elsewhere.status == 404, "the customers' portal answers for the cluster", &elsewhere);
    strangers(&browser, StandIns { door: &sandbox, client: &Client::new() }, &mut wrong)?;
    rights(cluster, &mut wrong);
    Ok(wrong.0)
}

/// Who isn't signed in gets what signing in takes, and no view's script: that is as if it weren't there. The first script names both.
fn code(browser: &Browser<'_>, home: &Seen, wrong: &mut Wrong) -> Result<(), Error> {
    let from = browser.get(&script(home, "index"), &[])?;
    wrong.unless(from.status == 200, "the script of the platform's first page is not there", &from);
    for (view, cookie, status, keep) in [
        ("SignIn", "", 200, "public, max-age=31536000, immutable"),
        ("Search", "", 404, "no-store"),
        ("Search", "__Host-rerp-session=forged", 404, "no-store"),
    ] {
        let path = script(&from, view);
        let seen = browser.get(&path, &[("cookie", cookie)])?;
        let is_so = path.contains(view) && seen.status == status && seen.header("cache-control") == keep;
        wrong.unless(is_so, &format!("{path} is answered otherwise to whoever isn't signed in"), &seen);
    }
    Ok(())
}

/// Where a script of this name is, as a page or a script says it; empty where that says nothing.
fn script(seen: &Seen, name: &str) -> String {
    let (text, begin) = (String::from_utf8_lossy(&seen.body), format!("/{name}-"));
    let ends = text.split(&begin).skip(1).filter_map(|rest| rest.split_once(".js"));
    let mut hashes = ends.map(|(hash, _)| hash).filter(|hash| hash.len() < 32 && !hash.contains(['"', '/']));
    hashes.next().map(|hash| format!("/assets/{name}-{hash}.js")).unwrap_or_default()
}

/// Who isn't staff with a second factor gets nothing; staff get what the cluster lets their role have.
fn strangers(browser: &Browser<'_>, stand_ins: StandIns<'_>, wrong: &mut Wrong) -> Result<(), Error> {
    let customer = sign_in(stand_ins, "authenticated")?;
    let unsure = sign_in(stand_ins, "staff")?;
    let sure = stand_ins.second_factor(&unsure)?;
    for path in LISTS {
        let nobody = browser.get(path, &[OURS])?;
        wrong.unless(nobody.status == 401, &format!("{path} is told to whoever isn't signed in"), &nobody);
        for (token, who, status) in
            [(&customer, "a customer", 403), (&unsure, "staff with one factor", 403), (&sure, "an owner", 200)]
        {
            let bearer = format!("Bearer {token}");
            let seen = browser.get(path, &[OURS, ("authorization", bearer.as_str())])?;
            wrong.unless(seen.status == status, &format!("{path} is answered otherwise to {who}"), &seen);
        }
    }
    let bearer = format!("Bearer {sure}");
    let strange = browser.get(LISTS[0], &[("sec-fetch-site", "cross-site"), ("authorization", bearer.as_str())])?;
    wrong.unless(strange.says("origin-not-allowed"), "a page of somebody else may ask for the cluster", &strange);
    Ok(())
}

/// An account is made and signs in. Out: its token.
fn sign_in(stand_ins: StandIns<'_>, audience: &'static str) -> Result<String, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos()).to_string();
    let account = account(&now, &format!("look-{audience}"), identifier(&now, audience), audience);
    stand_ins.sign_up(&account)?;
    Ok(stand_ins.sign_in(&account)?)
}

/// What RBAC says: the pods may speak for staff and do nothing; roles may what the manifests say.
fn rights(cluster: &Cluster, wrong: &mut Wrong) {
    let owner = [STAFF, "--as-group=rerp:role:owner"];
    let viewer = [STAFF, "--as-group=rerp:role:viewer"];
    let cases: [(&[&str], &[&str], bool); 10] = [
        (&[POD], &["impersonate", "users/rerp:staff"], true),
        (&[POD], &["impersonate", "groups/rerp:role:owner"], true),
        (&[POD], &["impersonate", "users/admin"], false),
        (&[POD], &["impersonate", "groups/system:masters"], false),
        (&[POD], &["list", "databasesplitmigrations.rerp.dev"], false),
        (&[POD], &["get", "secrets"], false),
        (&viewer, &["list", "databasesplitmigrations.rerp.dev"], true),
        (&viewer, &["patch", "databasesplitmigrations.rerp.dev"], false),
        (&owner, &["patch", "databasesplitmigrations.rerp.dev"], true),
        (&owner, &["get", "secrets"], false),
    ];
    for (who, what, expected) in cases {
        // `no` is told by the code as well; what can't be asked counts as neither.
        let asked = cluster.kubectl().args(["auth", "can-i", "-n", NAMESPACE]).args(who).args(what).quiet();
        let is_allowed = asked.is_ok_and(|said| said.trim() == "yes");
        if is_allowed != expected {
            wrong.0.push(format!("{} may{} {}", who.join(" "), if is_allowed { "" } else { " not" }, what.join(" ")));
        }
    }
}
