//! Whom Identity says to erase is erased here, and reported: Account beside the real Identity, each with a real database.

use crate::doors::Who;
use crate::platform::{ANN, BOB, Platform};
use crate::support::answer::{Answer, request};
use crate::support::rights::{forgotten, holding};
use crate::support::service::{bound, client};
use crate::support::{open, visitor};
use rerp_account::rights::{HELD, LIFETIMES};
use rerp_kit::access::Verb::Get;
use rerp_people::erasing::Eraser;
use serde_json::json;
use tempfile::TempDir;

const STREET: &str = "Needle Street 1";

impl Platform {
    async fn identity(&self, method: &str, rest: &str) -> Answer {
        let url = format!("http://{}/api/identity/user/{ANN}{rest}", self.identity_at);
        Answer::to(request(&visitor(), method, url, &[], None)).await
    }

    /// The folder stays for as long as it is used.
    async fn eraser(&self) -> (Eraser, TempDir) {
        let dir = bound(&self.account);
        let (db, metrics) = open(dir.path()).await;
        let eraser =
            Eraser { service: "account", identity: client("identity", self.identity_at, &metrics), db, held: HELD };
        (eraser, dir)
    }

    /// A shared account of Ann's and Bob's, with an address of hers.
    async fn shared(&self) -> String {
        let account = self.open(ANN, "business").await;
        let role = json!({ "human_name_id": BOB, "role": "owner" });
        assert_eq!(self.post(&format!("/{account}/roles"), &role).await.status, 201);
        let address =
            json!({ "type": "billing", "person_id": ANN, "street_address": STREET, "city": "Köln", "country": "DE" });
        let added = self.post(&format!("/{account}/addresses"), &address).await;
        assert_eq!(added.status, 201, "{}", added.text);
        account
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    let platform = Platform::start().await;
    assert_eq!(forgotten(&platform.account, HELD, LIFETIMES).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_erased_here_and_it_is_reported() {
    let platform = Platform::start().await;
    let (account, (eraser, _dir)) = (platform.shared().await, platform.eraser().await);
    let export = platform.get(&format!("/people/{ANN}/export")).await;
    assert!(export.status == 200 && export.text.contains(STREET) && export.text.contains(&account), "{}", export.text);
    assert_eq!(eraser.turn().await.unwrap(), 0, "nobody is to be erased");
    assert_eq!(holding(&platform.account, LIFETIMES, STREET).await, ["addresses"]);

    assert_eq!(platform.identity("DELETE", "").await.status, 202);
    assert_eq!((eraser.turn().await.unwrap(), eraser.turn().await.unwrap()), (1, 0));
    assert_eq!(holding(&platform.account, LIFETIMES, STREET).await, [""; 0]);
    let roles = platform.get(&format!("/{account}/roles")).await;
    assert_eq!(roles.body["items"].as_array().unwrap().len(), 1, "others keep theirs: {}", roles.text);
    let state = platform.identity("GET", "/erasure").await;
    let receipt = state.body["receipts"].as_array().unwrap().iter().find(|one| one["service"] == "account").unwrap();
    let done =
        |table: &str| receipt["tables"].as_array().unwrap().iter().find(|one| one["table"] == table).unwrap().clone();
    assert_eq!(done("addresses"), json!({ "table": "addresses", "done": "deleted", "rows": 1 }));
    assert_eq!(done("accounts"), json!({ "table": "accounts", "done": "kept", "rows": 1 }));
    assert_eq!(state.body["missing"], json!(["billing", "fte", "marketing"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_go_with_whoever_invited_and_whoever_was_invited() {
    let platform = Platform::start().await;
    let (account, (eraser, _dir)) = (platform.shared().await, platform.eraser().await);
    let other = "0191f7a1-3f0c-7000-8000-0000000000f1";
    for (whom, by) in [(ANN, BOB), (other, ANN), (other.replace("f1", "f2").as_str(), BOB)] {
        let invite = format!(
            "INSERT INTO invites (id, account_id, human_name_id, invited_by, role, token_digest, expires_at) \
             VALUES (gen_random_uuid(), '{account}', '{whom}', '{by}', 'viewer', uuid_send(gen_random_uuid()), now())"
        );
        platform.account.define(&invite).await;
    }
    let export = platform.get(&format!("/people/{ANN}/export")).await;
    assert!(export.text.contains(other) && !export.text.contains("token_digest\":"), "{}", export.text);
    assert_eq!(platform.identity("DELETE", "").await.status, 202);
    assert_eq!(eraser.turn().await.unwrap(), 1);
    let left = format!("invites WHERE invited_by = '{BOB}' AND human_name_id <> '{ANN}'");
    assert_eq!((platform.rows("invites").await, platform.rows(&left).await), (1, 1));
}

/// Whoever was asked about her a moment before may still bring something of hers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_too_late_is_erased_too() {
    let platform = Platform::start().await;
    let (account, (eraser, _dir)) = (platform.shared().await, platform.eraser().await);
    assert_eq!(platform.identity("DELETE", "").await.status, 202);
    assert_eq!(eraser.turn().await.unwrap(), 1);
    let late = format!(
        "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (gen_random_uuid(), '{account}', '{ANN}', 'viewer')"
    );
    let hers = format!("account_roles WHERE human_name_id = '{ANN}'");
    for (since, left) in [("1 hour", 0), ("3 hours", 1)] {
        platform.account.define(&late).await;
        let then =
            format!("UPDATE rights_log SET at = now() - interval '{since}', looked_at = now() - interval '2 minutes'");
        platform.account.define(&then).await;
        assert_eq!(eraser.turn().await.unwrap(), 0, "there is nothing new to report");
        assert_eq!(platform.rows(&hers).await, left, "{since} afterwards");
    }
}

/// Policies go by roles, what is a person's doesn't.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_taken_along_by_its_person_after_every_role() {
    let platform = Platform::start().await;
    platform.shared().await;
    platform.account.define(&format!("DELETE FROM account_roles WHERE human_name_id = '{ANN}'")).await;
    let (doors, path) = (platform.doors().await, format!("/api/accounts/people/{ANN}/export"));
    let export = doors.ask(Who::Person(ANN.parse().unwrap()), Get, &path, None).await.expect("an answer");
    assert!(export.status == 200 && export.body.to_string().contains(STREET), "{}", export.body);
}

/// A report whose answer is lost is made again, with the receipt of the one erasure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_reported_is_reported_by_whoever_looks_next() {
    let platform = Platform::start().await;
    platform.shared().await;
    assert_eq!(platform.identity("DELETE", "").await.status, 202);
    let ((one, _dir), (other, _its)) = (platform.eraser().await, platform.eraser().await);
    let turns = tokio::join!(one.turn(), other.turn());
    assert!(turns.0.unwrap() + turns.1.unwrap() >= 1);
    assert_eq!(platform.rows("rights_log WHERE action = 'erase'").await, 1, "it was done once");
    platform.identity.define("DELETE FROM erasure_receipts WHERE service = 'account'").await;
    assert_eq!(one.turn().await.unwrap(), 1);
    let receipt = "SELECT count(*) FROM svc.erasure_receipts WHERE service = 'account' \
                   AND parts @> '[{\"table\": \"addresses\", \"rows\": 1}]'";
    assert_eq!(platform.identity.number(receipt).await, 1, "the receipt of the first time");
}

/// What somebody remembered of the person may still be written for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_late_is_erased_too_and_after_a_while_nobody_looks() {
    let platform = Platform::start().await;
    let (account, (eraser, _dir)) = (platform.shared().await, platform.eraser().await);
    assert_eq!(platform.identity("DELETE", "").await.status, 202);
    assert_eq!(eraser.turn().await.unwrap(), 1);
    let late = format!(
        "INSERT INTO account_roles (id, account_id, human_name_id, role) VALUES (gen_random_uuid(), '{account}', '{ANN}', 'viewer')"
    );
    let theirs = format!("account_roles WHERE human_name_id = '{ANN}'");
    for (since, left) in [("10 minutes", 0), ("3 hours", 1)] {
        platform.account.define(&late).await;
        let when =
            format!("UPDATE rights_log SET at = now() - interval '{since}', looked_at = now() - interval '{since}'");
        platform.account.define(&when).await;
        eraser.turn().await.unwrap();
        assert_eq!(platform.rows(&theirs).await, left, "{since}");
    }
}
