//! People as other services see them: the real router, a real database, the real migrations.

use crate::support::service::{answer, serve, split_of};
use crate::support::{open, visitor};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_found_by_their_identifiers_only() {
    let split = split_of(&["email_addresses"], rerp_identity::migrations).await;
    let (db, _) = open(split.dir()).await;
    let (at, http) = (serve(rerp_identity::router(db)).await, visitor());
    let read = async |rest: &str| {
        let (status, _, body) = answer(http.get(format!("http://{at}/api/identity/{rest}"))).await;
        (status, body)
    };
    let [ann, bob, staff, nobody] = [1, 2, 3, 4].map(|n| format!("0191f7a1-3f0c-7000-8000-00000000000{n}"));
    let address = "0191f7a1-3f0c-7000-8000-000000000009";
    split
        .source
        .define(&format!(
            "INSERT INTO email_addresses (id, email) VALUES ('{address}', 'ann@example.com'), (gen_random_uuid(), 'bob@example.com');
             INSERT INTO human_names (id, email_address_id, first_name, username) VALUES ('{ann}', '{address}', 'Ann', 'ann');
             INSERT INTO human_names (id, email_address_id) SELECT '{bob}', id FROM email_addresses WHERE email = 'bob@example.com';
             INSERT INTO verification_tracking (id, human_name_id, email_verified, email_verified_at)
                VALUES (gen_random_uuid(), '{ann}', true, '2026-11-26T08:00:00Z');
             INSERT INTO platform_users (id, email, first_name, surname) VALUES ('{staff}', 'ann@staff.example', 'Ann', 'Staff')",
        ))
        .await;

    let (status, person) = read(&format!("user/{ann}")).await;
    assert_eq!((status, &person["human_name_id"], &person["email_address_id"]), (200, &json!(ann), &json!(address)));
    assert_eq!(
        (&person["first_name"], &person["surname"], &person["username"]),
        (&json!("Ann"), &Value::Null, &json!("ann"))
    );
    let (status, proved) = read(&format!("verification-status/{ann}")).await;
    assert_eq!((status, &proved["email_verified"], &proved["phone_verified"]), (200, &json!(true), &json!(false)));
    assert_eq!(
        (&proved["email_verified_at"], &proved["both_verified"]),
        (&json!("2026-11-26T08:00:00Z"), &json!(false))
    );
    let (status, nothing) = read(&format!("verification-status/{bob}")).await;
    assert_eq!((status, &nothing["email_verified"], &nothing["both_verified"]), (200, &json!(false), &json!(false)));
    let (status, member) = read(&format!("platform-user/{staff}")).await;
    assert_eq!((status, &member["email"], &member["is_active"]), (200, &json!("ann@staff.example"), &json!(true)));

    for path in ["user", "verification-status", "platform-user"] {
        // Customers and staff are apart, and an address finds nobody.
        for other in [&nobody, if path == "platform-user" { &ann } else { &staff }, "ann@example.com", "1"] {
            assert_eq!(read(&format!("{path}/{other}")).await.0, 404, "{path}/{other}");
        }
    }
}
