//! Invitations: the real router, the real Identity with the stand-in for its vendor of mail, and what comes to mailboxes.

use std::net::SocketAddr;
use std::sync::Arc;

use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::verification::Verification;
use rerp_kit::access::Verb;
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::doors::{Doors, Who};
use crate::platform::{ANN, BOB, CAT, Platform};
use crate::support::answer::Answer;
use crate::support::service::{bound, serve};
use crate::support::{open, until, visitor};

const GUEST: &str = "guest@example.com";

struct World {
    platform: Platform,
    mailboxes: SocketAddr,
    account: String,
    _dir: TempDir,
}

impl World {
    /// Account beside an Identity that sends mail, and an account of Ann's.
    async fn start() -> Self {
        let mut platform = Platform::start().await;
        let mailboxes = serve(rerp_sandbox::http::router(visitor())).await;
        let dir = bound(&platform.identity);
        let (db, _) = open(dir.path()).await;
        let base = format!("http://{mailboxes}/resend").parse().unwrap();
        let mail = Resend { http: visitor(), base, key: "re_key".into(), from: "us@example.com".into() };
        let text = Twilio {
            http: visitor(),
            base: format!("http://{mailboxes}/twilio").parse().unwrap(),
            account: "AC00000000000000000000000000000001".to_owned(),
            token: "token".into(),
            from: "+16502530000".into(),
        };
        let key = OtpKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let page = "https://portal.example.com/invitation".parse().unwrap();
        let verification = Verification::new(db.clone(), key, Post { mail, text }, 100).inviting_to(Some(page));
        let identity = rerp_identity::router(db).merge(rerp_identity::verifying(verification));
        platform.at = platform.beside(serve(identity).await).await;
        let account = platform.open(ANN, "business").await;
        Self { platform, mailboxes, account, _dir: dir }
    }

    async fn invite(&self, body: &Value) -> Answer {
        self.platform.post(&format!("/{}/invites", self.account), body).await
    }

    async fn accept(&self, token: &str, person: &str) -> Answer {
        self.platform.post("/invites/accept", &json!({ "token": token, "human_name_id": person })).await
    }

    async fn letters(&self, to: &str) -> Vec<String> {
        let url = format!("http://{}/sandbox/messages?to={to}", self.mailboxes);
        let came = Answer::to(visitor().get(url)).await;
        let texts = came.body["messages"].as_array().unwrap().iter();
        texts.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// The token in letter number `count` to somebody.
    async fn token(&self, to: &str, count: usize) -> String {
        until("the letter to come", async || self.letters(to).await.len() >= count).await;
        let letter = self.letters(to).await.swap_remove(count - 1);
        let (_, rest) = letter.split_once("https://portal.example.com/invitation#").unwrap();
        rest.chars().take_while(char::is_ascii_alphanumeric).collect()
    }

    async fn number(&self, sql: &str) -> i64 {
        self.platform.account.number(sql).await
    }

    /// As if it had been sent long ago.
    async fn age(&self, what: &str) {
        self.platform.account.execute(&format!("UPDATE svc.invites SET {what}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_the_mail_gets_the_role_once() {
    let world = World::start().await;
    let invited = world.invite(&json!({ "email": " Guest@Example.com ", "role": "member" })).await;
    assert_eq!((invited.status, &invited.body["state"]), (201, &json!("open")), "{}", invited.body);
    assert!(invited.body["sent_at"].is_string() && invited.body["email_address_id"].is_string(), "{}", invited.body);
    let token = world.token(GUEST, 1).await;
    assert_eq!(token.len(), 64);
    assert!(!invited.text.contains(&token), "who invites doesn't get it");
    let kept = format!("SELECT count(*) FROM svc.invites t WHERE t::text ~* '{token}|guest|example'");
    assert_eq!(world.number(&kept).await, 0, "neither the token nor the address is kept");

    assert!(world.accept(&"0".repeat(64), BOB).await.is(catalogue::NOT_FOUND));
    assert!(world.accept("no token", BOB).await.is(catalogue::NOT_FOUND));
    let accepted = world.accept(&token, BOB).await;
    assert_eq!((accepted.status, &accepted.body["role"]), (200, &json!("member")), "{}", accepted.body);
    assert_eq!(accepted.body["human_name_id"], json!(BOB));
    assert_eq!(world.accept(&token, BOB).await.body, accepted.body, "the answer may have been lost");
    assert!(world.accept(&token, CAT).await.is(catalogue::NOT_FOUND), "it is used up");
    let told = format!(
        "SELECT count(*) FROM svc.outbox WHERE type = 'account.role.changed.v1' AND data @> '{{\"human_name_id\": \"{BOB}\"}}'"
    );
    assert_eq!(world.number(&told).await, 1);
    // Whose role was taken away doesn't get it back by an old mail.
    let role = format!("/{}/roles/{}", world.account, accepted.text("role_id"));
    assert_eq!(world.platform.delete(&role).await.status, 204);
    assert!(world.accept(&token, BOB).await.is(catalogue::NOT_FOUND));
    let list = world.platform.get(&format!("/{}/invites", world.account)).await;
    assert_eq!((list.status, &list.body["items"][0]["state"]), (200, &json!("accepted")), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_mail_ends_the_token_before() {
    let world = World::start().await;
    let invited = world.invite(&json!({ "email": GUEST, "role": "viewer" })).await;
    let twice = world.invite(&json!({ "email": GUEST, "role": "admin" })).await;
    assert!(twice.is(catalogue::ALREADY_EXISTS), "{}", twice.body);
    let first = world.token(GUEST, 1).await;
    let again = format!("/{}/invites/{}/resend", world.account, invited.text("invite_id"));
    assert!(world.platform.post(&again, &json!({})).await.is(catalogue::TOO_MANY_REQUESTS), "a minute has to pass");
    world.age("sent_at = now() - interval '61 seconds', expires_at = now() - interval '1 second'").await;
    assert!(world.accept(&first, BOB).await.is(catalogue::ENDED), "the token has ended");
    let resent = world.platform.post(&again, &json!({})).await;
    assert_eq!((resent.status, &resent.body["state"]), (200, &json!("open")), "{}", resent.body);
    let second = world.token(GUEST, 2).await;
    assert_ne!(first, second);
    assert!(world.accept(&first, BOB).await.is(catalogue::NOT_FOUND));
    world.age("sends = 5, sent_at = now() - interval '1 day'").await;
    assert!(world.platform.post(&again, &json!({})).await.is(catalogue::TOO_MANY_REQUESTS), "five are enough");

    let one = format!("/{}/invites/{}", world.account, invited.text("invite_id"));
    assert_eq!(world.platform.delete(&one).await.status, 204);
    assert!(world.accept(&second, BOB).await.is(catalogue::NOT_FOUND), "it was taken back");
    assert!(world.platform.delete(&one).await.is(catalogue::ENDED));
    assert_eq!(
        world.invite(&json!({ "email": GUEST, "role": "viewer" })).await.status,
        201,
        "there is room for another"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_invited_by_name_alone_may_accept() {
    let world = World::start().await;
    let invited = world.invite(&json!({ "human_name_id": BOB, "role": "admin" })).await;
    assert_eq!((invited.status, &invited.body["human_name_id"]), (201, &json!(BOB)), "{}", invited.body);
    // Bob's address is Identity's to know.
    let token = world.token("2@example.com", 1).await;
    assert!(world.accept(&token, CAT).await.is(catalogue::NOT_FOUND));
    assert_eq!(world.accept(&token, BOB).await.status, 200, "another one's try takes nothing away");
    for (body, pointer) in [
        (json!({ "role": "admin" }), "/email"),
        (json!({ "email": GUEST, "human_name_id": BOB, "role": "admin" }), "/email"),
        (json!({ "email": "guest", "role": "admin" }), "/email"),
        (json!({ "human_name_id": Uuid::now_v7(), "role": "admin" }), "/human_name_id"),
        (json!({ "email": GUEST, "role": "guest" }), "/role"),
    ] {
        let refused = world.invite(&body).await;
        assert!(refused.is(catalogue::INVALID_VALUE) && refused.pointer() == pointer, "{body}: {}", refused.body);
    }
    assert_eq!(world.letters(GUEST).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_mail_and_one_token_one_role() {
    let world = Arc::new(World::start().await);
    let (path, body) = (format!("/{}/invites", world.account), json!({ "email": GUEST, "role": "member" }));
    let first = world.platform.post_as("k", &path, &body).await;
    let again = world.platform.post_as("k", &path, &body).await;
    assert_eq!((first.status, again.status, again.replayed()), (201, 201, true));
    assert_eq!(first.body["invite_id"], again.body["invite_id"]);
    let token = world.token(GUEST, 1).await;
    assert_eq!(world.letters(GUEST).await.len(), 1);

    let racing: Vec<_> = (0..8)
        .map(|n| {
            let (world, token) = (world.clone(), token.clone());
            tokio::spawn(async move { world.accept(&token, if n % 2 == 0 { BOB } else { CAT }).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in racing {
        statuses.push(one.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 4, "one of both, each time: {statuses:?}");
    assert_eq!(world.number("SELECT count(*) FROM svc.account_roles WHERE role = 'member'").await, 1);
}

/// The invitation is there and can be sent later; nobody is told that a mail is on its way which isn't.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_mail_an_invitation_waits() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let invited = platform.post(&format!("/{account}/invites"), &json!({ "email": GUEST, "role": "viewer" })).await;
    assert_eq!((invited.status, &invited.body["sent_at"]), (201, &Value::Null), "{}", invited.body);
    let again = format!("/{account}/invites/{}/resend", invited.text("invite_id"));
    assert_eq!(platform.post(&again, &json!({})).await.status, 200, "nothing was sent, so nothing has to wait");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_invites_no_owner_and_a_viewer_nobody() {
    let platform = Platform::start().await;
    let doors: Doors = platform.doors().await;
    let account = platform.open(ANN, "business").await;
    for (person, role) in [(BOB, "admin"), (CAT, "viewer")] {
        let body = json!({ "human_name_id": person, "role": role });
        assert_eq!(platform.post(&format!("/{account}/roles"), &body).await.status, 201);
    }
    let path = format!("/api/accounts/{account}/invites");
    let owner = platform.post(&format!("/{account}/invites"), &json!({ "email": GUEST, "role": "owner" })).await;
    let one = format!("{path}/{}", owner.text("invite_id"));
    let ask = async |who: &str, verb: Verb, path: &str, body: Option<&Value>| {
        doors.ask(Who::Person(who.parse().unwrap()), verb, path, body).await.unwrap().status
    };
    let wish = |role: &str| json!({ "email": "other@example.com", "role": role });
    assert_eq!(ask(BOB, Verb::Post, &path, Some(&wish("owner"))).await, 403);
    assert_eq!(ask(BOB, Verb::Delete, &one, None).await, 403);
    assert_eq!(ask(BOB, Verb::Post, &path, Some(&wish("member"))).await, 201);
    assert_eq!(ask(CAT, Verb::Post, &path, Some(&wish("viewer"))).await, 403);
    assert_eq!(ask(CAT, Verb::Get, &path, None).await, 403);
    let unseen = "SELECT count(*) FROM svc.email_addresses WHERE email = 'other@example.com'";
    assert_eq!(platform.identity.number(unseen).await, 1, "the admin's wish made it known, no refused one before");
}
