//! Follow a chain and send to it, reliably: log cursor, durable outbox, nonces, fee bumps.
