//! Whether the gateway believes the stand-in's tokens, and for how long.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use reqwest::Method;
use rerp_kit::bearer::{Assurance, Auth, Keys, KeysSettings, Principal, PrincipalKind, Rules};
use rerp_kit::metrics::Metrics;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::project::{PASSWORD, Project};

const ANN: &str = "ann@example.com";

/// A gateway that looks for keys as often as it is asked for one that it doesn't know.
fn gateway(p: &Project) -> Auth {
    let keys = KeysSettings {
        url: format!("{}/.well-known/jwks.json", p.base()).parse().unwrap(),
        refresh: Duration::from_secs(60),
        hold_off: Duration::ZERO,
        overlap: Duration::ZERO,
        hard: Duration::from_secs(60),
    };
    let rules =
        Rules { issuer: p.base(), person_audience: "authenticated".to_owned(), staff_audience: "staff".to_owned() };
    Auth::new(Keys::open(keys, p.f.http.clone()), rules, &Metrics::new().unwrap())
}

async fn who(gateway: &Auth, token: &str) -> Option<Principal> {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    gateway.principal(&HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, value)])).await.ok()
}

#[tokio::test]
async fn the_gateway_knows_people_and_staff_by_their_tokens() {
    let p = Project::start().await;
    let gateway = gateway(&p);
    let id = Uuid::now_v7();
    let wish = json!({ "id": id, "email": ANN, "password": PASSWORD, "email_confirm": true });
    p.backend(Method::POST, "", &wish).await;
    let token = p.sign_in(ANN).await.text("access_token");
    let person = who(&gateway, &token).await.unwrap();
    assert_eq!((person.id, person.kind, person.assurance), (id, PrincipalKind::Person, Assurance::First));
    assert!(who(&gateway, &format!("{token}A")).await.is_none());

    let wish = json!({ "email": "sue@example.com", "password": PASSWORD, "email_confirm": true, "aud": "staff" });
    p.backend(Method::POST, "", &wish).await;
    let request = p.request(Method::POST, "token?grant_type=password").header("apikey", "sb_publishable_x");
    let staff = p.answer(request.header("x-jwt-aud", "staff").json(&wish)).await.text("access_token");
    assert_eq!(who(&gateway, &staff).await.unwrap().kind, PrincipalKind::Staff);

    let said = json!({ "claims": { "aud": "staff", "rerp_role": "owner" } });
    let wish = json!({ "email": "tom@example.com", "password": PASSWORD, "email_confirm": true, "app_metadata": said });
    p.backend(Method::POST, "", &wish).await;
    let tom = who(&gateway, &p.sign_in("tom@example.com").await.text("access_token")).await.unwrap();
    assert_eq!((tom.kind, tom.role.as_deref()), (PrincipalKind::Staff, Some("owner")), "as a hook would have it");

    p.set(&json!({ "issuer": "http://elsewhere.example" })).await;
    assert!(who(&gateway, &p.sign_in(ANN).await.text("access_token")).await.is_none(), "of another issuer");
}

#[tokio::test]
async fn keys_change_with_an_overlap() {
    let p = Project::start().await;
    p.person(ANN).await;
    let old = p.sign_in(ANN).await.text("access_token");
    let url = format!("{}/sandbox/supabase/keys", p.f.url);
    let changed = p.answer(p.f.http.post(&url)).await;
    let new = p.sign_in(ANN).await.text("access_token");
    let published = p.answer(p.request(Method::GET, ".well-known/jwks.json")).await;
    let names: Vec<&Value> = published.body["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(names, [&changed.body["before"], &changed.body["signing"]]);
    let first = gateway(&p);
    assert!(who(&first, &old).await.is_some() && who(&first, &new).await.is_some());

    let withdraw =
        async |id: &Value| p.f.http.delete(format!("{url}/{}", id.as_str().unwrap())).send().await.unwrap().status();
    assert_eq!(withdraw(&changed.body["signing"]).await, 422);
    assert_eq!(withdraw(&changed.body["before"]).await, 204);
    let second = gateway(&p);
    assert!(who(&second, &new).await.is_some() && who(&second, &old).await.is_none());
    assert_eq!(
        p.signed(Method::GET, "user", &old, &Value::Null).await.code(),
        (403, "bad_jwt"),
        "nor does Supabase itself"
    );
}
