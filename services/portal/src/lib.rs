//! The server of a portal: the built bundle of one, out of memory, with the headers that browsers are to mind. In come requests of
//! browsers; out go files, the portal's own pages for what went wrong, the forms of browsers without JavaScript, passed on to the gateway, and
//! sessions of whoever signs in, and for staff the platform as Kubernetes knows it.
//!
//! | room | holds |
//! |---|---|
//! | [`bundle`] | what was built: files with their smaller forms, and what the bundle says of itself |
//! | [`negotiate`] | which form of a file a browser takes |
//! | [`headers`] | what every answer tells browsers to mind |
//! | [`router`] | which file a path means, and its answer |
//! | [`form`], [`forward`] | what was filled in, and the way to the gateway |
//! | [`session`] | who is signed in, for portals that ask for it |
//! | [`cluster`] | services, databases and migrations with the rights of who asks, for portals that ask for it |
//! | [`payments`] | who takes cards, for portals that ask for it: what pages may know of it, and the way to a stand-in |
//! | [`config`], [`serve`] | settings and the life of the process |
//!
//! It knows no portal by name, keeps nothing, and holds no rule of a service.

pub mod bundle;
pub mod cluster;
pub mod config;
pub mod form;
pub mod forward;
pub mod headers;
pub mod negotiate;
pub mod payments;
pub mod router;
pub mod serve;
pub mod session;
