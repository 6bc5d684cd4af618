//! Links in mails, and where they lead.

use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::project::{PASSWORD, Project};

const ANN: &str = "ann@example.com";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl Project {
    /// Where the link in the last mail leads.
    async fn follow(&self, to: &str) -> Url {
        let text = self.message(to).await;
        let link = text.lines().find(|line| line.starts_with("http")).unwrap();
        let answer = self.f.http.get(link).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn a_link_leads_to_the_page_with_a_session() {
    let p = Project::start().await;
    let wish = json!({ "email": ANN, "password": PASSWORD });
    p.post("signup?redirect_to=http://portal.example/welcome", &wish).await;
    let to = p.follow(ANN).await;
    assert_eq!((to.path(), to.query()), ("/welcome", None));
    let fragment = to.fragment().unwrap();
    assert!(fragment.starts_with("access_token=") && fragment.contains("&type=signup"), "{fragment}");
    let again = p.follow(ANN).await;
    assert!(again.fragment().unwrap().contains("error_code=otp_expired"), "{again}");
    assert_eq!(p.sign_in(ANN).await.status, 200);
}

#[tokio::test]
async fn a_link_leads_nowhere_that_is_not_allowed() {
    let p = Project::start().await;
    p.set(&json!({ "uri_allow_list": ["http://other.example/a/*"] })).await;
    for (wish, host) in [
        ("http://evil.example/", "portal.example"),
        ("http://other.example/a/b", "other.example"),
        ("http://other.example/b", "portal.example"),
        ("https://portal.example/", "portal.example"),
        ("http://127.0.0.1:9/x", "127.0.0.1"),
    ] {
        p.post(&format!("otp?redirect_to={wish}"), &json!({ "email": ANN })).await;
        assert_eq!(p.follow(ANN).await.host_str(), Some(host), "{wish}");
    }
}

#[tokio::test]
async fn with_a_challenge_a_link_leads_to_a_code_for_whoever_asked() {
    let p = Project::start().await;
    let wish =
        json!({ "email": ANN, "password": PASSWORD, "code_challenge": CHALLENGE, "code_challenge_method": "s256" });
    p.post("signup", &wish).await;
    let to = p.follow(ANN).await;
    let (_, code) = to.query_pairs().find(|(name, _)| name == "code").unwrap();
    assert_eq!(to.fragment(), None);
    let exchange = |verifier: &str| json!({ "auth_code": code, "code_verifier": verifier });
    assert_eq!(p.post("token?grant_type=pkce", &exchange(CHALLENGE)).await.code(), (400, "bad_code_verifier"));
    let session = p.post("token?grant_type=pkce", &exchange(VERIFIER)).await;
    assert_eq!(session.body["user"]["email"], ANN);
    assert_eq!(p.post("token?grant_type=pkce", &exchange(VERIFIER)).await.code(), (404, "flow_state_not_found"));

    // Who types the code instead needs no verifier.
    let wish = json!({ "email": ANN, "code_challenge": CHALLENGE, "code_challenge_method": "s256" });
    p.post("otp", &wish).await;
    let proof = json!({ "type": "email", "email": ANN, "token": p.code(ANN).await });
    assert_eq!(p.post("verify", &proof).await.status, 200);
    assert_eq!(p.request(Method::GET, "verify").send().await.unwrap().status(), 400);
}
