//! What a service behind the gateway knows of who asks: the whole way, from a person's token to a handler's caller, over mutual TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use rerp_gateway::front::Front;
use rerp_gateway::table::{May, Verb};
use rerp_gateway::upstream::{Address, Upstreams};
use rerp_kit::access::{Caller, Guard, Rule, Speaker, TOKEN};
use rerp_kit::config::{Env, HttpSettings, Settings};
use rerp_kit::http::{Listener, guarded, serve};
use rerp_kit::metrics::Metrics;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::authority::Authority;
use crate::leaving::open;
use crate::support::visitor;
use crate::world::{Issuer, PLANS, claims, gateway};

const METHODS: &str = "/api/billing/payment-methods/{human_name_id}";
const SUBSCRIPTION: &str = "/api/billing/subscription/{account_id}";

/// Rows as billing has them.
const RULES: &[Rule] = &[
    Rule::route(Verb::Get, PLANS, May::Public),
    Rule::route(Verb::Get, METHODS, May::Person).own("human_name_id"),
    Rule::route(Verb::Get, SUBSCRIPTION, May::Person).handler(),
];

async fn tell(caller: Caller) -> String {
    format!("{caller:?}")
}

struct World {
    issuer: Issuer,
    at: SocketAddr,
    billing: Metrics,
    _dirs: [TempDir; 2],
}

/// A gateway before a service called billing, both with certificates.
async fn world() -> World {
    let ours = Authority::new();
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    ours.publish(dirs[0].path(), "billing", &["gateway"]);
    ours.publish(dirs[1].path(), "gateway", &[]);
    let (billing, metrics) = service(&dirs[0]).await;
    let address =
        || Address { base: format!("https://billing.rerp.svc:{}", billing.port()).parse().unwrap(), to: Some(billing) };
    let issuer = Issuer::start().await;
    let (mut inner, _) = gateway(&issuer, std::array::from_fn(|_| address()));
    let tls = open(dirs[1].path()).await;
    let own = Metrics::new().unwrap();
    inner.upstreams = Upstreams::new(std::array::from_fn(|_| address()), Some(&tls), &own).unwrap();
    inner.speaker = Some(Speaker::new(&tls));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(Front { socket, tls: None, connections: 10 }.serve(Arc::new(inner), CancellationToken::new()));
    World { issuer, at, billing: metrics, _dirs: dirs }
}

async fn service(dir: &TempDir) -> (SocketAddr, Metrics) {
    let files = dir.path().to_str().unwrap();
    let settings = Settings::read(&mut Env::of([("RERP_TLS_DIR", files), ("RERP_TLS_MODE", "strict")]), "billing");
    let (tls, metrics, limits) = (open(dir.path()).await, Metrics::new().unwrap(), HttpSettings::default());
    let routes = Router::new().route(PLANS, get(tell)).route(METHODS, get(tell)).route(SUBSCRIPTION, get(tell));
    let guard = Guard::new(RULES, &settings, Some(&tls), &metrics).unwrap();
    let routes = guarded(guard.around(routes), &limits, &metrics);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let listener = Listener::new(socket, Some(tls), settings.tls.and_then(|tls| tls.mode));
    tokio::spawn(serve(listener, routes, limits, CancellationToken::new()));
    (at, metrics)
}

impl World {
    async fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = visitor().get(format!("http://{}{path}", self.at)).header(TOKEN, "of a stranger");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_service_knows_who_asks_and_believes_nobody_else() {
    let world = world().await;
    let (ann, account) = (Uuid::now_v7(), Uuid::now_v7());
    let (own, others) =
        (format!("/api/billing/payment-methods/{ann}"), format!("/api/billing/payment-methods/{account}"));
    let subscription = format!("/api/billing/subscription/{account}");
    let (person, staff) = (world.issuer.person(ann), world.issuer.staff());
    let mut weak = claims("people", ann);
    weak["aal"] = json!("aal1");
    let weak = world.issuer.sign(&weak);

    for (token, assurance) in [(&person, "Second"), (&weak, "First")] {
        let told = (200, format!("Person {{ id: {ann}, assurance: {assurance} }}"));
        assert_eq!(world.get(&own, Some(token)).await, told);
        assert_eq!(world.get(&subscription, Some(token)).await, told);
    }
    assert_eq!(world.get(&others, Some(&person)).await.0, 404);
    assert_eq!(world.get(&others, Some(&staff)).await, (200, format!("Staff {{ id: {} }}", Uuid::from_u128(1))));
    assert_eq!(world.get(PLANS, Some(&person)).await, (200, "Nobody".to_owned()), "nobody is asked where all may");
    assert_eq!(world.get(&subscription, None).await.0, 401);

    // One token of the gateway's serves several requests of the same person.
    for _ in 0..5 {
        world.get(&subscription, Some(&person)).await;
    }
    let page = world.billing.page().unwrap();
    let count = |outcome: &str| -> u64 {
        let line = format!("rerp_cache_lookups_total{{cache=\"internal_tokens\",outcome=\"{outcome}\"}} ");
        page.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    };
    assert!(count("hit") >= count("miss"), "{} {}", count("hit"), count("miss"));
}
