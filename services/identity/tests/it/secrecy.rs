//! What nobody learns: a code by guessing or from the tables, a contact from an answer.

use std::sync::Arc;

use crate::verify::{ANN, PHONE, World, other_than};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guesses_at_once_are_looked_at_five_times() {
    let world = Arc::new(World::new(100).await);
    world.email("ann@example.com", None).await;
    let code = world.vendor.code("ann@example.com", 1).await;
    let wrong = other_than(&code);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let world = Arc::clone(&world);
        guesses.spawn(async move { world.email("ann@example.com", Some(wrong)).await });
    }
    let answers = guesses.join_all().await;
    let refused = world.email("ann@example.com", Some(&code)).await;
    assert_eq!(refused.0, 422, "the right code comes too late");
    assert!(answers.iter().all(|answer| *answer == refused), "every refusal is the same");
    assert_eq!(world.split.source.number("SELECT tries::bigint FROM svc.otp_challenges").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_and_unknown_contacts_get_equal_answers() {
    let world = World::new(100).await;
    let stranger = "0191f7a1-3f0c-7000-8000-000000000002";
    for code in [None, None, Some("123456")] {
        let email = async |address: &str| world.whole("email", json!({"email": address, "code": code})).await;
        assert_eq!(email("ann@example.com").await, email("bob@example.com").await, "{code:?}");
        let phone = async |human: &str, number: &str| {
            world.whole("phone", json!({"human_name_id": human, "phone_number": number, "code": code})).await
        };
        let (known, unknown) = (phone(ANN, PHONE).await, phone(stranger, "+16502530000").await);
        assert_eq!(known, unknown, "{code:?}");
    }
    world.nothing_is_on_its_way().await;
    assert_eq!(world.vendor.count(), 2, "nobody writes to strangers");
}

/// How many rows of the tables with such names hold something, as a backup writes them.
const HOLDS: &str = "CREATE FUNCTION svc.holds(names text, needle text) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE t text; n bigint; sum bigint := 0;
    BEGIN
        FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'svc' AND tablename LIKE names LOOP
            EXECUTE format('SELECT count(*) FROM svc.%I t WHERE row_to_json(t)::text ~* $1', t) INTO n USING needle;
            sum := sum + n;
        END LOOP;
        RETURN sum;
    END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_holds_no_usable_code_and_no_contact() {
    let world = World::new(100).await;
    for address in ["ann@example.com", "bob@example.com"] {
        world.email(address, None).await;
    }
    let code = world.vendor.code("ann@example.com", 1).await;
    world.ask("phone", json!({"human_name_id": ANN, "phone_number": PHONE})).await;
    let text = world.vendor.code(PHONE, 2).await;
    world.split.source.execute(HOLDS).await;
    // As a word: inside a digest's hexadecimal digits six of them mean nothing, nor inside a number.
    let holds = async |names: &str, needle: &str| {
        let sql = format!("SELECT svc.holds('{names}', '(^|[^0-9a-f.]){needle}($|[^0-9a-f])')");
        world.split.source.number(&sql).await
    };
    assert_eq!(holds("otp%", "email").await + holds("otp%", "phone").await, 5, "three challenges and two budgets");
    assert!(holds("%", "ann@example.com").await > 0, "what is there is found");
    for needle in [code.as_str(), text.as_str()] {
        assert_eq!(holds("%", needle).await, 0, "a code as it was sent");
    }
    for needle in ["ann@example.com", "bob@example.com", "example", "491701234567"] {
        assert_eq!(holds("otp%", needle).await, 0, "{needle}");
    }
    // Nor a digest that could be made without the key: every code is tried.
    let plain = "SELECT count(*) FROM svc.otp_challenges c, generate_series(0, 999999) n \
                 WHERE c.digest IN (sha256(lpad(n::text, 6, '0')::bytea), \
                                    sha256((c.id || lpad(n::text, 6, '0'))::bytea))";
    assert_eq!(world.split.source.number(plain).await, 0);
}
