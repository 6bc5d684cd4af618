//! How questions do: counted over sessions that have ended, in the version that they asked.

use crate::platform::{ANN, BOB, Platform, questions, right};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

impl Platform {
    /// Of each question: asked, answered, correct, the share of that, and discrimination.
    async fn counted(&self) -> Vec<[Value; 5]> {
        let page = self.get("/modules/risk/statistics").await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{}", page.text);
        let items = page.body["items"].as_array().unwrap().clone();
        let fields = ["asked", "answered", "correct", "correct_bp", "discrimination_pm"];
        items.iter().map(|item| fields.map(|field| item[field].clone())).collect()
    }

    /// Ends a session in which the first so many questions were answered rightly.
    async fn answers(&self, person: &str, first: usize) {
        let (session, asked) = self.session(person, "risk").await;
        for (question, right) in asked.iter().zip(right()).take(first) {
            assert_eq!(self.answer(&session, question, 0, right).await.status, 200);
        }
        assert_eq!(self.complete(&session).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_counted_in_the_version_that_was_asked() {
    let platform = Platform::start().await;
    platform.module("risk", "module_quiz").await;
    let none = [json!(0), json!(0), json!(0), Value::Null, Value::Null];
    assert_eq!(platform.counted().await, [none.clone(), none.clone(), none.clone()], "nobody was asked yet");
    platform.answers(ANN, 3).await;
    platform.answers(ANN, 3).await;
    platform.answers(BOB, 1).await;
    platform.answers(BOB, 0).await;
    platform.session(ANN, "risk").await;
    let counted = platform.counted().await;
    let (all, half) = (json!(4), json!(5000));
    assert_eq!(counted[0][..4], [all.clone(), json!(3), json!(3), json!(7500)], "what runs doesn't count");
    for one in &counted[1..] {
        assert_eq!(one[..4], [all.clone(), json!(2), json!(2), half.clone()]);
        assert!(one[4].as_i64().unwrap() > 900, "who knows this knows the rest: {one:?}");
    }
    let first = counted[0][4].as_i64().unwrap();
    assert!((500..600).contains(&first), "one of the two who know less knows it too: {first}");
    // Another version begins anew, and a page is a page.
    let asked = platform.get("/modules/risk/questions").await;
    let id = asked.body["items"][0]["question_id"].as_str().unwrap().to_owned();
    assert_eq!(platform.put(&format!("/questions/{id}"), "*", &questions()[0]).await.status, 200);
    assert_eq!(platform.counted().await[0], none);
    let page = platform.get("/modules/risk/statistics?limit=2").await;
    assert_eq!(page.body["items"].as_array().map(Vec::len), Some(2));
    let next = format!("/modules/risk/statistics?cursor={}", page.text("next_cursor"));
    assert_eq!(platform.get(&next).await.body["items"].as_array().map(Vec::len), Some(1));
    assert!(platform.get("/modules/none/statistics").await.is(catalogue::NOT_FOUND));
}
