//! Rotation as a table of what is known against what is decided.

use super::*;
use k8s_openapi::ByteString;
use rerp_crds::names::Id;

const ID: Id<'_> = Id { namespace: "rerp", name: "identity" };

fn roles() -> RoleNames {
    RoleNames::new(ID, ID, "identity")
}

fn fresh() -> Fresh {
    Fresh {
        admin: "new".into(),
        app: "new-app".into(),
        migrate: "new-migrate".into(),
        app_salt: [1; 16],
        migrate_salt: [2; 16],
    }
}

fn secret(username: &str, password: &str, at: Timestamp) -> Secret {
    let data = [("username", username), ("password", password)];
    let mut secret = Secret {
        data: Some(data.into_iter().map(|(k, v)| (k.to_owned(), ByteString(v.as_bytes().to_vec()))).collect()),
        ..Secret::default()
    };
    secret.metadata.annotations = Some([(ROTATED_AT.to_owned(), at.to_string())].into());
    secret
}

fn pair(slot: Slot, at: Timestamp) -> (Secret, Secret) {
    (secret(&roles().app_login(slot), "old-app", at), secret(&roles().migrate_login(slot), "old-migrate", at))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn decided(known: &Known<'_>, every: Option<u64>, now: i64) -> (Slot, String, String, Timestamp) {
    let credentials = decide(known, &roles(), every.map(Duration::from_secs), at(now), fresh());
    (credentials.slot, credentials.app, credentials.migrate, credentials.rotated_at)
}

#[test]
fn the_first_pass_makes_the_first_login() {
    let known = Known { binding: None, binding_migrate: None, last_slot: None };
    assert_eq!(decided(&known, None, 5), (Slot::A, "new-app".into(), "new-migrate".into(), at(5)));
}

#[test]
fn without_a_period_nothing_ever_changes() {
    let (app, migrate) = pair(Slot::B, at(5));
    let known = Known { binding: Some(&app), binding_migrate: Some(&migrate), last_slot: Some(Slot::B) };
    assert_eq!(decided(&known, None, 1_000_000), (Slot::B, "old-app".into(), "old-migrate".into(), at(5)));
}

#[test]
fn a_due_rotation_goes_to_the_other_login() {
    let (app, migrate) = pair(Slot::A, at(0));
    let known = Known { binding: Some(&app), binding_migrate: Some(&migrate), last_slot: Some(Slot::A) };
    assert_eq!(decided(&known, Some(60), 59).0, Slot::A);
    assert_eq!(decided(&known, Some(60), 60), (Slot::B, "new-app".into(), "new-migrate".into(), at(60)));
}

#[test]
fn a_deleted_secret_leaves_the_last_login_alone() {
    let known = Known { binding: None, binding_migrate: None, last_slot: Some(Slot::A) };
    assert_eq!(decided(&known, None, 5).0, Slot::B);
}

#[test]
fn half_a_rotation_is_finished_in_the_slot_it_began() {
    let (app, _) = pair(Slot::B, at(10));
    let (_, migrate) = pair(Slot::A, at(0));
    let known = Known { binding: Some(&app), binding_migrate: Some(&migrate), last_slot: Some(Slot::A) };
    assert_eq!(decided(&known, None, 20), (Slot::B, "old-app".into(), "new-migrate".into(), at(10)));
}

#[test]
fn a_secret_of_somebody_else_is_not_taken_for_ours() {
    let foreign = secret("postgres", "x", at(0));
    let known = Known { binding: Some(&foreign), binding_migrate: None, last_slot: None };
    assert_eq!(decided(&known, None, 5).1, "new-app");
}
