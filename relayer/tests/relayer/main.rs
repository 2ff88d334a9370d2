//! Tests the relayer against a simulated chain: in process, over http, and as the real program.

mod delivery;
mod http;
mod process;
mod support;
