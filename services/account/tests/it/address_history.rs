//! What addresses were, for whoever may see what they are.

use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

use crate::platform::{ANN, BOB, NOBODY, Platform};

fn place(street: &str) -> Value {
    json!({ "type": "billing", "street_address": street, "city": "Köln", "postal_code": "50667", "country": "DE" })
}

fn owned(street: &str) -> Value {
    let mut body = place(street);
    body["person_id"] = json!(ANN);
    body
}

async fn all(platform: &Platform, history: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..20 {
        let page = platform.get(&format!("{history}&limit=2{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let found = page.body["items"].as_array().unwrap();
        assert!(found.len() <= 2);
        items.extend(found.iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
    panic!("the pages don't end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_addresses_were_is_listed_without_a_gap_also_of_those_that_are_gone() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let (addresses, history) = (format!("/{account}/addresses"), format!("/{account}/addresses/history?"));
    assert_eq!(all(&platform, &history).await, Vec::<Value>::new());
    let first = platform.post(&addresses, &owned("A 1")).await.text("address_id");
    let second = platform.post(&addresses, &owned("B 1")).await.text("address_id");
    for street in ["A 2", "A 3"] {
        assert_eq!(platform.put(&format!("{addresses}/{first}"), "*", &place(street)).await.status, 200);
    }
    assert_eq!(platform.delete(&format!("{addresses}/{second}")).await.status, 204);
    // Another account's are its own.
    let other = platform.open(BOB, "personal").await;
    let mut of_bob = place("C 1");
    of_bob["person_id"] = json!(BOB);
    assert_eq!(platform.post(&format!("/{other}/addresses"), &of_bob).await.status, 201);

    let versions = all(&platform, &history).await;
    let said: Vec<_> = versions
        .iter()
        .map(|one| (one["address_id"].clone(), one["version"].clone(), one["street_address"].clone()))
        .collect();
    let expected = [(&first, 1, "A 1"), (&first, 2, "A 2"), (&first, 3, "A 3"), (&second, 1, "B 1")];
    assert_eq!(said, expected.map(|(id, version, street)| (json!(id), json!(version), json!(street))));
    for pair in versions[..3].windows(2) {
        assert_eq!(pair[0]["valid_to"], pair[1]["valid_from"]);
    }
    assert_eq!((&versions[2]["valid_to"], versions[3]["valid_to"].is_string()), (&Value::Null, true));
    assert_eq!(versions[0]["valid_from"], versions[0]["created_at"]);
    // What it is now is the last one.
    let now = platform.get(&addresses).await.body["items"][0].clone();
    for (field, value) in now.as_object().unwrap() {
        assert_eq!(&versions[2][field], value, "{field}");
    }
    let one = all(&platform, &format!("{history}address_id={second}")).await;
    assert_eq!(one, versions[3..]);
    assert_eq!(all(&platform, &format!("{history}address_id={NOBODY}")).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_listed_is_a_problem() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    for query in ["address_id=1", "limit=0", "limit=201", "cursor=1", &format!("cursor={ANN}"), "page=2"] {
        let answer = platform.get(&format!("/{account}/addresses/history?{query}")).await;
        assert!(answer.is(catalogue::MALFORMED_ADDRESS), "{query}: {}", answer.body);
    }
    for path in [format!("/{NOBODY}/addresses/history"), "/1/addresses/history".to_owned()] {
        assert!(platform.get(&path).await.is(catalogue::NOT_FOUND), "{path}");
    }
}
