//! What counted statements and sessions amount to. Pure.

use crate::spec::{EvidenceSpec, Policy, Side};
use crate::status::{Evidence, Finding, Severity, Use};
use jiff::{SignedDuration, Timestamp};

/// The finding that somebody else's statement has been run on the moving tables.
pub const STATEMENT: &str = "other-statement";
/// The finding that somebody else's session holds locks on them.
pub const SESSION: &str = "other-session";
/// The finding that statements aren't counted.
const STATISTICS: &str = "statement-statistics";
/// Findings of the last look, which the next one replaces.
pub const EVIDENCE: [&str; 3] = [STATEMENT, SESSION, STATISTICS];

/// How many statements a look goes through, and how many are kept.
pub(super) const STATEMENTS: usize = 1000;
/// How many kinds of sessions are kept.
const SESSIONS: usize = 100;
/// What can't be told where others run more statements than that.
pub(super) const TOO_MANY: &str =
    "others have run so many statements that name the moving tables that not all were looked at";

/// How statements are counted.
const COUNT: &str = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements' (a restart; beside what is there), then CREATE EXTENSION \
    pg_stat_statements";
/// How fewer are.
const FORGET: &str = "SELECT pg_stat_statements_reset() forgets those that nobody runs any more";

/// What one look has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Statements of others on the moving tables.
    pub(super) statements: Vec<Count>,
    /// Roles and application names of others whose sessions hold locks on them now.
    pub(super) sessions: Vec<(String, String)>,
    /// Why statements can't be counted.
    pub(super) unknown: Option<String>,
}

/// How often a role has run a statement since the statistics began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) role: String,
    pub(super) query_id: String,
    pub(super) calls: u64,
}

/// The beginning of counting: whatever was counted before is none of ours.
pub(super) fn begun(found: Found, now: Timestamp) -> Evidence {
    let so_far =
        |one: Count| Use { role: one.role, query_id: Some(one.query_id), counted: one.calls, ..Use::default() };
    let uses = found.statements.into_iter().take(STATEMENTS).map(so_far).collect();
    Evidence { since: now, looked_at: None, unknown: found.unknown, closed: None, uses }
}

/// What is known after one more look. Without a beginning everything counts from now on.
pub(super) fn counted(known: Option<Evidence>, found: Found, now: Timestamp) -> Evidence {
    let Some(known) = known else { return Evidence { looked_at: Some(now), ..begun(found, now) } };
    let mut uses = known.uses;
    for one in found.statements {
        let place = place(&mut uses, |known| known.role == one.role && known.query_id.as_ref() == Some(&one.query_id));
        let seen = Use { role: one.role, query_id: Some(one.query_id), ..std::mem::take(place) };
        // Fewer than at the last look: somebody has reset the statistics, or they had no room for it in between. Then all count.
        let fresh = one.calls.checked_sub(seen.counted).unwrap_or(one.calls);
        let last = if fresh > 0 { Some(now) } else { seen.last };
        *place = Use { counted: one.calls, calls: seen.calls + fresh, last, ..seen };
    }
    for (role, application) in found.sessions {
        let place = place(&mut uses, |known| {
            known.query_id.is_none() && known.role == role && known.application.as_ref() == Some(&application)
        });
        let seen = std::mem::take(place);
        *place = Use { role, application: Some(application), calls: seen.calls + 1, last: Some(now), ..seen };
    }
    Evidence { since: known.since, looked_at: Some(now), unknown: found.unknown, closed: None, uses: kept(uses) }
}

/// The last ones first. Sessions are bounded on their own: what was counted of a statement must not be forgotten because of them, or all of
/// it would count as new.
fn kept(mut uses: Vec<Use>) -> Vec<Use> {
    uses.sort_by_key(|one| std::cmp::Reverse(one.last));
    let (mut statements, mut sessions): (Vec<_>, Vec<_>) = uses.into_iter().partition(|one| one.query_id.is_some());
    statements.truncate(STATEMENTS);
    sessions.truncate(SESSIONS);
    statements.append(&mut sessions);
    statements
}

/// The entry that is meant, or a new one.
fn place(uses: &mut Vec<Use>, is: impl Fn(&Use) -> bool) -> &mut Use {
    let at = uses.iter().position(is).unwrap_or_else(|| {
        uses.push(Use::default());
        uses.len() - 1
    });
    &mut uses[at]
}

/// Why there is no switch now; none where nothing is in its way.
#[must_use]
pub fn gate(wanted: &EvidenceSpec, seen: &Evidence, now: Timestamp) -> Option<String> {
    if wanted.policy != Policy::Require {
        return None;
    }
    if let Some(why) = &seen.unknown {
        return Some(format!("it can't be told whether others use the moving tables: {why}"));
    }
    let quiet = SignedDuration::from_secs(i64::try_from(wanted.quiet_for_s).unwrap_or(i64::MAX));
    let busy = seen.uses.iter().filter(|one| one.last.is_some_and(|last| now.duration_since(last) < quiet));
    let mut who: Vec<&str> = busy.map(|one| one.role.as_str()).collect();
    who.sort_unstable();
    who.dedup();
    (!who.is_empty()).then(|| {
        let (who, quiet) = (who.join(", "), wanted.quiet_for_s);
        format!("others use the moving tables: {who}; each has to be quiet for {quiet} s (see the findings)")
    })
}

/// Everybody else who has used the tables since the beginning, and what can't be told.
#[must_use]
pub fn findings(wanted: &EvidenceSpec, seen: &Evidence, now: Timestamp) -> Vec<Finding> {
    let mut all: Vec<Finding> = seen.uses.iter().filter_map(|one| finding(one, seen, now)).collect();
    let need = if wanted.policy == Policy::Require { ", or let evidence be Warn" } else { "" };
    all.extend(seen.unknown.as_ref().map(|why| Finding {
        id: STATISTICS.to_owned(),
        side: Side::Source,
        object: "pg_stat_statements".to_owned(),
        message: format!("{why}: whether others than the service use the moving tables is seen in their sessions only"),
        fix: format!("{}{need}", if why == TOO_MANY { FORGET } else { COUNT }),
        severity: Severity::Warning,
    }));
    all
}

fn finding(one: &Use, seen: &Evidence, now: Timestamp) -> Option<Finding> {
    let last = one.last?;
    let ago = now.duration_since(last).as_secs().max(0);
    let (id, message, find) = match (&one.query_id, &one.application) {
        (Some(query), _) => (
            STATEMENT,
            format!(
                "has run statement {query} on the moving tables {} times since {:.0}, the last time no more than {ago} s ago",
                one.calls, seen.since
            ),
            format!("SELECT query FROM pg_stat_statements WHERE queryid = {query}"),
        ),
        (None, application) => {
            let name = application.as_deref().filter(|name| !name.is_empty()).unwrap_or("without a name");
            let message = format!("a session ({name}) held locks on the moving tables {ago} s ago");
            let find = "SELECT pid, application_name, client_addr FROM pg_stat_activity".to_owned();
            (SESSION, message, find)
        }
    };
    Some(Finding {
        id: id.to_owned(),
        side: Side::Source,
        object: one.role.clone(),
        message: format!("{message}: after the switch it would be refused, or read what is old"),
        fix: format!("{find}; let it ask the service, or give it a role of the service"),
        severity: Severity::Warning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn found(calls: &[(&str, &str, u64)]) -> Found {
        let count = |(role, id, calls): &(&str, &str, u64)| Count {
            role: (*role).to_owned(),
            query_id: (*id).to_owned(),
            calls: *calls,
        };
        Found { statements: calls.iter().map(count).collect(), ..Found::default() }
    }

    fn wanted(policy: Policy) -> EvidenceSpec {
        EvidenceSpec { policy, quiet_for_s: 60 }
    }

    #[test]
    fn only_what_comes_after_the_beginning_counts() {
        let begun = begun(found(&[("report", "1", 7)]), at(0));
        let same = counted(Some(begun.clone()), found(&[("report", "1", 7)]), at(100));
        assert_eq!(findings(&wanted(Policy::Warn), &same, at(100)), []);
        let more = counted(Some(same), found(&[("report", "1", 9), ("bi", "2", 1)]), at(200));
        let told = findings(&wanted(Policy::Warn), &more, at(210));
        let said: Vec<_> = told.iter().map(|one| (one.id.as_str(), one.object.as_str())).collect();
        assert_eq!(said, [(STATEMENT, "report"), (STATEMENT, "bi")]);
        assert!(told[0].message.starts_with("has run statement 1 on the moving tables 2 times since"), "{told:?}");
        assert!(told[0].message.contains("no more than 10 s ago"), "{told:?}");
        // After a reset the counting begins anew and nothing is forgotten.
        let reset = counted(Some(more), found(&[("report", "1", 1)]), at(300));
        let report = reset.uses.iter().find(|one| one.role == "report").unwrap();
        assert_eq!((report.calls, report.counted, report.last), (3, 1, Some(at(300))));
        let again = counted(Some(reset), found(&[("report", "1", 3)]), at(400));
        let report = again.uses.iter().find(|one| one.role == "report").unwrap();
        assert_eq!((report.calls, report.last), (5, Some(at(400))));
    }

    #[test]
    fn the_gate_is_closed_until_all_have_been_quiet() {
        let begun = begun(Found::default(), at(0));
        let used = counted(Some(begun), found(&[("report", "1", 1), ("report", "2", 1)]), at(100));
        let require = wanted(Policy::Require);
        let why = gate(&require, &used, at(159)).unwrap();
        assert_eq!(why, "others use the moving tables: report; each has to be quiet for 60 s (see the findings)");
        assert_eq!(gate(&require, &used, at(160)), None);
        for policy in [Policy::Warn, Policy::Ignore] {
            assert_eq!(gate(&wanted(policy), &used, at(100)), None);
        }
    }

    #[test]
    fn sessions_count_while_they_are_seen() {
        let look = || Found { sessions: vec![("bi".into(), "tool".into())], ..Found::default() };
        let seen = counted(Some(begun(Found::default(), at(0))), look(), at(10));
        let seen = counted(Some(seen), look(), at(20));
        assert_eq!((seen.uses.len(), seen.uses[0].last), (1, Some(at(20))));
        let told = findings(&wanted(Policy::Warn), &seen, at(25));
        assert!(told[0].id == SESSION && told[0].message.starts_with("a session (tool) held locks"), "{told:?}");
        assert!(gate(&wanted(Policy::Require), &seen, at(25)).is_some());
    }

    #[test]
    fn what_is_not_counted_is_told_and_closes_only_a_gate_that_is_asked_for() {
        let unknown = Found { unknown: Some("not installed".into()), ..Found::default() };
        let seen = counted(Some(begun(Found::default(), at(0))), unknown, at(10));
        let told = findings(&wanted(Policy::Warn), &seen, at(10));
        assert_eq!((told.len(), told[0].id.as_str()), (1, STATISTICS));
        assert_eq!(gate(&wanted(Policy::Warn), &seen, at(10)), None);
        assert!(gate(&wanted(Policy::Require), &seen, at(10)).unwrap().contains("not installed"));
    }

    #[test]
    fn many_sessions_push_out_no_statement() {
        let many: Vec<(String, String)> = (0..600).map(|n| (format!("r{n}"), "a".to_owned())).collect();
        let begun = begun(found(&[("early", "1", 7)]), at(0));
        let first = counted(Some(begun), Found { sessions: many, ..Found::default() }, at(10));
        assert_eq!(first.uses.len(), SESSIONS + 1);
        let later = counted(Some(first), found(&[("early", "1", 7), ("late", "1", 1)]), at(20));
        let told: Vec<_> = later.uses.iter().map(|one| (one.role.as_str(), one.calls)).take(2).collect();
        assert_eq!((later.uses.len(), told), (SESSIONS + 2, vec![("late", 1), ("early", 0)]));
    }
}
