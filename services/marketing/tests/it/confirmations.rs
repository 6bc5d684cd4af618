//! Double opt-in: Marketing beside the real Identity, with the stand-in for its vendor of mail, and what comes to mailboxes.

use std::net::SocketAddr;

use rerp_identity::confirmations::Answers;
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::verification::Verification;
use rerp_kit::pool::Db;
use rerp_kit::problem::catalogue;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::confirming::turn;
use rerp_marketing::domain::confirmation::Keys;
use rerp_marketing::state::AppState;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::platform::{Platform, capture, contact, state};
use crate::support::answer::Answer;
use crate::support::service::{client, serve};
use crate::support::{open, until, visitor};

const GUEST: &str = "guest@example.com";
const PAGE: &str = "https://www.example.com/confirm";

struct World {
    platform: Platform,
    mailboxes: SocketAddr,
    db: Db,
    keys: Keys,
    identity: Identity,
}

impl World {
    /// Marketing that asks, beside an Identity that sends mail; a text to agree to.
    async fn start() -> Self {
        let mut platform = Platform::start().await;
        let mailboxes = serve(rerp_sandbox::http::router(visitor())).await;
        let (db, _) = open(platform.identity.dir()).await;
        let sending = rerp_identity::router(db.clone()).merge(rerp_identity::verifying(verification(db, mailboxes)));
        platform.identity_at = serve(sending).await;
        let keys = Keys::of("0123456789abcdef0123456789abcdef").unwrap();
        let state = state(platform.marketing.dir(), platform.identity_at, platform.account.at).await;
        let (db, identity) = (state.db.at_work(), state.identity.clone());
        let asking = AppState { confirmations: Some(keys.clone()), ..state };
        platform.at = serve(rerp_marketing::router(asking)).await;
        let text = json!({ "text": "I want mail." });
        assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&text)).await.status, 200);
        Self { platform, mailboxes, db, keys, identity }
    }

    /// A form in which somebody agrees.
    async fn agree(&self, route: &str, mut form: Value) -> Value {
        form["consent"] = json!("news-1");
        let (status, _, lead) = self.platform.post(route, None, &form).await;
        assert_eq!(status, 201, "{lead}");
        lead
    }

    async fn turn(&self) -> u64 {
        turn(&self.db, &self.identity, &self.keys, &CancellationToken::new()).await.unwrap()
    }

    async fn letters(&self, to: &str) -> Vec<Value> {
        let url = format!("http://{}/sandbox/messages?to={to}", self.mailboxes);
        Answer::to(visitor().get(url)).await.body["messages"].as_array().unwrap().clone()
    }

    /// The token in the first letter to somebody.
    async fn token(&self, to: &str) -> String {
        until("the letter to come", async || !self.letters(to).await.is_empty()).await;
        let letter = self.letters(to).await.swap_remove(0);
        let (_, rest) = letter["text"].as_str().unwrap().split_once(&format!("{PAGE}#")).unwrap();
        rest.chars().take_while(char::is_ascii_alphanumeric).collect()
    }

    async fn confirm(&self, token: &str) -> Answer {
        self.platform.ask("POST", "confirmations", Some(&json!({ "token": token }))).await
    }

    /// As a mail program does it.
    async fn unsubscribe(&self, token: &str) -> Answer {
        let url = format!("http://{}/api/marketing/unsubscribe/{token}", self.platform.at);
        let form = visitor().post(url).header("content-type", "application/x-www-form-urlencoded");
        Answer::to(form.body("List-Unsubscribe=One-Click")).await
    }

    /// Leads that staff see, with when they were confirmed.
    async fn leads(&self) -> Vec<Value> {
        let seen = self.platform.ask("GET", "leads?reason=ticket%204711", None).await;
        seen.body["items"].as_array().unwrap().clone()
    }
}

fn verification(db: Db, mailboxes: SocketAddr) -> Verification {
    let at = |vendor: &str| format!("http://{mailboxes}/{vendor}").parse().unwrap();
    let mail = Resend { http: visitor(), base: at("resend"), key: "re_key".into(), from: "us@example.com".into() };
    let text = Twilio {
        http: visitor(),
        base: at("twilio"),
        account: "AC00000000000000000000000000000001".to_owned(),
        token: "token".into(),
        from: "+16502530000".into(),
    };
    let answers = Answers {
        page: PAGE.parse().unwrap(),
        unsubscribe: "https://api.example.com/api/marketing/unsubscribe".parse().unwrap(),
    };
    let key = OtpKey::new("0123456789abcdef0123456789abcdef").unwrap();
    Verification::new(db, key, Post { mail, text }, 100).confirming_at(Some(answers))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_agrees_is_asked_by_mail_once_and_confirms() {
    let world = World::start().await;
    for form in [capture(GUEST), capture(GUEST)] {
        world.agree("email-capture", form).await;
    }
    world.agree("contact", contact(GUEST)).await;
    // Who agreed to nothing is asked nothing.
    assert_eq!(world.platform.post("email-capture", None, &capture("bob@example.com")).await.0, 201);
    assert_eq!((world.turn().await, world.turn().await), (1, 0), "however many forms there are");
    let token = world.token(GUEST).await;
    assert!(world.leads().await.iter().all(|lead| lead["confirmed_at"].is_null()));
    // Whoever reads the tables can make no token.
    let dump = format!("SELECT count(*) FROM svc.confirmations AS c WHERE position('{}' IN c::text) > 0", &token[32..]);
    assert_eq!(world.platform.marketing.source.number(&dump).await, 0);
    let other = format!("{}{}", &token[..95], if token.ends_with('0') { "1" } else { "0" });
    for wrong in ["", "7", &other, &"0".repeat(96)] {
        assert!(world.confirm(wrong).await.is(catalogue::NOT_FOUND), "{wrong}");
    }
    for _ in 0..2 {
        assert_eq!(world.confirm(&token).await.status, 204);
    }
    let confirmed = world.leads().await.into_iter().filter(|lead| !lead["confirmed_at"].is_null()).count();
    assert_eq!((confirmed, world.platform.rows("consents WHERE confirmed_at IS NOT NULL").await), (2, 3));
    let funnel = world.platform.ask("GET", "funnel", None).await;
    assert_eq!((&funnel.body["items"][0]["consented"], &funnel.body["items"][0]["confirmed"]), (&json!(1), &json!(1)));
    // The same owner, the same text: nobody has to say it twice.
    world.agree("email-capture", capture(GUEST)).await;
    assert_eq!((world.turn().await, world.letters(GUEST).await.len()), (0, 1));
    assert_eq!(world.platform.rows("consents WHERE confirmed_at IS NULL").await, 0);
    assert!(world.letters("bob@example.com").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wants_nothing_more_says_so_in_one_step_and_is_never_asked_again() {
    let world = World::start().await;
    let off = json!({ "email": "off@example.com", "reason": "objected" });
    assert_eq!(world.platform.ask("POST", "suppressions", Some(&off)).await.status, 201);
    world.agree("contact", contact("off@example.com")).await;
    world.agree("email-capture", capture(GUEST)).await;
    assert_eq!(world.turn().await, 1);
    let token = world.token(GUEST).await;
    assert!(world.letters("off@example.com").await.is_empty(), "the list is asked before any mail");
    assert!(world.unsubscribe(&"0".repeat(96)).await.is(catalogue::NOT_FOUND));
    for _ in 0..2 {
        assert_eq!(world.unsubscribe(&token).await.status, 204);
    }
    assert_eq!(world.platform.rows("suppressions WHERE reason = 'objected'").await, 2);
    assert!(world.leads().await.is_empty());
    assert!(world.confirm(&token).await.is(catalogue::NOT_FOUND), "it was answered");
    world.agree("contact", contact(GUEST)).await;
    assert_eq!((world.turn().await, world.letters(GUEST).await.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_waits_for_identity_and_ends_after_a_week() {
    let world = World::start().await;
    world.agree("email-capture", capture(GUEST)).await;
    let (_, metrics) = open(world.platform.marketing.dir()).await;
    let nobody = Identity::new(client("identity", SocketAddr::from(([127, 0, 0, 1], 1)), &metrics), &metrics);
    let stop = CancellationToken::new();
    assert_eq!(turn(&world.db, &nobody, &world.keys, &stop).await.unwrap(), 0);
    assert_eq!((world.turn().await, world.platform.rows("confirmations WHERE attempts = 1").await), (0, 1));
    let source = &world.platform.marketing.source;
    source.execute("UPDATE svc.confirmations SET due_at = now()").await;
    assert_eq!(world.turn().await, 1);
    let token = world.token(GUEST).await;
    source.execute("UPDATE svc.confirmations SET created_at = now() - interval '8 days'").await;
    source.execute("UPDATE svc.consents SET agreed_at = now() - interval '8 days'").await;
    assert!(world.confirm(&token).await.is(catalogue::NOT_FOUND));
    assert_eq!((world.turn().await, world.platform.rows("confirmations WHERE is_open").await), (0, 0));
    // It still says who wants nothing more.
    assert_eq!(world.unsubscribe(&token).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_its_vendor_does_not_take_is_asked_for_again() {
    let world = World::start().await;
    world.agree("email-capture", capture(GUEST)).await;
    let fault = json!({ "vendor": "resend", "moment": "before", "status": 403, "times": 1 });
    let wish = visitor().post(format!("http://{}/sandbox/faults", world.mailboxes));
    let wish = wish.header("content-type", "application/json").body(fault.to_string());
    assert_eq!(Answer::to(wish).await.status, 204);
    let unsent = "confirmations WHERE is_open AND sent_at IS NULL";
    assert_eq!((world.turn().await, world.platform.rows(unsent).await), (0, 1));
    world.platform.marketing.source.execute("UPDATE svc.confirmations SET due_at = now()").await;
    assert_eq!((world.turn().await, world.letters(GUEST).await.len(), world.platform.rows(unsent).await), (1, 1, 0));
}
