//! The platform as Kubernetes knows it, for staff. In come requests of the portal's own pages with a member of staff's access token; out go services,
//! databases and migrations of the program's own namespace, what this person may do with them, and a migration that is told to turn.
//!
//! | room | holds |
//! |---|---|
//! | [`settings`] | what it takes |
//! | [`person`] | whose rights are used: who asks, and how the apiserver is told |
//! | [`apiserver`], `refusal` | the one way to the apiserver, and what it says no with |
//! | `trim` | what of an object a browser gets |
//! | [`routes`], `turn` | lists and rights; rollback and forward |
//!
//! The program has no rights on any of it (`docs/adr/0052`): it may speak for staff and for nobody else, and what a role may is RBAC on the groups
//! `rerp:role:…`. Must not read Secrets, nor log a token.

pub mod apiserver;
pub mod person;
mod refusal;
pub mod routes;
pub mod settings;
mod trim;
mod turn;

use rerp_kit::bearer::Auth;

use apiserver::Apiserver;

/// All that the view of the platform takes.
#[derive(Debug)]
pub struct Cluster {
    auth: Auth,
    api: Apiserver,
}

impl Cluster {
    /// Who asks is found with `auth`, and what they ask for at `api`.
    #[must_use]
    pub fn new(auth: Auth, api: Apiserver) -> Self {
        Self { auth, api }
    }
}
