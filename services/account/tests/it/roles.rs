//! Roles as their callers see them: the real router, a real database, and the real Identity beside it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::platform::{ANN, BOB, CAT, NOBODY, Platform};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};

fn wish(person: &str, role: &str) -> Value {
    json!({ "human_name_id": person, "role": role })
}

const OWNERS: &str = "SELECT count(*) FROM svc.account_roles WHERE role = 'owner'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_given_once_and_taken_once() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let roles = format!("/{account}/roles");
    let first = platform.post(&roles, &wish(BOB, "admin")).await;
    assert_eq!((first.status, &first.body["account_id"], &first.body["role"]), (201, &json!(account), &json!("admin")));
    let twice = platform.post(&roles, &wish(BOB, "admin")).await;
    assert_eq!((twice.status, &twice.body), (200, &first.body));
    assert_eq!(platform.post(&roles, &wish(BOB, "viewer")).await.status, 201, "a person may have several");

    let one = format!("{roles}/{}", first.text("role_id"));
    let elsewhere = platform.open(CAT, "personal").await;
    let foreign = platform.delete(&format!("/{elsewhere}/roles/{}", first.text("role_id"))).await;
    assert!(foreign.is(catalogue::NOT_FOUND), "another account's role answers like an absent one");
    assert_eq!(platform.delete(&one).await.status, 204);
    assert!(platform.delete(&one).await.is(catalogue::NOT_FOUND));
    let again = platform.post(&roles, &wish(BOB, "admin")).await;
    assert_eq!(again.status, 201);
    assert_ne!(again.body["role_id"], first.body["role_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_answered_is_a_problem() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    let roles = format!("/{account}/roles");
    for (path, body, kind, pointer) in [
        (&roles, wish(NOBODY, "admin"), catalogue::INVALID_VALUE, "/human_name_id"),
        (&roles, wish("1", "admin"), catalogue::INVALID_VALUE, "/human_name_id"),
        (&roles, wish(BOB, "king"), catalogue::INVALID_VALUE, "/role"),
        (&roles, json!({ "role": "admin" }), catalogue::INVALID_BODY, ""),
        (&roles, json!({ "human_name_id": BOB, "role": "admin", "since": 1 }), catalogue::INVALID_BODY, ""),
        (&format!("/{NOBODY}/roles"), wish(BOB, "admin"), catalogue::NOT_FOUND, ""),
        (&"/1/roles".to_owned(), wish(BOB, "admin"), catalogue::NOT_FOUND, ""),
    ] {
        let answer = platform.post_as("one-key", path, &body).await;
        assert!(answer.is(kind), "{path} {body}: {}", answer.body);
        assert_eq!(answer.pointer(), pointer, "{}", answer.body);
    }
    assert_eq!((platform.rows("idempotency_keys").await, platform.rows("account_roles").await), (0, 1));
    for (path, kind) in [
        (format!("/{NOBODY}/roles"), catalogue::NOT_FOUND),
        (format!("{roles}?limit=0"), catalogue::MALFORMED_ADDRESS),
        (format!("{roles}?limit=201"), catalogue::MALFORMED_ADDRESS),
        (format!("{roles}?cursor=1"), catalogue::MALFORMED_ADDRESS),
        (format!("{roles}?page=2"), catalogue::MALFORMED_ADDRESS),
        (format!("{roles}/{NOBODY}"), catalogue::METHOD_NOT_ALLOWED),
    ] {
        assert!(platform.get(&path).await.is(kind), "{path}");
    }
    for path in [format!("{roles}/{NOBODY}"), format!("{roles}/1"), format!("/{NOBODY}/roles/{NOBODY}")] {
        assert!(platform.delete(&path).await.is(catalogue::NOT_FOUND), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_answer() {
    let platform = Platform::start().await;
    let roles = format!("/{}/roles", platform.open(ANN, "personal").await);
    let first = platform.post_as("one", &roles, &wish(BOB, "member")).await;
    let known = platform.post_as("two", &roles, &wish(BOB, "member")).await;
    assert_eq!((first.status, known.status, &known.body), (201, 200, &first.body));
    for (key, status) in [("one", 201), ("two", 200)] {
        let again = platform.post_as(key, &roles, &wish(BOB, "member")).await;
        assert_eq!((again.status, again.replayed(), &again.body), (status, true, &first.body), "{key}");
    }
    assert!(platform.post_as("one", &roles, &wish(BOB, "admin")).await.is(catalogue::KEY_REUSED));
    let other = format!("/{}/roles", platform.open(CAT, "personal").await);
    assert!(
        platform.post_as("one", &other, &wish(BOB, "member")).await.is(catalogue::KEY_REUSED),
        "of another account"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_is_on_one_page() {
    let platform = Platform::start().await;
    let account = platform.open(ANN, "personal").await;
    platform
        .account
        .define(&format!(
            "INSERT INTO account_roles (id, account_id, human_name_id, role) SELECT gen_random_uuid(), '{account}', gen_random_uuid(), 'viewer' FROM generate_series(1, 24)"
        ))
        .await;
    platform.open(BOB, "personal").await;
    let (mut seen, mut cursor, mut pages) = (HashSet::new(), String::new(), 0);
    loop {
        let page = platform.get(&format!("/{account}/roles?limit=10{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.iter().all(|role| seen.insert(role["role_id"].as_str().unwrap().to_owned())));
        pages += 1;
        // A row that goes meanwhile shifts nothing.
        if pages == 1 {
            platform
                .account
                .define(&format!("DELETE FROM account_roles WHERE id = '{}'", items[0]["role_id"].as_str().unwrap()))
                .await;
        }
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((pages, seen.len()), (3, 25));
}

/// The guard under real concurrency: whoever comes, somebody is left to answer for the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_owner_stays_whoever_revokes_at_the_same_moment() {
    let platform = Arc::new(Platform::start().await);
    for _ in 0..15 {
        platform.account.execute("DELETE FROM svc.account_roles; DELETE FROM svc.accounts").await;
        let account = platform.open(ANN, "business").await;
        let roles = format!("/{account}/roles");
        for person in [BOB, CAT] {
            assert_eq!(platform.post(&roles, &wish(person, "owner")).await.status, 201);
        }
        let all = platform.get(&roles).await;
        let racing: Vec<_> = all.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| {
                let (platform, path) =
                    (Arc::clone(&platform), format!("{roles}/{}", role["role_id"].as_str().unwrap()));
                tokio::spawn(async move { platform.delete(&path).await })
            })
            .collect();
        let mut refused = 0;
        for racer in racing {
            let answer = racer.await.unwrap();
            assert!(answer.status == 204 || answer.is(catalogue::LAST_OWNER), "{}", answer.body);
            refused += u32::from(answer.status != 204);
        }
        assert_eq!((refused, platform.account.number(OWNERS).await), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_role_given_at_the_same_moment_is_one() {
    let platform = Arc::new(Platform::start().await);
    let roles = format!("/{}/roles", platform.open(ANN, "personal").await);
    let racing: Vec<_> = (0..24)
        .map(|n| {
            let (platform, roles) = (Arc::clone(&platform), roles.clone());
            tokio::spawn(async move {
                match n % 3 {
                    0 => platform.post_as(&format!("racer-{n}"), &roles, &wish(BOB, "owner")).await,
                    _ => platform.post(&roles, &wish(BOB, "owner")).await,
                }
            })
        })
        .collect();
    let (mut ids, mut made) = (HashSet::new(), 0);
    for racer in racing {
        let answer = racer.await.unwrap();
        assert!([200, 201].contains(&answer.status), "{}", answer.body);
        made += u32::from(answer.status == 201);
        ids.insert(answer.text("role_id"));
    }
    assert_eq!((ids.len(), made, platform.account.number(OWNERS).await), (1, 1, 2));
}
