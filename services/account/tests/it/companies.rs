//! Companies that turn out to be one, and where they come from.

use rerp_kit::access::{Assurance, Verb};
use rerp_kit::problem::catalogue;
use serde_json::json;

use crate::doors::Who;
use crate::platform::{ANN, NOBODY, Platform};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merged_company_is_the_other_one_by_every_name() {
    let platform = Platform::start().await;
    let (acme, typo) = (platform.company("Acme").await, platform.company("Acmee").await);
    let third = platform.company("Acme Holding").await;
    let merge = async |from: &str, into: &str| {
        platform.post(&format!("/companies/{from}/merge"), &json!({ "into": into })).await
    };
    let merged = merge(&typo, &acme).await;
    assert_eq!((merged.status, merged.text("company_id")), (200, acme.clone()), "{}", merged.body);
    assert_eq!(merge(&typo, &acme).await.status, 200, "the same again");
    assert_eq!(platform.company(" ACMEE ").await, acme, "whoever types the old name gets the one");
    for path in [format!("/companies/{typo}"), "/companies?name=Acmee".to_owned(), "/companies/acmee".to_owned()] {
        let found = platform.get(&path).await;
        assert_eq!((found.text("company_id"), found.text("name")), (acme.clone(), "Acme".to_owned()), "{path}");
    }
    // What was merged goes along, and no circle is made.
    assert!(merge(&acme, &typo).await.is(catalogue::INVALID_VALUE), "it would be merged into itself");
    assert_eq!(merge(&acme, &third).await.text("company_id"), third);
    assert_eq!(platform.company("Acmee").await, third);
    assert_eq!(merge(&typo, &acme).await.text("company_id"), third, "what it was merged into is another one now");
    assert!(merge(&third, &third).await.is(catalogue::INVALID_VALUE));
    assert!(merge(&third, NOBODY).await.is(catalogue::INVALID_VALUE));
    assert!(merge(NOBODY, &third).await.is(catalogue::NOT_FOUND));
    let other = platform.company("Other").await;
    assert!(merge(&typo, &other).await.is(catalogue::ENDED));
    let steps = "SELECT count(*) FROM svc.companies a JOIN svc.companies b ON b.id = a.merged_into WHERE b.merged_into IS NOT NULL";
    assert_eq!(platform.account.number(steps).await, 0);

    let undo = format!("/companies/{typo}/merge");
    assert_eq!(platform.delete(&undo).await.status, 204);
    assert!(platform.delete(&undo).await.is(catalogue::NOT_FOUND));
    assert_eq!(platform.company("Acmee").await, typo, "it is itself again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_kept_who_named_a_company_first() {
    let platform = Platform::start().await;
    let doors = platform.doors().await;
    let upsert = "/api/accounts/companies/upsert";
    let (person, staff) = (Who::Person(ANN.parse().unwrap()), Who::Staff(Assurance::Second));
    for (who, name) in [(person, "Person's"), (staff, "Staff's"), (staff, "Person's")] {
        assert_eq!(doors.ask(who, Verb::Post, upsert, Some(&json!({ "name": name }))).await.unwrap().status, 200);
    }
    for (name, provenance) in [("Person's", "person"), ("Staff's", "staff")] {
        let path = format!("/companies?name={}", name.replace('\'', "%27"));
        assert_eq!(platform.get(&path).await.text("provenance"), provenance, "{name}");
    }
}
