//! Visitors and programs: the proof of work, and the vendors' words through their stand-ins.

use std::sync::Arc;

use rerp_kit::problem::catalogue;
use rerp_marketing::captcha::Captcha;
use rerp_marketing::client::siteverify::{Provider, SiteVerify};
use rerp_marketing::domain::captcha::Bar;
use rerp_marketing::domain::work::{Challenge, WorkKey, solve};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::{MARKETING, Platform, capture, contact, is_kind};
use crate::support::service::{answer, serve};
use crate::support::{open, visitor};

const RECAPTCHA: &str = "6LcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const TURNSTILE: &str = "0x4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn work() -> Captcha {
    Captcha::Work { key: WorkKey::new("0123456789abcdef0123456789abcdef").unwrap(), most: 1000 }
}

/// What a browser does with a challenge.
async fn solved(platform: &Platform) -> String {
    let challenge = platform.ask("GET", "captcha/challenge", None).await;
    assert_eq!((challenge.status, challenge.header("cache-control")), (200, "no-store"), "{}", challenge.body);
    let maxnumber = u32::try_from(challenge.body["maxnumber"].as_u64().unwrap()).unwrap();
    let (posed, salt, signature) = (challenge.text("challenge"), challenge.text("salt"), challenge.text("signature"));
    solve(&Challenge { algorithm: "SHA-256", challenge: posed, maxnumber, salt, signature }).unwrap()
}

fn with(mut form: Value, token: &str) -> Value {
    form["recaptcha_token"] = json!(token);
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_worked_leaves_one_lead() {
    let platform = Platform::start_with(work()).await;
    for form in [contact("ann@example.com"), with(contact("ann@example.com"), "secret-of-two-minutes")] {
        let refused = platform.post("contact", None, &form).await;
        assert!(is_kind(&refused, catalogue::CAPTCHA_REFUSED), "{refused:?}");
        assert_eq!(refused.2["errors"][0]["pointer"], json!("/recaptcha_token"));
    }
    for table in MARKETING {
        assert_eq!(platform.rows(table).await, 0, "{table}");
    }
    assert_eq!(platform.identity.source.number("SELECT count(*) FROM svc.email_addresses").await, 0, "asked first");

    let (token, key) = (solved(&platform).await, Uuid::now_v7().to_string());
    let form = with(contact("ann@example.com"), &token);
    let (status, _, first) = platform.post("contact", Some(&key), &form).await;
    assert_eq!(status, 201, "{first}");
    // The answer was lost: the same request comes again, with the token that is used up.
    assert_eq!(platform.post("contact", Some(&key), &form).await, (201, true, first));
    for other in [Some("another-key"), None] {
        let refused = platform.post("contact", other, &form).await;
        assert!(is_kind(&refused, catalogue::CAPTCHA_REFUSED), "{refused:?}");
    }
    // The refused key may be used again, with a new solution.
    let again = with(contact("ann@example.com"), &solved(&platform).await);
    assert_eq!(platform.post("contact", Some("another-key"), &again).await.0, 201);
    let kept = "SELECT count(*) FROM svc.contact_messages WHERE captcha_verdict = 'passed:proof-of-work'";
    assert_eq!((platform.rows("contact_messages").await, platform.marketing.source.number(kept).await), (2, 2));
    let token = format!("SELECT count(*) FROM svc.captcha_spent t WHERE strpos(t::text, '{}') > 0", &token[..20]);
    assert_eq!(platform.marketing.source.number(&token).await, 0, "no token is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_solution_is_good_for_one_of_many_at_once() {
    let platform = Arc::new(Platform::start_with(work()).await);
    let token = solved(&platform).await;
    let racing: Vec<_> = (0..12)
        .map(|n| {
            let (platform, token) = (platform.clone(), token.clone());
            tokio::spawn(async move {
                let form = with(capture(&format!("v{n}@example.com")), &token);
                platform.post("email-capture", (n % 2 == 0).then(|| format!("k{n}")).as_deref(), &form).await.0
            })
        })
        .collect();
    let mut taken = 0;
    for form in racing {
        let status = form.await.unwrap();
        assert!([201, 422].contains(&status), "{status}");
        taken += i64::from(status == 201);
    }
    assert_eq!((taken, platform.rows("email_captures").await), (1, 1));
}

/// Or a second form would tell that the address is on the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_solution_is_used_up_by_a_lead_that_is_not_taken_too() {
    let platform = Platform::start_with(work()).await;
    let off = json!({ "email": "off@example.com", "reason": "objected" });
    assert_eq!(platform.ask("POST", "suppressions", Some(&off)).await.status, 201);
    let form = with(capture("off@example.com"), &solved(&platform).await);
    assert_eq!(platform.post("email-capture", None, &form).await.0, 201);
    let second = platform.post("email-capture", None, &form).await;
    assert!(is_kind(&second, catalogue::CAPTCHA_REFUSED), "{second:?}");
    assert_eq!((platform.rows("email_captures").await, platform.rows("captcha_spent").await), (0, 1));
}

/// A cutover locks tables from the oldest to the youngest; whoever does it otherwise may wait for it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_solution_is_written_down_last() {
    let platform = Platform::start_with(work()).await;
    assert_eq!(platform.ask("PUT", "consent-texts/news-1", Some(&json!({ "text": "I want mail." }))).await.status, 200);
    platform.marketing.source.comes_last("captcha_spent").await;
    for (route, mut form) in [("email-capture", capture("ann@example.com")), ("contact", contact("ann@example.com"))] {
        form["consent"] = json!("news-1");
        for key in [Some("k"), None] {
            let (status, _, answer) = platform.post(route, key, &with(form.clone(), &solved(&platform).await)).await;
            assert_eq!(status, 201, "{route}: {answer}");
        }
    }
    assert_eq!((platform.rows("captcha_spent").await, platform.rows("consents").await), (4, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn used_solutions_are_forgotten_after_their_end() {
    let platform = Platform::start_with(work()).await;
    for email in ["ann@example.com", "bob@example.com"] {
        let form = with(capture(email), &solved(&platform).await);
        assert_eq!(platform.post("email-capture", None, &form).await.0, 201);
    }
    let age = "UPDATE svc.captcha_spent SET expires_at = now() - interval '2 minutes' \
               WHERE challenge = (SELECT challenge FROM svc.captcha_spent ORDER BY challenge LIMIT 1)";
    platform.marketing.source.execute(age).await;
    let (db, _) = open(platform.marketing.dir()).await;
    assert_eq!(rerp_marketing::store::admission::sweep(&db).await.unwrap(), 1);
    assert_eq!(
        (rerp_marketing::store::admission::sweep(&db).await.unwrap(), platform.rows("captcha_spent").await),
        (0, 1)
    );
}

/// The stand-ins for the vendors.
struct Vendors {
    at: String,
    http: reqwest::Client,
}

impl Vendors {
    async fn start() -> Self {
        let at = serve(rerp_sandbox::http::router(visitor())).await;
        Self { at: format!("http://{at}"), http: visitor() }
    }

    fn captcha(&self, provider: Provider, secret: &str) -> Captcha {
        let below = if provider == Provider::Recaptcha { "google" } else { "cloudflare" };
        let base = format!("{}/{below}", self.at).parse().unwrap();
        let vendor = SiteVerify { http: visitor(), provider, base, secret: secret.into() };
        Captcha::Vendor { vendor, bar: Bar { hostnames: vec!["www.example.com".to_owned()], least_score: 0.5 } }
    }

    async fn token(&self, vendor: &str, hostname: &str, action: Option<&str>, score: Option<f64>) -> String {
        let solved = json!({ "vendor": vendor, "hostname": hostname, "action": action, "score": score });
        let minted = answer(self.http.post(format!("{}/sandbox/captcha/tokens", self.at)).json(&solved)).await;
        minted.2["token"].as_str().unwrap().to_owned()
    }

    async fn spoil(&self, vendor: &str, status: u16) {
        let wish = json!({ "vendor": vendor, "moment": "before", "status": status, "times": 1 });
        let wished = self.http.post(format!("{}/sandbox/faults", self.at)).json(&wish).send().await.unwrap();
        assert_eq!(wished.status().as_u16(), 204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_s_word_has_to_fit_host_form_and_score() {
    let vendors = Vendors::start().await;
    let platform = Platform::start_with(vendors.captcha(Provider::Recaptcha, RECAPTCHA)).await;
    let form = |token: &str| with(capture("ann@example.com"), token);
    let token = vendors.token("recaptcha", "www.example.com", Some("email_capture"), Some(0.9)).await;
    assert_eq!(platform.post("email-capture", None, &form(&token)).await.0, 201);
    let kept = "SELECT count(*) FROM svc.email_captures WHERE captcha_verdict = 'passed:recaptcha' AND captcha_score > 0.89 \
                AND captcha_score < 0.91 AND captcha_action = 'email_capture' AND captcha_hostname = 'www.example.com'";
    assert_eq!(platform.marketing.source.number(kept).await, 1);
    for (host, action, score) in [
        ("evil.example", "email_capture", 0.9),
        ("www.example.com", "contact", 0.9),
        ("www.example.com", "email_capture", 0.3),
    ] {
        let other = vendors.token("recaptcha", host, Some(action), Some(score)).await;
        let refused = platform.post("email-capture", None, &form(&other)).await;
        assert!(is_kind(&refused, catalogue::CAPTCHA_REFUSED), "{host} {action} {score}: {refused:?}");
    }
    let long = "x".repeat(5000);
    for used in [token.as_str(), "unknown", long.as_str()] {
        let refused = platform.post("email-capture", None, &form(used)).await;
        assert!(is_kind(&refused, catalogue::CAPTCHA_REFUSED), "{refused:?}");
    }
    assert_eq!(platform.rows("email_captures").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_is_turnstile_s_repetition_too() {
    let vendors = Vendors::start().await;
    let platform = Platform::start_with(vendors.captcha(Provider::Turnstile, TURNSTILE)).await;
    let token = vendors.token("turnstile", "www.example.com", None, None).await;
    let (form, key) = (with(contact("ann@example.com"), &token), Uuid::now_v7().to_string());
    let (status, _, first) = platform.post("contact", Some(&key), &form).await;
    assert_eq!(status, 201, "{first}");
    assert_eq!(platform.post("contact", Some(&key), &form).await, (201, true, first));
    let other = platform.post("contact", Some(&Uuid::now_v7().to_string()), &form).await;
    assert!(is_kind(&other, catalogue::CAPTCHA_REFUSED), "{other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_vendor_s_word_nobody_passes() {
    let vendors = Vendors::start().await;
    let form = with(contact("ann@example.com"), "any");
    let unavailable = catalogue::DEPENDENCY_UNAVAILABLE;
    for (provider, secret, kind) in [
        (Provider::Turnstile, "wrong", unavailable),
        // Secrets for tests: the first two refuse, and the last lets everybody pass, on a host that isn't ours.
        (Provider::Turnstile, "2x0000000000000000000000000000000AA", catalogue::CAPTCHA_REFUSED),
        (Provider::Turnstile, "3x0000000000000000000000000000000AA", catalogue::CAPTCHA_REFUSED),
        (Provider::Turnstile, "1x0000000000000000000000000000000AA", catalogue::CAPTCHA_REFUSED),
    ] {
        let platform = Platform::start_with(vendors.captcha(provider, secret)).await;
        let refused = platform.post("contact", None, &form).await;
        assert!(is_kind(&refused, kind), "{secret}: {refused:?}");
    }
    let platform = Platform::start_with(vendors.captcha(Provider::Recaptcha, RECAPTCHA)).await;
    vendors.spoil("recaptcha", 503).await;
    assert!(is_kind(&platform.post("contact", None, &form).await, unavailable));
    assert_eq!(platform.rows("contact_messages").await, 0);
}

/// A key may be used on both routes, and names a row on each: a solution is good for one of them all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_on_two_routes_is_two_leads() {
    let platform = Platform::start_with(work()).await;
    let (token, key) = (solved(&platform).await, Uuid::now_v7().to_string());
    assert_eq!(platform.post("contact", Some(&key), &with(contact("ann@example.com"), &token)).await.0, 201);
    let second = platform.post("email-capture", Some(&key), &with(capture("ann@example.com"), &token)).await;
    assert!(is_kind(&second, catalogue::CAPTCHA_REFUSED), "{second:?}");
    assert_eq!(platform.rows("email_captures").await, 0);
}
