//! The order of migrations that share a source. Pure.
//!
//! In: what they wait for, the foreign keys between their schemas, how far each is. Out: whether this one may begin. What is a wrong
//! order between schemas is `rerp_split::order`'s to say; here schemas are those of migrations.

use super::super::gather::Observed;
use crate::graph::{Edges, path};
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::{ConditionType, DatabaseSplitMigration, Reason, SplitPhase};
use rerp_split::order::{Link, circle, hindrance};
use rerp_split::phase::Phase;

/// Whether a migration may begin, by the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It may, or has begun already.
    Right,
    /// The worker hasn't looked at the keys yet.
    Unknown,
    /// A person has to change what waits for what.
    Wrong(Outcome),
}

/// Another migration that moves a schema of the same database.
struct Sibling {
    name: String,
    schema: String,
    /// It has moved its schema, and the end.
    completed: bool,
    /// It is to move its schema, or about to.
    live: bool,
}

/// Refuses migrations that wait for each other in a circle, naming all of it. One that is Completed waits for nobody any more.
///
/// # Errors
/// The refusal.
pub(super) fn no_circle(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<(), Outcome> {
    let (name, edges) = (migration.name_any(), waits(migration, seen));
    let Some(circle) = path(&name, &name, &edges) else { return Ok(()) };
    let message = format!(
        "spec.dependsOn forms a circle: {name} -> {}; each of them waits for the next, so take one of these lines out",
        circle.join(" -> ")
    );
    Err(Outcome::refused(Reason::DependencyCycle, message))
}

/// Judges the order. What has begun goes on: taking it back would mend nothing.
#[must_use]
pub(super) fn order(migration: &DatabaseSplitMigration, seen: &Observed) -> Order {
    let status = seen.journal.as_ref().map(|journal| &journal.status);
    if status.is_some_and(|status| !matches!(status.phase, Phase::Pending | Phase::Preflight)) {
        return Order::Right;
    }
    let Some((own, siblings)) = siblings(migration, seen).filter(|(_, all)| all.iter().any(|one| one.live)) else {
        return Order::Right;
    };
    let Some(links) = status.and_then(|status| status.links.as_deref()) else { return Order::Unknown };
    let edges = waits(migration, seen);
    let waited_for = |one: &Sibling| one.completed || path(&migration.name_any(), &one.name, &edges).is_some();
    let moves = |schema: &str| siblings.iter().any(|one| one.live && one.schema == schema);
    let ahead = |schema: &str| siblings.iter().any(|one| one.schema == schema && waited_for(one));
    let Some(link) = hindrance(&own, links, moves, ahead) else { return Order::Right };
    let circle = circle(&link.parent_schema, links);
    let before: Vec<&Sibling> =
        siblings.iter().filter(|one| one.live && circle.contains(one.schema.as_str())).collect();
    Order::Wrong(wrong(&migration.name_any(), link, &before, &edges))
}

/// Names the key, who moves its parent, and the lines of `dependsOn` that mend it. `before` has that one and those of its circle, one of
/// which has to be ahead of `name`.
fn wrong(name: &str, link: &Link, before: &[&Sibling], edges: &Edges<'_>) -> Outcome {
    let names: Vec<&str> = before.iter().map(|one| one.name.as_str()).collect();
    let movers = before.iter().filter(|one| one.schema == link.parent_schema);
    let parent = movers.map(|one| one.name.as_str()).next().unwrap_or_default();
    let first = names.iter().copied().find(|one| path(one, name, edges).is_none()).unwrap_or(parent);
    let goes = match names.as_slice() {
        [_] => "that one goes first".to_owned(),
        all => format!("one of {}, which refer to each other in a circle, goes first", all.join(", ")),
    };
    // If even the first waits for this one, that line has to go too, or both would wait.
    let back = path(first, name, edges).map(|way| way.iter().rev().nth(1).map_or(first, |&last| last).to_owned());
    let back = back.map(|last| format!(", and take '- name: {name}' out of spec.dependsOn of {last}"));
    let message = format!(
        "wrong order: {}, which DatabaseSplitMigration {parent} moves; {goes}: add '- name: {first}' to spec.dependsOn{}",
        link.words(),
        back.unwrap_or_default()
    );
    Outcome::refused(Reason::WrongOrder, message)
}

/// Whom each live migration of the namespace waits for.
fn waits<'a>(migration: &'a DatabaseSplitMigration, seen: &'a Observed) -> Edges<'a> {
    let named = |one: &'a DatabaseSplitMigration| {
        let name = one.metadata.name.as_deref().unwrap_or_default();
        (name, one.spec.depends_on.iter().map(|other| other.name.as_str()).collect::<Vec<_>>())
    };
    seen.others.iter().filter(|one| !is_completed(one)).chain([migration]).map(named).collect()
}

/// The schema that moves, and those of the same database that others move or have moved.
fn siblings(migration: &DatabaseSplitMigration, seen: &Observed) -> Option<(String, Vec<Sibling>)> {
    let place = |one: &DatabaseSplitMigration| {
        let name = &one.spec.source.database_ref.name;
        let database = seen.databases.iter().find(|database| database.name_any() == *name)?;
        Some((database.spec.server(name).to_owned(), database.spec.schema(name)))
    };
    let (server, own) = place(migration)?;
    let sibling = |one: &DatabaseSplitMigration| {
        let (_, schema) = place(one).filter(|(at, schema)| *at == server && *schema != own)?;
        let goes = one.metadata.deletion_timestamp.is_some();
        let ended = one.status.as_ref().and_then(|status| status.phase).is_some_and(SplitPhase::is_terminal);
        Some(Sibling { name: one.name_any(), schema, completed: is_completed(one), live: !ended && !goes })
    };
    let siblings = seen.others.iter().filter_map(sibling).collect();
    Some((own, siblings))
}

fn is_completed(one: &DatabaseSplitMigration) -> bool {
    one.status.as_ref().and_then(|status| status.phase) == Some(SplitPhase::Completed)
}

/// A migration that is held back by what another one is, though it doesn't wait for it.
#[must_use]
pub fn is_held(migration: &DatabaseSplitMigration) -> bool {
    let conditions = migration.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let reasons = [Reason::WrongOrder, Reason::DependencyCycle].map(Reason::as_str);
    conditions.iter().any(|one| one.type_ == ConditionType::Ready.to_string() && reasons.contains(&one.reason.as_str()))
}
