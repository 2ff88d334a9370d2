//! Serves the job port: files in, results out, over https with a certificate of our own.
//!
//! Renters show the bearer secret of their hand-over; referees read the results of posted batches without one.
//! Routes: `docs/protocol.md`, section 6.

mod client;
mod doors;
mod routes;
mod tls;

#[cfg(test)]
mod tests;

pub use client::{FetchError, Remote};
pub use doors::{Door, Doors};
pub use routes::{Desk, Dossier, RatingAnswer, RatingRequest, Spec, router};
pub use tls::{Identity, IdentityError};
