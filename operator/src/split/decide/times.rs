//! What a migration waits for that only time brings.

use super::super::check::Checked;
use super::super::gather::Observed;
use super::super::window::Window;
use jiff::Timestamp;
use rerp_crds::split::AdvanceTo;

/// Whether the time of observation is over; without one there is nothing to wait for. It begins anew each time the target opens, and
/// until the worker says that it has, the time of an earlier opening means nothing.
pub(super) fn observed(checked: &Checked, seen: &Observed, now: Timestamp) -> bool {
    if checked.observe.is_zero() {
        return true;
    }
    let status = seen.journal.as_ref().map(|journal| &journal.status).filter(|status| status.phase.is_after_cutover());
    let opened = status.and_then(|status| status.cutover.as_ref()).map(|cutover| cutover.at);
    opened.is_some_and(|at| now.duration_since(at).unsigned_abs() >= checked.observe)
}

/// What the window of the first cutover means at this moment.
pub(super) enum Slot<'a> {
    /// Nothing waits for one: there is none, nobody has asked for the cutover, or it has been begun. What is asked for by epoch waits for
    /// none either: a person asks for it at that moment.
    Any,
    /// It is open, until then.
    Open(Timestamp),
    /// It is closed.
    Shut(&'a Window),
}

/// Looks at the window.
pub(super) fn slot<'a>(checked: &'a Checked, seen: &Observed, now: Timestamp) -> Slot<'a> {
    let begun = seen.journal.as_ref().is_some_and(|journal| journal.status.epoch > 0);
    match &checked.window {
        Some(window) if !begun && checked.advance_to > AdvanceTo::ReadyForCutover => {
            window.closes(now).map_or(Slot::Shut(window), Slot::Open)
        }
        _ => Slot::Any,
    }
}
