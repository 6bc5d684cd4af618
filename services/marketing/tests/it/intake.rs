//! Identity away for longer: new addresses are taken, sealed, and their leads get them when Identity is back.

use std::net::SocketAddr;
use std::time::Duration;

use crate::platform::{Platform, capture, contact, is_kind, of_company, state};
use crate::support::service::{serve, serve_on};
use crate::support::{open, until, visitor};
use rerp_kit::metrics::Metrics;
use rerp_kit::problem::catalogue;
use rerp_marketing::domain::intake::Keys;
use rerp_marketing::intake::{Gauges, Intake, Settings, Turn};
use rerp_marketing::state::AppState;
use rerp_marketing::store;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const OLD: &str = "old:0123456789abcdef0123456789abcdef";
const NEW: &str = "new:fedcba9876543210fedcba9876543210";

/// Marketing with an intake, on the same databases.
async fn taking_in(platform: &mut Platform, identity: SocketAddr, keys: &str, lifetime: Duration) {
    let intake = Some(Settings { keys: Keys::of(keys).unwrap(), lifetime });
    let state = AppState { intake, ..state(platform.marketing.dir(), identity, platform.account.at).await };
    platform.at = serve(rerp_marketing::router(state)).await;
}

/// A platform with an intake whose Identity is away.
async fn forsaken(lifetime: Duration) -> Platform {
    let mut platform = Platform::start().await;
    platform.identity_stop.cancel();
    let at = platform.identity_at;
    until("identity is away", async || visitor().get(format!("http://{at}")).send().await.is_err()).await;
    taking_in(&mut platform, at, OLD, lifetime).await;
    platform
}

async fn identity_comes_back(platform: &Platform) {
    let (db, _) = open(platform.identity.dir()).await;
    let at = platform.identity_at;
    until("the address is free", async || match TcpListener::bind(at).await {
        Ok(listener) => {
            serve_on(listener, rerp_identity::router(db.clone()), CancellationToken::new());
            true
        }
        Err(_) => false,
    })
    .await;
}

/// One more pod's worker, and the page of its numbers.
async fn worker(platform: &Platform, keys: &str) -> (Intake, Metrics) {
    let AppState { db, identity, .. } =
        state(platform.marketing.dir(), platform.identity_at, platform.account.at).await;
    let db = db.at_work();
    let metrics = Metrics::new().unwrap();
    let gauges = Gauges::new(&metrics).unwrap();
    (Intake { db, identity, keys: Keys::of(keys).unwrap(), gauges }, metrics)
}

async fn turn(worker: &Intake) -> Turn {
    worker.turn(&CancellationToken::new()).await.unwrap()
}

/// Nobody has to wait until a row may be taken again.
async fn everybodys_turn(platform: &Platform) {
    platform.marketing.source.execute("UPDATE svc.intake SET turn_at = now()").await;
}

const HOUR: Duration = Duration::from_secs(3600);
/// Leads that have what Identity calls an address: the address goes in between.
const OF_ADDRESS: [&str; 2] = [
    "SELECT count(*) FROM (SELECT email_address_id FROM svc.email_captures UNION ALL SELECT email_address_id FROM svc.contact_messages) l \
     WHERE email_address_id = '",
    "'",
];
const WITHOUT_ADDRESS: &str = "SELECT (SELECT count(*) FROM svc.email_captures WHERE email_address_id IS NULL) + \
     (SELECT count(*) FROM svc.contact_messages WHERE email_address_id IS NULL)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_address_is_taken_while_identity_is_away_and_resolved_later() {
    let platform = forsaken(HOUR).await;
    let key = Uuid::now_v7().to_string();
    let form = of_company(capture("New@example.com"), "Acme");
    let (status, replayed, first) = platform.post("email-capture", Some(&key), &form).await;
    assert_eq!((status, replayed, &first["id"]), (202, false, &json!(key)), "{first}");
    assert_eq!(first["email_address_id"], Value::Null);
    assert!(first["company_id"].is_string(), "account is there: {first}");
    let mut again = form.clone();
    again["email"] = json!(" new@EXAMPLE.com");
    assert_eq!(platform.post("email-capture", Some(&key), &again).await, (202, true, first.clone()));
    for (email, route) in [("new@example.com", "contact"), ("other@example.com", "contact")] {
        assert_eq!(platform.post(route, None, &contact(email)).await.0, 202);
    }
    let refused = platform.post("contact", None, &contact("nobody")).await;
    assert!(is_kind(&refused, catalogue::INVALID_VALUE), "{refused:?}");
    assert_eq!(refused.2["errors"][0]["pointer"], json!("/email"));
    assert_eq!((platform.rows("intake").await, platform.marketing.source.number(WITHOUT_ADDRESS).await), (3, 3));

    let (one, metrics) = worker(&platform, OLD).await;
    assert_eq!(turn(&one).await, Turn { away: true, ..Turn::default() });
    assert!(metrics.page().unwrap().contains("rerp_marketing_intake_rows{state=\"waiting\"} 3"));
    identity_comes_back(&platform).await;
    everybodys_turn(&platform).await;
    // Two pods at once: nobody takes what the other one has.
    let (two, _) = worker(&platform, OLD).await;
    let (first_turn, second_turn) = tokio::join!(turn(&one), turn(&two));
    assert_eq!(first_turn.resolved + second_turn.resolved, 3);
    assert_eq!((platform.rows("intake").await, platform.marketing.source.number(WITHOUT_ADDRESS).await), (0, 0));
    turn(&one).await;
    assert!(metrics.page().unwrap().contains("rerp_marketing_intake_rows{state=\"waiting\"} 0"));

    assert_eq!(platform.post("email-capture", Some(&key), &form).await, (202, true, first), "the key's answer stays");
    let mut other = form.clone();
    other["source"] = json!("exit-intent");
    let reused = platform.post("email-capture", Some(&key), &other).await;
    assert!(is_kind(&reused, catalogue::KEY_REUSED), "{reused:?}");
    let (status, _, known) = platform.post("email-capture", None, &capture("new@example.com")).await;
    assert_eq!(status, 201);
    let id = known["email_address_id"].as_str().unwrap();
    assert_eq!(platform.marketing.source.number(&OF_ADDRESS.join(id)).await, 3, "one address, one identifier");
    assert_eq!(platform.identity.source.number("SELECT count(*) FROM svc.email_addresses").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_says_nothing_to_whoever_has_the_tables() {
    let platform = forsaken(HOUR).await;
    for key in ["one", "two"] {
        assert_eq!(platform.post("contact", Some(key), &contact("needle@example.com")).await.0, 202);
    }
    for table in crate::platform::MARKETING {
        let told = format!("SELECT count(*) FROM svc.{table} t WHERE t::text ~* 'needle|example'");
        assert_eq!(platform.marketing.source.number(&told).await, 0, "{table}");
    }
    let told = "SELECT count(*) FROM svc.intake WHERE encode(sealed, 'escape') ~* 'needle|example' OR encode(mark, 'escape') ~* 'needle|example'";
    assert_eq!(platform.marketing.source.number(told).await, 0);
    let guessed = "SELECT count(*) FROM svc.intake WHERE mark IN (sha256('needle@example.com'), sha256('needle@example.com\\000'))";
    assert_eq!(platform.marketing.source.number(guessed).await, 0, "a hash without a key would be found by guessing");
    let pairs = "SELECT count(*) FROM svc.intake a JOIN svc.intake b USING (mark) WHERE a.lead_id < b.lead_id AND a.sealed <> b.sealed";
    assert_eq!(platform.marketing.source.number(pairs).await, 1, "one mark, and never the same cipher text");
}

/// Lost after it took rows, after Identity answered, and within its transaction: each costs time and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_lost_costs_time_only() {
    let platform = forsaken(HOUR).await;
    assert_eq!(platform.post("email-capture", None, &capture("ann@example.com")).await.0, 202);
    identity_comes_back(&platform).await;
    let (worker, _) = worker(&platform, OLD).await;
    let taken = store::intake::take(&worker.db, 10, &["old".to_owned()]).await.unwrap();
    assert_eq!(taken.len(), 1);
    worker.identity.upsert_email("ann@example.com", "/email").await.unwrap();
    assert_eq!(turn(&worker).await, Turn::default(), "somebody else has it");

    everybodys_turn(&platform).await;
    let no = "CREATE FUNCTION svc.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER no BEFORE DELETE ON svc.intake FOR EACH ROW EXECUTE FUNCTION svc.no()";
    platform.marketing.source.execute(no).await;
    assert!(worker.turn(&CancellationToken::new()).await.is_err());
    assert_eq!((platform.rows("intake").await, platform.marketing.source.number(WITHOUT_ADDRESS).await), (1, 1));

    platform.marketing.source.execute("DROP FUNCTION svc.no() CASCADE").await;
    everybodys_turn(&platform).await;
    assert_eq!(turn(&worker).await.resolved, 1);
    assert_eq!((platform.rows("intake").await, platform.marketing.source.number(WITHOUT_ADDRESS).await), (0, 0));
    assert_eq!(platform.identity.source.number("SELECT count(*) FROM svc.email_addresses").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_gets_an_address_does_not_stay() {
    let platform = forsaken(HOUR).await;
    platform.account.stop.cancel();
    let at = platform.account.at;
    until("account is away", async || visitor().get(format!("http://{at}")).send().await.is_err()).await;
    // Identity judges later what can't be told without it.
    for email in ["a b@example.com", "ann@example.com", "bob@example.com"] {
        assert_eq!(platform.post("contact", None, &of_company(contact(email), "Acme")).await.0, 202, "{email}");
    }
    assert_eq!(platform.rows("pending_companies").await, 3);
    let end = "UPDATE svc.intake SET expires_at = now() WHERE lead_id = (SELECT lead_id FROM svc.intake ORDER BY created_at DESC LIMIT 1)";
    platform.marketing.source.execute(end).await;
    identity_comes_back(&platform).await;
    let (worker, _) = worker(&platform, OLD).await;
    assert_eq!(turn(&worker).await, Turn { resolved: 1, refused: 1, away: false });
    let left = ["intake", "pending_companies", "contact_messages"];
    let left = [platform.rows(left[0]).await, platform.rows(left[1]).await, platform.rows(left[2]).await];
    assert_eq!(left, [0, 1, 1]);
    assert_eq!(platform.identity.source.number("SELECT count(*) FROM svc.email_addresses").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_takes_over_and_an_old_one_is_missed() {
    let mut platform = forsaken(HOUR).await;
    let (key, form) = (Uuid::now_v7().to_string(), capture("ann@example.com"));
    let (_, _, first) = platform.post("email-capture", Some(&key), &form).await;
    let at = platform.identity_at;
    taking_in(&mut platform, at, &format!("{NEW},{OLD}"), HOUR).await;
    assert_eq!(platform.post("email-capture", Some(&key), &form).await, (202, true, first), "still the same request");
    assert_eq!(platform.post("email-capture", None, &capture("bob@example.com")).await.0, 202);
    identity_comes_back(&platform).await;

    let (hasty, metrics) = worker(&platform, NEW).await;
    assert_eq!(turn(&hasty).await.resolved, 1);
    let page = metrics.page().unwrap();
    assert!(page.contains("rerp_marketing_intake_rows{state=\"unreadable\"} 1"), "{page}");
    let (patient, _) = worker(&platform, &format!("{NEW},{OLD}")).await;
    assert_eq!(turn(&patient).await.resolved, 1);
    assert_eq!(platform.rows("intake").await, 0);
}

/// A key that was used while the address was known can't be compared while nobody can say which it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_that_nobody_can_judge_is_asked_to_wait() {
    let mut platform = Platform::start().await;
    let (key, form) = (Uuid::now_v7().to_string(), capture("ann@example.com"));
    let at = platform.identity_at;
    taking_in(&mut platform, at, OLD, HOUR).await;
    let (status, _, first) = platform.post("email-capture", Some(&key), &form).await;
    assert_eq!(status, 201);
    platform.identity_stop.cancel();
    until("identity is away", async || visitor().get(format!("http://{at}")).send().await.is_err()).await;
    // Another pod, which hasn't seen the address.
    taking_in(&mut platform, at, OLD, HOUR).await;
    let answer = platform.post("email-capture", Some(&key), &form).await;
    assert!(is_kind(&answer, catalogue::DEPENDENCY_UNAVAILABLE), "{answer:?}");
    identity_comes_back(&platform).await;
    assert_eq!(platform.post("email-capture", Some(&key), &form).await, (201, true, first));
    assert_eq!((platform.rows("email_captures").await, platform.rows("intake").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_identity_does_not_use_up_the_time_of_a_form() {
    let mut platform = Platform::start().await;
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    taking_in(&mut platform, silent.local_addr().unwrap(), OLD, HOUR).await;
    assert_eq!(platform.post("contact", None, &contact("ann@example.com")).await.0, 202);
    assert_eq!((platform.rows("intake").await, platform.rows("contact_messages").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_with_a_lead_goes_where_the_lead_goes() {
    let mut platform = Platform::start().await;
    assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": "I want mail." }))).await.status, 200);
    let off = json!({ "email": "off@example.com", "reason": "objected" });
    assert_eq!(platform.ask("POST", "suppressions", Some(&off)).await.status, 201);
    // Nobody listens there.
    taking_in(&mut platform, SocketAddr::from(([127, 0, 0, 1], 1)), OLD, HOUR).await;
    for email in ["off@example.com", "new@example.com"] {
        for (route, mut form) in [("email-capture", capture(email)), ("contact", contact(email))] {
            form["consent"] = json!("news-1");
            assert_eq!(platform.post(route, None, &form).await.0, 202, "{route} {email}");
        }
    }
    // One more, whose address nobody ever finds out.
    let mut form = capture("a b@example.com");
    form["consent"] = json!("news-1");
    assert_eq!(platform.post("email-capture", None, &form).await.0, 202);
    let without = "SELECT count(*) FROM svc.consents WHERE email_address_id IS NULL";
    assert_eq!(platform.marketing.source.number(without).await, 5);

    let (worker, _) = worker(&platform, OLD).await;
    assert_eq!(turn(&worker).await, Turn { resolved: 4, refused: 1, away: false });
    // Of whom nothing is taken the message stays, which asks for an answer, and the capture doesn't.
    assert_eq!((platform.rows("email_captures").await, platform.rows("contact_messages").await), (1, 2));
    let right = "SELECT count(*) FROM svc.consents AS k LEFT JOIN svc.email_captures AS c ON k.lead = 'capture' AND c.id = k.lead_id \
         LEFT JOIN svc.contact_messages AS m ON k.lead = 'message' AND m.id = k.lead_id \
         WHERE k.email_address_id = coalesce(c.email_address_id, m.email_address_id)";
    assert_eq!((platform.rows("consents").await, platform.marketing.source.number(right).await), (3, 3));
    assert_eq!(platform.rows("intake").await, 0);
}
