//! What services say to each other over gRPC: messages, clients and servers, generated from `services/<name>/proto`.
//!
//! A crate of its own because both ends of a call need it. Must hold nothing that is written by hand.

/// Account, version 1.
pub mod account {
    /// The one registry of companies, and what people may do in accounts.
    #[allow(
        clippy::all,
        clippy::unwrap_used,
        clippy::too_many_lines,
        missing_docs,
        unreachable_pub,
        reason = "generated"
    )]
    pub mod v1 {
        tonic::include_proto!("rerp.account.v1");
    }
}

/// Billing, version 1.
pub mod billing {
    /// What accounts have paid for.
    #[allow(
        clippy::all,
        clippy::unwrap_used,
        clippy::too_many_lines,
        missing_docs,
        unreachable_pub,
        reason = "generated"
    )]
    pub mod v1 {
        tonic::include_proto!("rerp.billing.v1");
    }
}

/// Identity, version 1.
pub mod identity {
    /// The one registry of email addresses and people.
    #[allow(
        clippy::all,
        clippy::unwrap_used,
        clippy::too_many_lines,
        missing_docs,
        unreachable_pub,
        reason = "generated"
    )]
    pub mod v1 {
        tonic::include_proto!("rerp.identity.v1");
    }
}
