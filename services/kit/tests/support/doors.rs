//! A service behind its guard and mutual TLS, and everybody who may come to its door. In: a router with its table. Out: what each of them is
//! answered. The crate has `authority.rs` beside it as a module of its own.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use rerp_kit::access::{Assurance, Guard, Place, Principal, PrincipalKind, Rule, Speaker, TOKEN, Verb};
use rerp_kit::client::builder;
use rerp_kit::config::{Env, HttpSettings, Settings};
use rerp_kit::http::{self, Listener};
use rerp_kit::metrics::Metrics;
use rerp_kit::tls::{Mode, Tls, TlsSettings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::authority::Authority;

/// Who comes to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The gateway, which says nobody's name.
    Nobody,
    /// The gateway, for a person with one factor.
    Person(Uuid),
    /// The gateway, for staff.
    Staff(Assurance),
    /// Another service, on its own behalf.
    Service,
    /// A service that nobody has named as a caller.
    Stranger,
}

/// What somebody was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Of REST. Of gRPC: 401, 403 and 404 for what the guard says in its words, 200 for what went on to the service.
    pub status: u16,
    pub body: Value,
}

/// A service that listens.
pub struct Doors {
    service: &'static str,
    at: SocketAddr,
    speaker: Speaker,
    gateway: reqwest::Client,
    neighbour: reqwest::Client,
    stranger: reqwest::Client,
    pub metrics: Metrics,
    _dirs: Vec<TempDir>,
    _stop: DropGuard,
}

impl Doors {
    /// Opens the door of a service, in the mode that a platform has.
    pub async fn open(service: &'static str, rules: &'static [Rule], router: Router) -> Self {
        Self::in_mode("strict", service, rules, router).await
    }

    /// The same in another mode: `strict` or `audit`.
    pub async fn in_mode(mode: &str, service: &'static str, rules: &'static [Rule], router: Router) -> Self {
        let ours = Authority::new();
        let dirs: Vec<TempDir> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
        let names = [service, "gateway", "neighbour", "stranger"];
        for (dir, name) in dirs.iter().zip(names) {
            ours.publish(dir.path(), name, &["gateway", "neighbour"]);
        }
        let (own, metrics) = (dirs[0].path().to_str().unwrap(), Metrics::new().unwrap());
        let settings = Settings::read(&mut Env::of([("RERP_TLS_DIR", own), ("RERP_TLS_MODE", mode)]), service);
        let tls = open(dirs[0].path()).await;
        let guard = Guard::new(rules, &settings, Some(&tls), &metrics).unwrap();
        let limits = HttpSettings { drain_delay: Duration::ZERO, ..HttpSettings::default() };
        let router = http::guarded(guard.around(router), &limits, &metrics);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
        let listener = Listener::new(socket, Some(tls), settings.tls.and_then(|tls| tls.mode));
        tokio::spawn(http::serve(listener, router, limits, stop.clone()));
        let gateway = open(dirs[1].path()).await;
        let client =
            |tls: &Tls| builder(Some(tls)).unwrap().resolve(&format!("{service}.rerp.svc"), at).build().unwrap();
        let (neighbour, stranger) = (open(dirs[2].path()).await, open(dirs[3].path()).await);
        Self {
            service,
            at,
            speaker: Speaker::new(&gateway),
            gateway: client(&gateway),
            neighbour: client(&neighbour),
            stranger: client(&stranger),
            metrics,
            _dirs: dirs,
            _stop: stop.drop_guard(),
        }
    }

    /// A request of somebody's; it says nothing yet but who asks.
    pub fn request(&self, who: Who, verb: Verb, path: &str) -> reqwest::RequestBuilder {
        self.with_method(who, verb.name().parse().unwrap(), path)
    }

    /// The same with a method that no row may have.
    pub fn with_method(&self, who: Who, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let client = match who {
            Who::Service => &self.neighbour,
            Who::Stranger => &self.stranger,
            Who::Nobody | Who::Person(_) | Who::Staff(_) => &self.gateway,
        };
        let url = format!("https://{}.rerp.svc:{}{path}", self.service, self.at.port());
        let request = client.request(method, url);
        let principal = match who {
            Who::Person(id) => Principal { id, kind: PrincipalKind::Person, assurance: Assurance::First },
            Who::Staff(assurance) => Principal { id: Uuid::from_u128(0x57AFF), kind: PrincipalKind::Staff, assurance },
            Who::Nobody | Who::Service | Who::Stranger => return request,
        };
        request.header(TOKEN, self.speaker.token(&principal, self.service).unwrap())
    }

    /// What comes of a request; none if the door stays shut.
    pub async fn answer(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let text = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let status = match text("content-type") {
            Some(kind) if kind.starts_with("application/grpc") => {
                match (text("grpc-status").as_deref(), text("grpc-status-details-bin").is_some()) {
                    (Some("16"), _) => 401,
                    (Some("7"), _) => 403,
                    // Of an unknown call the service says no more than that; the guard says why.
                    (Some("5" | "12"), true) => 404,
                    _ => 200,
                }
            }
            _ => response.status().as_u16(),
        };
        let body = response.bytes().await.unwrap_or_default();
        Some(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }

    /// Sends a body of JSON, or none.
    pub async fn ask(&self, who: Who, verb: Verb, path: &str, body: Option<&Value>) -> Option<Answer> {
        let request = self.request(who, verb, path);
        self.answer(match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        })
        .await
    }
}

async fn open(dir: &Path) -> Tls {
    let settings = TlsSettings { dir: dir.to_owned(), mode: Some(Mode::Strict), refresh: Duration::from_secs(1) };
    Tls::open(&settings, Metrics::new().unwrap().tls).await.unwrap()
}

/// One row of a table, called by everybody.
#[derive(Debug, Clone)]
pub struct Case {
    place: Place,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    expected: [u16; 6],
}

/// A route at a path with real identifiers, and what is answered to nobody, the owner, another person, staff with one factor, staff with two,
/// and a service, in this order.
pub fn case(verb: Verb, pattern: &'static str, path: &str, expected: [u16; 6]) -> Case {
    let place = Place::Route(verb, pattern);
    Case { place, path: path.to_owned(), headers: Vec::new(), body: None, expected }
}

/// A service of the protocol, which services alone may call.
pub fn calls(name: &'static str) -> Case {
    let path = format!("/{name}/Nothing");
    Case {
        place: Place::Calls(name),
        path,
        headers: vec![("content-type", "application/grpc".to_owned())],
        body: None,
        expected: [401, 403, 403, 403, 403, 200],
    }
}

/// An event that was given up, in the outbox of a service: [`dead_letters`] lets it go on.
pub const DEAD_LETTER: &str = "INSERT INTO outbox (id, type, subject, sequence, data, dead_at) VALUES \
     ('00000000-0000-0000-0000-0000000000d1', 'account.created.v1', gen_random_uuid(), 1, '{}', now())";

/// Both routes of what was given up: staff see it, and let it go on if they say why, once.
pub fn dead_letters(page: &'static str, replay: &'static str) -> [Case; 4] {
    let at = replay.replace("{id}", "00000000-0000-0000-0000-0000000000d1");
    let going_on = |status| case(Verb::Post, replay, &at, [401, 403, 403, 403, status, 403]);
    let because = |status| going_on(status).header("x-audit-reason", "ticket 4711");
    [case(Verb::Get, page, page, [401, 403, 403, 403, 200, 403]), going_on(422), because(204), because(404)]
}

impl Case {
    /// Whether it is about this row.
    pub fn is_of(&self, rule: &Rule) -> bool {
        self.place == rule.place
    }

    /// The same with a body.
    pub fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }.header("content-type", "application/json")
    }

    /// The same with a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Calls every row as everybody. Each row has a case at least, and each case a row.
pub async fn everybody(doors: &Doors, rules: &[Rule], owner: Uuid, other: Uuid, cases: &[Case]) {
    for rule in rules {
        assert!(cases.iter().any(|case| case.place == rule.place), "{:?} has no case", rule.place);
    }
    let asked = [
        Who::Nobody,
        Who::Person(owner),
        Who::Person(other),
        Who::Staff(Assurance::First),
        Who::Staff(Assurance::Second),
        Who::Service,
    ];
    let mut wrong = Vec::new();
    for case in cases {
        assert!(rules.iter().any(|rule| rule.place == case.place), "{:?} has no row", case.place);
        let verb = if let Place::Route(verb, _) = case.place { verb } else { Verb::Post };
        let send = async |who: Who| {
            let mut request = doors.request(who, verb, &case.path);
            for (name, value) in &case.headers {
                request = request.header(*name, value);
            }
            if let Some(body) = &case.body {
                request = request.body(body.to_string());
            }
            doors.answer(request).await
        };
        for (who, expected) in asked.into_iter().zip(case.expected) {
            let answer = send(who).await.expect("an answer");
            if answer.status != expected {
                wrong.push(format!(
                    "{:?} {} as {who:?}: {} {}, expected {expected}",
                    case.place, case.path, answer.status, answer.body
                ));
            }
        }
        if send(Who::Stranger).await.is_some() {
            wrong.push(format!("{:?} answers a stranger", case.place));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a router's source has the routes of a table, all of them and no other. Routes are read off the source, for a router doesn't tell.
pub fn same_routes(source: &'static str, rules: &[Rule]) {
    let routes = routes_of(source);
    for &(verb, path) in &routes {
        let has_row = rules.iter().any(|rule| rule.place == Place::Route(verb, path));
        assert!(has_row, "{} {path} has no row: it would answer 404 to everybody", verb.name());
    }
    for rule in rules {
        assert_eq!(rules.iter().filter(|other| other.place == rule.place).count(), 1, "{:?} has one row", rule.place);
        if let Place::Route(verb, path) = rule.place {
            assert!(routes.contains(&(verb, path)), "no route is {} {path}", verb.name());
        }
    }
    let mounted = source.matches("grpc::mount(").count();
    let named = rules.iter().filter(|rule| matches!(rule.place, Place::Calls(_))).count();
    assert_eq!(mounted, named, "services of the protocol that are mounted, and that have a row");
}

/// `.route("/path", get(…).post(…))`, read off the source.
fn routes_of(source: &'static str) -> Vec<(Verb, &'static str)> {
    let mut routes = Vec::new();
    for statement in source.split(".route(\"").skip(1) {
        let (path, rest) = statement.split_once('"').expect("a path in quotes");
        let handlers = rest.lines().next().expect("a line");
        for (call, verb) in [("get(", Verb::Get), ("post(", Verb::Post), ("put(", Verb::Put), ("delete(", Verb::Delete)]
        {
            if handlers.contains(&format!(" {call}")) || handlers.contains(&format!(".{call}")) {
                routes.push((verb, path));
            }
        }
    }
    assert!(!routes.is_empty(), "routes that can be read");
    routes
}
