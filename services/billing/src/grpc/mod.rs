//! What other services ask. In come messages; out go the same answers as over HTTP. Must not hold SQL or rules.

pub mod entitlement;
