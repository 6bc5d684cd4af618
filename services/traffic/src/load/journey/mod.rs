//! Journeys: one seeded person after the other opens an account, subscribes, takes a test, and looks at what came of it.
//!
//! In: where the services are, whom the seed made, a rate. Out: outcomes, written into the logbook. A stream of its own beside the forms,
//! on the run's clock. One attempt per step, as for forms: the first step that fails ends the journey. What a person does is asked in that
//! person's name, and what journeys need is declared in staff's.

pub mod call;
pub mod declare;
pub mod people;
pub mod step;
pub mod stream;
mod travel;
pub mod voice;
