//! What Supabase Auth asks, through its stand-in: whoever signs in there is here under the same identifier, and gets codes where the registry says.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rerp_identity::deliver::{Post, Resend, Twilio};
use rerp_identity::domain::otp::OtpKey;
use rerp_identity::domain::webhook::Secret;
use rerp_identity::hooks::{HookSettings, Hooks};
use rerp_identity::verification::Verification;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stand_in::{StandIn, base, code_in};
use crate::support::answer::{Answer, request};
use crate::support::service::{serve, split_of};
use crate::support::{Split, open, visitor};

const ANN: &str = "0191f7a1-3f0c-7000-8000-000000000001";
const BOB: &str = "0191f7a1-3f0c-7000-8000-000000000002";
const STRANGER: &str = "0191f7a1-3f0c-7000-8000-000000000009";
const PHONE: &str = "+491701234567";
const PASSWORD: &str = "correct horse";
const KEY: &[u8] = b"a key of thirty-two bytes or so..";

struct World {
    supabase: StandIn,
    hooks: String,
    split: Split,
}

impl World {
    /// A person Ann and one of the staff, Bob, and a project at Supabase whose hooks lead here.
    async fn start(most_a_day: i32) -> Self {
        let (supabase, split) =
            tokio::join!(StandIn::start(), split_of(&["email_addresses"], rerp_identity::migrations));
        split
            .source
            .define(&format!(
                "INSERT INTO email_addresses (id, email) VALUES ('{ANN}', 'ann@example.com');
                 INSERT INTO human_names (id, email_address_id) VALUES ('{ANN}', '{ANN}');
                 INSERT INTO mobile_numbers (id, human_name_id, phone_number) VALUES ('{ANN}', '{ANN}', '{PHONE}');
                 INSERT INTO platform_users (id, email, first_name, surname) VALUES ('{BOB}', 'bob@staff.example', 'Bob', 'Staff');
                 INSERT INTO admins (id, platform_user_id, role) VALUES ('{BOB}', '{BOB}', 'admin')"
            ))
            .await;
        let (db, _) = open(split.dir()).await;
        let mail = Resend {
            http: visitor(),
            base: base(supabase.at, "/resend"),
            key: "re_key".into(),
            from: "a@example.com".into(),
        };
        let text = Twilio {
            http: visitor(),
            base: base(supabase.at, "/twilio"),
            account: "AC00000000000000000000000000000001".to_owned(),
            token: "token".into(),
            from: "+16502530000".into(),
        };
        let key = OtpKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let verification = Verification::new(db, key, Post { mail, text }, most_a_day);
        let secret = format!("v1,whsec_{}", BASE64_STANDARD.encode(KEY));
        let settings =
            HookSettings { secrets: vec![Secret::parse(&secret).unwrap()], staff_audience: Some("staff".to_owned()) };
        let at = serve(rerp_identity::hooked(Hooks::new(verification, settings))).await;
        let hooks = format!("http://{at}/api/identity/hooks");
        let world = Self { supabase, hooks, split };
        world.point(&secret).await;
        for (id, email, phone) in [
            (ANN, "ann@example.com", PHONE),
            (BOB, "bob@staff.example", "+491701234568"),
            (STRANGER, "cat@example.com", "+491701234569"),
        ] {
            let wish = json!({ "id": id, "email": email, "phone": phone, "password": PASSWORD, "email_confirm": true, "phone_confirm": true });
            let made = world.auth("sb_secret_test", "admin/users", &wish).await;
            assert_eq!(made.status, 200, "{}", made.body);
        }
        world
    }

    async fn point(&self, secret: &str) {
        let hook = |name: &str| json!({ "url": format!("{}/{name}", self.hooks), "secrets": [secret] });
        let settings = json!({ "max_frequency": 0, "hooks": {
            "send_email": hook("send-email"), "send_sms": hook("send-sms"), "customize_access_token": hook("customize-access-token"),
        } });
        let url = base(self.supabase.at, "/sandbox/supabase/settings");
        assert_eq!(visitor().patch(url).json(&settings).send().await.unwrap().status().as_u16(), 204);
    }

    async fn auth(&self, key: &str, path: &str, body: &Value) -> Answer {
        let url = base(self.supabase.at, &format!("/supabase/auth/v1/{path}")).to_string();
        let bearer = format!("Bearer {key}");
        let headers = [("apikey", key), ("authorization", bearer.as_str()), ("x-supabase-api-version", "2024-01-01")];
        Answer::to(request(&visitor(), "POST", url, &headers, Some(body))).await
    }

    async fn page(&self, path: &str, body: &Value) -> Answer {
        self.auth("sb_publishable_test", path, body).await
    }

    async fn sign_in(&self, email: &str) -> Answer {
        self.page("token?grant_type=password", &json!({ "email": email, "password": PASSWORD })).await
    }
}

fn claims(answer: &Answer) -> Value {
    let token = answer.text("access_token");
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_say_who_it_is_and_strangers_get_none() {
    let world = World::start(100).await;
    let ann = claims(&world.sign_in("ann@example.com").await);
    assert_eq!(
        (&ann["human_name_id"], &ann["rerp_kind"], &ann["aud"]),
        (&json!(ANN), &json!("person"), &json!("authenticated"))
    );
    let bob = claims(&world.sign_in("bob@staff.example").await);
    assert_eq!(
        (&bob["platform_user_id"], &bob["rerp_kind"], &bob["aud"]),
        (&json!(BOB), &json!("staff"), &json!("staff"))
    );
    assert_eq!(bob["rerp_role"], json!("admin"));
    let stranger = world.sign_in("cat@example.com").await;
    assert_eq!((stranger.status, stranger.body.get("access_token")), (403, None), "{}", stranger.body);
    world.split.source.execute("UPDATE svc.platform_users SET is_active = false").await;
    assert_eq!(world.sign_in("bob@staff.example").await.status, 403, "who was sent away signs in no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_go_where_the_registry_says_and_nowhere_else() {
    let world = World::start(100).await;
    let otp = async |body: Value| world.page("otp", &body).await;
    let asked = otp(json!({ "email": "ann@example.com", "create_user": false })).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let letters = world.supabase.messages("ann@example.com").await;
    assert_eq!(letters.len(), 1);
    let code = code_in(letters[0]["text"].as_str().unwrap());
    let proof = json!({ "type": "email", "email": "ann@example.com", "token": code });
    assert_eq!(world.page("verify", &proof).await.status, 200);
    assert_eq!(otp(json!({ "phone": PHONE, "create_user": false })).await.status, 200);
    assert_eq!(world.supabase.messages(PHONE).await.len(), 1);

    // Nobody here, or a telephone that the registry doesn't have.
    for body in [json!({ "email": "cat@example.com" }), json!({ "phone": "+491701234568" })] {
        let refused = otp(body.clone()).await;
        assert_eq!(refused.status, 403, "{body}: {}", refused.body);
    }
    assert!(world.supabase.messages("cat@example.com").await.is_empty());
    assert!(world.supabase.messages("+491701234568").await.is_empty());
    // A vendor that doesn't take it.
    let wish = json!({ "vendor": "twilio", "moment": "before", "status": 400, "times": 1 });
    let spoilt = visitor().post(base(world.supabase.at, "/sandbox/faults")).json(&wish).send().await.unwrap();
    assert_eq!(spoilt.status().as_u16(), 204);
    assert_eq!(otp(json!({ "phone": PHONE, "create_user": false })).await.status, 502);
}

/// Signed out here, a session gets no token any more at Supabase.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_gets_no_token() {
    let world = World::start(100).await;
    let (db, _) = open(world.split.dir()).await;
    let own = format!("http://{}/api/identity/sessions/{ANN}", serve(rerp_identity::router(db)).await);
    let list = async || Answer::to(request(&visitor(), "GET", own.clone(), &[], None)).await.body["items"].clone();
    let refresh = async |signed: &Answer| {
        let body = json!({ "refresh_token": signed.text("refresh_token") });
        world.page("token?grant_type=refresh_token", &body).await
    };
    let (desk, telephone) = (world.sign_in("ann@example.com").await, world.sign_in("ann@example.com").await);
    let session = claims(&desk)["session_id"].as_str().unwrap().to_owned();
    let listed = list().await;
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    assert!(listed.as_array().unwrap().iter().any(|one| one["session_id"] == json!(session)), "{listed}");
    let telephone = refresh(&telephone).await;
    assert_eq!(telephone.status, 200, "the positive control: {}", telephone.body);

    let one = format!("{own}/{session}");
    for _ in 0..2 {
        assert_eq!(Answer::to(request(&visitor(), "DELETE", one.clone(), &[], None)).await.status, 204);
    }
    assert_eq!(refresh(&desk).await.status, 403);
    assert_eq!(list().await.as_array().unwrap().len(), 1);
    let telephone = refresh(&telephone).await;
    assert_eq!(telephone.status, 200, "another one goes on: {}", telephone.body);
    assert_eq!(Answer::to(request(&visitor(), "DELETE", own.clone(), &[], None)).await.status, 204);
    assert_eq!((refresh(&telephone).await.status, list().await), (403, json!([])));
    assert_eq!(world.sign_in("ann@example.com").await.status, 200, "whoever signs in anew is in");

    world
        .split
        .source
        .execute("UPDATE svc.sessions SET seen_at = now() - interval '91 days' WHERE ended_at IS NOT NULL")
        .await;
    let (db, _) = open(world.split.dir()).await;
    assert_eq!(rerp_identity::store::session::sweep(&db.at_work()).await.unwrap(), 2);
    assert_eq!(world.split.source.number("SELECT count(*) FROM svc.sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_has_its_budget_and_a_call_its_signature() {
    let world = World::start(1).await;
    let otp = json!({ "email": "ann@example.com", "create_user": false });
    assert_eq!(world.page("otp", &otp).await.status, 200);
    let spent = world.page("otp", &otp).await;
    assert_eq!(spent.status, 429, "{}", spent.body);

    world.point("v1,whsec_c2VjcmV0").await;
    assert_eq!(world.sign_in("ann@example.com").await.status, 500, "GoTrue's word for a hook that answers 401");
    let unsigned = json!({ "user_id": ANN, "claims": { "sub": ANN } });
    for name in ["send-email", "send-sms", "customize-access-token"] {
        let (url, id) = (format!("{}/{name}", world.hooks), Uuid::new_v4().to_string());
        let plain = Answer::to(request(&visitor(), "POST", url.clone(), &[], Some(&unsigned))).await;
        assert_eq!(plain.status, 401, "{name}: {}", plain.body);
        let forged =
            [("webhook-id", id.as_str()), ("webhook-timestamp", "1790000000"), ("webhook-signature", "v1,AAAA")];
        assert_eq!(Answer::to(request(&visitor(), "POST", url, &forged, Some(&unsigned))).await.status, 401, "{name}");
    }
}
