//! Which accounts somebody has a role in: over HTTP, behind the guard, and as far as the database's policies go by themselves.

use rerp_account::store::{REACHED, account_page};
use rerp_kit::access::{Assurance, Caller, Verb};
use rerp_kit::problem::catalogue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doors::{Doors, Who};
use crate::platform::{ANN, BOB, CAT, NOBODY, Platform};

fn person(id: &str) -> Who {
    Who::Person(id.parse().unwrap())
}

/// Everything that pages of this size have, in their order.
async fn all(doors: &Doors, who: Who, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..20 {
        let path = format!("/api/accounts?limit=2{query}{cursor}");
        let page = doors.ask(who, Verb::Get, &path, None).await.unwrap();
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        items.extend(page.body["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
    panic!("the pages don't end");
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|one| one["account_id"].as_str().unwrap()).collect()
}

async fn grant(platform: &Platform, account: &str, to: &str, role: &str) -> String {
    let given = platform.post(&format!("/{account}/roles"), &json!({ "human_name_id": to, "role": role })).await;
    assert_eq!(given.status, 201, "{}", given.body);
    given.text("role_id")
}

async fn open_for(platform: &Platform, company: &str) -> String {
    let wish = json!({ "human_name_id": ANN, "kind": "business", "company_id": company });
    platform.post("", &wish).await.text("account_id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_lists_the_accounts_in_which_they_have_a_role_and_no_other() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let (acme, typo) = (platform.company("Acme").await, platform.company("Acmee").await);
    let own = platform.open(ANN, "personal").await;
    let (first, second) = (open_for(&platform, &acme).await, open_for(&platform, &typo).await);
    let (nameless, bobs) = (platform.open(ANN, "business").await, platform.open(BOB, "personal").await);
    grant(&platform, &first, ANN, "viewer").await;
    let bob_s = grant(&platform, &first, BOB, "member").await;
    assert_eq!(platform.post(&format!("/companies/{typo}/merge"), &json!({ "into": acme })).await.status, 200);

    let listed = all(&doors, person(ANN), "").await;
    assert_eq!(ids(&listed), [&own, &first, &second, &nameless], "in the order in which they were opened");
    for (one, kind, name, roles) in [
        (0, "personal", Value::Null, json!(["owner"])),
        (1, "business", json!("Acme"), json!(["owner", "viewer"])),
        (2, "business", json!("Acme"), json!(["owner"])),
        (3, "business", Value::Null, json!(["owner"])),
    ] {
        let one = &listed[one];
        assert_eq!((&one["kind"], &one["display_name"], &one["roles"]), (&json!(kind), &name, &roles), "{one}");
    }
    let account = platform.get(&format!("/{second}")).await.body;
    assert_eq!((&listed[2]["created_at"], &listed[2]["company_id"]), (&account["created_at"], &json!(typo)));

    // Another person's roles are that person's: of the account both are in, each sees their own.
    let bobs_list = all(&doors, person(BOB), "").await;
    assert_eq!((ids(&bobs_list), &bobs_list[0]["roles"]), (vec![first.as_str(), &bobs], &json!(["member"])));
    assert_eq!(all(&doors, person(CAT), "").await, Vec::<Value>::new());
    assert_eq!(all(&doors, person(BOB), &format!("&human_name_id={BOB}")).await, bobs_list);
    let path = format!("/api/accounts?human_name_id={ANN}");
    let refused = doors.ask(person(BOB), Verb::Get, &path, None).await.unwrap();
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (403, &json!("/human_name_id")));

    // Without the role it is in the list no more.
    assert_eq!(platform.delete(&format!("/{first}/roles/{bob_s}")).await.status, 204);
    assert_eq!(ids(&all(&doors, person(BOB), "").await), [&bobs]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_list_anybody_s_accounts_or_all_and_leave_a_trace() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let (ann_s, bob_s) = (platform.open(ANN, "business").await, platform.open(BOB, "personal").await);
    let staff = Who::Staff(Assurance::Second);
    let everybody_s = all(&doors, staff, "").await;
    assert_eq!((ids(&everybody_s), &everybody_s[0]["roles"]), (vec![ann_s.as_str(), &bob_s], &json!([])));
    let of_bob = all(&doors, staff, &format!("&human_name_id={BOB}")).await;
    assert_eq!((ids(&of_bob), &of_bob[0]["roles"]), (vec![bob_s.as_str()], &json!(["owner"])));
    assert_eq!(all(&doors, staff, &format!("&human_name_id={NOBODY}")).await, Vec::<Value>::new());
    assert_eq!(platform.rows("staff_access").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_listed_is_a_problem() {
    let platform = Platform::start().await;
    for query in ["human_name_id=1", "human_name_id=", "limit=0", "limit=201", "cursor=1", "who=me"] {
        let answer = platform.get(&format!("?{query}")).await;
        assert!(answer.is(catalogue::MALFORMED_ADDRESS), "{query}: {}", answer.body);
    }
}

/// A query that forgets whose accounts it is after gets the person's own all the same: the policies see to that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_gives_nobody_another_s_accounts() {
    let platform = Platform::start().await;
    let (own, shared) = (platform.open(ANN, "personal").await, platform.open(BOB, "business").await);
    let foreign = platform.open(CAT, "business").await;
    grant(&platform, &shared, ANN, "viewer").await;
    let db = platform.database().await.reaching(REACHED);
    let list = async |caller: &Caller, whose: Option<&str>| {
        let whose = whose.map(|id| id.parse::<Uuid>().unwrap());
        let rows = account_page::page(&db.on_behalf(caller), whose, Uuid::nil(), 10).await.unwrap();
        rows.into_iter().map(|row| row.account_id.to_string()).collect::<Vec<_>>()
    };
    let ann = Caller::Person { id: ANN.parse().unwrap(), assurance: Assurance::First };
    assert_eq!(list(&ann, None).await, [&own[..], &shared], "all that there is, as far as Ann goes");
    assert_eq!(list(&ann, Some(CAT)).await, Vec::<String>::new(), "another's roles are no way in");
    assert_eq!(list(&Caller::Nobody, None).await, Vec::<String>::new());
    let staff = Caller::Staff { id: CAT.parse().unwrap() };
    assert_eq!(list(&staff, None).await, [own, shared, foreign], "the positive control");
}
