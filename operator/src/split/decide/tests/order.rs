//! Migrations that share a source: what comes first, and what is refused.

use super::*;
use rerp_split::order::Link;

/// `a b`: a key from schema `a` to schema `b`; with a third word it is severed.
fn links(text: &[&str]) -> Option<Vec<Link>> {
    let of = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        Link {
            child_schema: words[0].into(),
            parent_schema: words[1].into(),
            name: "fk".into(),
            child: format!("{}.child", words[0]),
            parent: format!("{}.parent", words[1]),
            keys: 1,
            severed: words.len() > 2,
        }
    };
    Some(text.iter().map(of).collect())
}

/// A migration of schema `name`, from the shared server, that waits for others.
fn moving(name: &str, waits_for: &[&str]) -> DatabaseSplitMigration {
    let mut object = migration(name);
    object.spec.service_ref = ObjectRef::new(name);
    object.spec.source.database_ref = ObjectRef::new(format!("{name}-shared"));
    object.spec.target.database_ref = ObjectRef::new(name);
    object.spec.depends_on = waits_for.iter().map(|&one| ObjectRef::new(one)).collect();
    object.spec.advance_to = Some(AdvanceTo::Completed);
    object
}

fn at_phase(mut object: DatabaseSplitMigration, phase: SplitPhase) -> DatabaseSplitMigration {
    object.status = Some(DatabaseSplitMigrationStatus { phase: Some(phase), ..Default::default() });
    object
}

/// What is seen of `object` beside `others`, when the worker has found these keys.
fn beside(
    object: &DatabaseSplitMigration,
    others: &[DatabaseSplitMigration],
    phase: Phase,
    found: Option<Vec<Link>>,
) -> Observed {
    let name = object.spec.service_ref.name.as_str();
    let mut service = RerpService::new(name, Default::default());
    service.spec.database_ref = Some(object.spec.source.database_ref.clone());
    let shared = |one: &DatabaseSplitMigration| {
        let name = &one.spec.source.database_ref.name;
        let mut database = member(name, "monolith").database;
        database.spec.engine.shared.as_mut().unwrap().schema = one.spec.service_ref.name.clone();
        database
    };
    let mut seen = seen(phase);
    seen.journal.as_mut().unwrap().status.links = found;
    let databases = others.iter().chain([object]).map(shared).collect();
    let source = Some(Member { database: shared(object), ..member("shared", "monolith") });
    let target = Some(member(name, name));
    Observed { service: Some(service), source, target, others: others.to_vec(), databases, ..seen }
}

fn outcome_of(object: &DatabaseSplitMigration, others: &[DatabaseSplitMigration], found: &[&str]) -> Outcome {
    decide(object, &beside(object, others, Phase::Preflight, links(found)), at(1000)).outcome
}

#[test]
fn nothing_is_changed_before_the_keys_are_known() {
    let (object, later) = (moving("identity", &[]), moving("account", &["identity"]));
    let told = |others: &[DatabaseSplitMigration], found| {
        let seen = beside(&object, others, Phase::Preflight, found);
        run(&decide(&object, &seen, at(1000))).wish.advance_to
    };
    let others = [later.clone()];
    assert_eq!(told(&others, None), Phase::Preflight);
    assert_eq!(told(&others, links(&["account identity"])), Phase::Completed);
    assert_eq!(told(&[], None), Phase::Completed, "nobody else moves");
    for ended in [SplitPhase::Completed, SplitPhase::Aborted] {
        assert_eq!(told(&[at_phase(later.clone(), ended)], None), Phase::Completed, "{ended}");
    }
    let unbegun = Observed { journal: None, ..beside(&object, &others, Phase::Pending, None) };
    assert_eq!(run(&decide(&object, &unbegun, at(1000))).wish.advance_to, Phase::Preflight);
}

#[test]
fn a_child_that_does_not_wait_for_its_parent_is_refused_with_the_key_and_the_line() {
    let child = moving("account", &[]);
    let refused = outcome_of(&child, &[moving("identity", &[])], &["account identity"]);
    assert_eq!(refused.reason(), Reason::WrongOrder);
    assert_eq!(
        refused.message(),
        "wrong order: foreign key fk of account.child refers to identity.parent, which DatabaseSplitMigration identity moves; \
         that one goes first: add '- name: identity' to spec.dependsOn"
    );
    let seen = beside(&child, &[moving("identity", &[])], Phase::Preflight, links(&["account identity"]));
    assert_eq!(run(&decide(&child, &seen, at(1000))).wish.advance_to, Phase::Preflight, "the worker goes on looking");
    // The parent's waits for the child's by way of another one: that line has to go as well.
    let others = [moving("identity", &["fte"]), moving("fte", &["account"])];
    let refused = outcome_of(&child, &others, &["account identity"]);
    assert!(refused.message().ends_with("and take '- name: account' out of spec.dependsOn of fte"), "{refused:?}");
}

#[test]
fn what_does_not_tie_two_migrations_holds_nobody() {
    let child = moving("account", &[]);
    let goes_on = |others: &[DatabaseSplitMigration], found: &[&str]| {
        let outcome = outcome_of(&child, others, found);
        assert_eq!(outcome.reason(), Reason::Progressing, "{outcome:?}");
    };
    goes_on(&[moving("identity", &[])], &["identity account"]);
    goes_on(&[moving("identity", &[])], &["account billing"]);
    goes_on(&[moving("identity", &[])], &["account identity severed"]);
    goes_on(&[at_phase(moving("identity", &[]), SplitPhase::Aborted)], &["account identity"]);
    let mut going = moving("identity", &[]);
    going.metadata.deletion_timestamp = Some(Time(at(900)));
    goes_on(&[going], &["account identity"]);
    // On another server.
    let mut seen = beside(&child, &[moving("identity", &[])], Phase::Preflight, links(&["account identity"]));
    seen.databases[0].spec.engine.shared.as_mut().unwrap().database_ref = ObjectRef::new("elsewhere");
    assert_eq!(decide(&child, &seen, at(1000)).outcome.reason(), Reason::Progressing);
    // What has begun goes on.
    let seen = beside(&child, &[moving("identity", &[])], Phase::Copy, links(&["account identity"]));
    assert_eq!(run(&decide(&child, &seen, at(1000))).wish.advance_to, Phase::Completed);
}

#[test]
fn of_a_circle_any_may_be_first_and_whoever_refers_to_it_comes_after_the_first() {
    let circle = ["account identity", "identity account", "marketing account", "marketing identity"];
    let (identity, account) = (moving("identity", &[]), moving("account", &["marketing"]));
    let marketing = moving("marketing", &["identity"]);
    let first = outcome_of(&identity, &[marketing.clone(), account.clone()], &circle);
    assert_eq!(first.reason(), Reason::Progressing, "{first:?}");
    let done = at_phase(identity.clone(), SplitPhase::Completed);
    let later =
        ["account identity severed", "identity account severed", "marketing account", "marketing identity severed"];
    let second = outcome_of(&marketing, &[done, account.clone()], &later);
    assert_eq!(second.reason(), Reason::Progressing, "{second:?}");
    let early = outcome_of(&moving("marketing", &[]), &[identity, account], &circle);
    assert_eq!(
        early.message(),
        "wrong order: foreign key fk of marketing.child refers to account.parent, which DatabaseSplitMigration account moves; one of \
         identity, account, which refer to each other in a circle, goes first: add '- name: identity' to spec.dependsOn"
    );
}

#[test]
fn a_circle_of_waiting_migrations_is_named_as_a_whole() {
    let object = moving("a", &["b"]);
    let others = [moving("b", &["x", "c"]), moving("c", &["a"]), moving("d", &["a"])];
    let refused = outcome_of(&object, &others, &[]);
    assert_eq!(refused.reason(), Reason::DependencyCycle);
    assert!(refused.message().contains("a -> b -> c -> a;"), "{}", refused.message());
    let beside_it = outcome_of(&others[2], &[object.clone(), others[0].clone(), others[1].clone()], &[]);
    assert_eq!(beside_it.reason(), Reason::WaitingForMigration, "{beside_it:?}");
    let done = at_phase(moving("c", &["a"]), SplitPhase::Completed);
    let waits = outcome_of(&object, &[others[0].clone(), done], &[]);
    assert_eq!(waits.reason(), Reason::WaitingForMigration, "{waits:?}");
}

#[test]
fn what_is_held_by_the_order_is_woken_by_any_other() {
    let held = |reason: Reason| {
        let mut object = migration("m");
        let condition = Condition {
            type_: "Ready".into(),
            status: "False".into(),
            reason: reason.to_string(),
            message: String::new(),
            observed_generation: Some(1),
            last_transition_time: Time(at(1)),
        };
        object.status = Some(DatabaseSplitMigrationStatus { conditions: vec![condition], ..Default::default() });
        is_held(&object)
    };
    assert!(held(Reason::WrongOrder) && held(Reason::DependencyCycle) && !held(Reason::WaitingForMigration));
    assert!(!is_held(&migration("m")));
}
