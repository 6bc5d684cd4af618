//! The HTTP side of a service. In come requests; out go answers, and problem documents for whatever isn't one.
//! Must not hold routes: those are the service's.

mod connection;
pub mod context;
mod extract;
mod gate;
mod guard;
mod listener;
mod page;
mod server;
pub mod timing;
mod version;

pub use extract::{Json, Path, Query, Raw, single_header, strict_uuid};
pub use guard::guarded;
pub(crate) use listener::Conversation;
pub use listener::Listener;
pub use page::{Page, Paging};
pub use server::serve;
pub use version::{IfMatch, etag, has_tag, has_version};
