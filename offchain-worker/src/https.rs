//! Serves the job port: files in, results out, over https with a certificate of our own.
//!
//! Renters show the bearer secret of their hand-over; committees read the results of posted batches without one.
//! Routes: `docs/protocol.md`, section 6.

mod doors;
mod download;
mod lines;
mod published;
mod refused;
mod routes;
mod server;
mod tls;
mod upload;

#[cfg(test)]
mod tests;

pub use doors::{Door, Doors};
pub use published::Published;
pub use routes::Desk;
pub use server::{Patience, serve};
pub use tls::{Identity, IdentityError};
