//! Carry rental messages for the escrow: an encrypted inbox, checked, submitted once, never in charge of money.
