//! The trading routes over real HTTP, through the kit's listener.
#![allow(clippy::unwrap_used, clippy::panic)]

mod running;

use reqwest::StatusCode;
use rerp_sandbox::trading::market::Market;
use rerp_sandbox::trading::pattern::{self, Candle, Scanner};
use running::{Running, running};
use serde_json::{Value, json};

struct Fixture {
    url: String,
    running: Running,
}

async fn fixture() -> Fixture {
    let running = running().await;
    Fixture { url: format!("{}/trading", running.url), running }
}

impl Fixture {
    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.running.http.post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.running.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// A problem of this status and kind.
    async fn refused(&self, path: &str, body: &Value, status: u16, slug: &str) -> Value {
        let answer = self.running.http.post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let got = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
        assert_eq!(got.0, status, "{}", got.1);
        assert_eq!(got.1["type"], format!("https://rerp.dev/problems/{slug}"));
        got.1
    }

    async fn begin(&self, kind: &str) -> Value {
        let fees = json!({ "rate_ppm": 1000, "fixed": "1.00" });
        let wish = json!({ "seed": 5, "kind": kind, "bars": 60, "cash": "1000000.00", "fees": fees });
        let (status, scenario) = self.post("/scenarios", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{scenario}");
        scenario
    }
}

fn act(seq: &Value, action: Value) -> Value {
    json!({ "expected_seq": seq, "action": action })
}

fn candles(count: usize) -> Vec<Candle> {
    let mut market = Market::of(3);
    // Thirds have no short decimal form: what arrives must be the same double to the last bit.
    let third = |price: f64| price / 3.0;
    let candles = (0..count).map(|_| market.next_bar().candle());
    let scaled = |bar: Candle| [bar.open, bar.high, bar.low, bar.close].map(third);
    candles.map(scaled).map(|[open, high, low, close]| Candle { open, high, low, close }).collect()
}

#[tokio::test]
async fn patterns_arrive_as_they_were_sent() {
    let f = fixture().await;
    let bars = candles(5_000);
    let sent: Vec<Value> = bars
        .iter()
        .map(|bar| json!({ "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close }))
        .collect();
    let (status, answer) = f.post("/patterns", &json!({ "bars": sent })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let scanner = Scanner::new(&bars);
    let mut wanted: Vec<(usize, &str, i32)> = pattern::all()
        .flat_map(|pattern| scanner.answers(pattern).into_iter().enumerate().map(move |(at, a)| (at, pattern.name, a)))
        .filter(|(_, _, answer)| *answer != 0)
        .collect();
    wanted.sort_unstable();
    let wanted: Vec<Value> =
        wanted.iter().map(|(bar, name, a)| json!({ "bar": bar, "pattern": name, "answer": a })).collect();
    assert!(wanted.len() > 3_000 && answer["hits"] == json!(wanted), "{}", wanted.len());

    let (_, few) = f.post("/patterns", &json!({ "bars": sent, "patterns": ["CDLDOJI", "CDLDOJI"] })).await;
    let dojis = wanted.iter().filter(|hit| hit["pattern"] == "CDLDOJI").count();
    assert_eq!(few["hits"].as_array().unwrap().len(), dojis);
}

#[tokio::test]
async fn questions_are_read_strictly() {
    let f = fixture().await;
    let bar = json!({ "open": 1, "high": 2, "low": 0.5, "close": 1.5 });
    assert_eq!(f.post("/patterns", &json!({ "bars": [] })).await, (StatusCode::OK, json!({ "hits": [] })));
    let volume = json!({ "open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 3 });
    f.refused("/patterns", &json!({ "bars": [volume] }), 422, "invalid-body").await;
    f.refused("/patterns", &json!({ "bars": [bar], "limit": 1 }), 422, "invalid-body").await;
    let wrong = json!({ "open": 3, "high": 2, "low": 0.5, "close": 1.5 });
    let problem = f.refused("/patterns", &json!({ "bars": [bar, wrong] }), 422, "invalid-value").await;
    assert_eq!(problem["errors"][0]["pointer"], "/bars/1");
    f.refused("/patterns", &json!({ "bars": [], "patterns": ["DOJI"] }), 422, "invalid-value").await;
    f.refused("/patterns", &json!({ "bars": vec![bar; 5_001] }), 422, "invalid-value").await;
    f.refused("/patterns", &json!({ "bars": "x".repeat(1024 * 1024) }), 413, "body-too-large").await;
    f.refused("/nothing", &json!({}), 404, "no-such-route").await;
    assert_eq!(f.get("/patterns").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_scenario_goes_from_order_to_result() {
    let f = fixture().await;
    let scenario = f.begin("live_simulation").await;
    assert_eq!((&scenario["bars"].as_array().unwrap().len(), &scenario["total_bars"]), (&30, &json!(60)));
    assert!(scenario.get("seed").is_none());
    let path = format!("/scenarios/{}", scenario["id"].as_str().unwrap());
    let actions = format!("{path}/actions");

    let order = json!({ "order": { "side": "buy", "quantity": "100" } });
    let (status, placed) = f.post(&actions, &act(&scenario["seq"], order.clone())).await;
    assert_eq!((status, &placed["bars"]), (StatusCode::OK, &json!([])), "{placed}");
    let problem = f.refused(&actions, &act(&scenario["seq"], order), 409, "sequence-gap").await;
    assert!(problem["detail"].as_str().unwrap().contains(&placed["seq"].to_string()), "{problem}");

    let (_, filled) = f.post(&actions, &act(&placed["seq"], json!({ "advance": {} }))).await;
    assert_eq!(filled["bars"].as_array().unwrap().len(), 1);
    assert_eq!(filled["rows"][1]["type"], "filled");
    assert_eq!(filled["rows"][1]["price"], filled["bars"][0]["open"]);
    assert_eq!(filled["results"]["position"]["quantity"], "100");

    let sell = json!({ "order": { "side": "sell", "quantity": "150", "limit": "0.01" } });
    let (_, placed) = f.post(&actions, &act(&filled["seq"], sell)).await;
    let (_, flipped) = f.post(&actions, &act(&placed["seq"], json!({ "advance": { "bars": 1 } }))).await;
    assert_eq!(flipped["results"]["position"]["quantity"], "-50");
    assert_eq!(flipped["results"]["trips"], 1);

    let (status, now) = f.get(&path).await;
    assert_eq!((status, &now["results"]), (StatusCode::OK, &flipped["results"]));
    assert_eq!((now["bars"].as_array().unwrap().len(), &now["seq"]), (32, &flipped["seq"]));
    assert_eq!(now["rows"].as_array().unwrap().len() as u64, now["seq"].as_u64().unwrap());
}

#[tokio::test]
async fn of_many_at_the_same_time_one_acts() {
    let f = fixture().await;
    let scenario = f.begin("backtest").await;
    let path = format!("/scenarios/{}/actions", scenario["id"].as_str().unwrap());
    let body = act(&scenario["seq"], json!({ "advance": { "bars": 2 } }));
    let answers = tokio::join!(f.post(&path, &body), f.post(&path, &body), f.post(&path, &body), f.post(&path, &body));
    let mut statuses = [answers.0.0, answers.1.0, answers.2.0, answers.3.0].map(|status| status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn scenarios_are_begun_and_acted_on_strictly() {
    let f = fixture().await;
    let wish = |key: &str, value: Value| {
        let mut wish = json!({ "seed": 5, "kind": "backtest", "bars": 60 });
        wish[key] = value;
        wish
    };
    for (key, value) in [("kind", json!("paper")), ("seed", json!(-1)), ("speed", json!(1)), ("cash", json!(5.5))] {
        f.refused("/scenarios", &wish(key, value), 422, "invalid-body").await;
    }
    for (key, value) in [("bars", json!(30)), ("bars", json!(2_001)), ("cash", json!("-1"))] {
        f.refused("/scenarios", &wish(key, value), 422, "invalid-value").await;
    }
    let scenario = f.begin("pattern_recognition").await;
    let path = format!("/scenarios/{}/actions", scenario["id"].as_str().unwrap());
    let order = |quantity: Value| json!({ "order": { "side": "buy", "quantity": quantity } });
    for action in [json!({ "jump": {} }), json!({ "advance": { "days": 1 } }), order(json!(1)), order(json!("1e3"))] {
        f.refused(&path, &act(&scenario["seq"], action), 422, "invalid-body").await;
    }
    for action in [order(json!("1")), json!({ "advance": { "bars": 2 } }), json!({ "name": { "patterns": ["X"] } })] {
        f.refused(&path, &act(&scenario["seq"], action), 422, "invalid-value").await;
    }
    let names = json!({ "name": { "patterns": ["CDLDOJI"] } });
    let (_, judged) = f.post(&path, &act(&scenario["seq"], names)).await;
    let score = &judged["results"]["score"];
    assert_eq!(score["right"].as_u64().unwrap() + score["wrong"].as_u64().unwrap(), 1);
    for id in ["x", "0191f7a1-3f0c-7000-8000-000000000001"] {
        let advance = act(&json!(0), json!({ "advance": {} }));
        f.refused(&format!("/scenarios/{id}/actions"), &advance, 404, "not-found").await;
        assert_eq!(f.get(&format!("/scenarios/{id}")).await.0, StatusCode::NOT_FOUND);
    }
}
