//! Reads where and how generously the node answers.

use crate::config::values;
use clap::Args;
use std::{net::IpAddr, path::PathBuf, time::Duration};

/// The socket that `--ipc` without a path makes.
const DEFAULT_IPC: &str = "/tmp/utnet.ipc";

/// Where the node answers, and whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub(in crate::config) struct ServerArgs {
    /// Port of HTTP and WebSocket; 0 takes a free one.
    #[arg(short, long, default_value_t = 8545, value_name = "NUM")]
    pub(in crate::config) port: u16,
    /// Address of HTTP and WebSocket; several after commas, or by repeating the flag.
    #[arg(
        long,
        visible_alias = "hostname",
        default_value = "127.0.0.1",
        value_name = "IP",
        env = "ANVIL_IP_ADDR",
        value_delimiter = ',',
        value_parser = values::host
    )]
    pub(in crate::config) host: Vec<IpAddr>,
    /// Also answer at a Unix socket; without a path at /tmp/utnet.ipc (/tmp/anvil.ipc under the name anvil).
    #[arg(long, default_missing_value = DEFAULT_IPC, num_args = 0..=1, value_name = "PATH", visible_alias = "ipcpath")]
    pub(in crate::config) ipc: Option<PathBuf>,
    /// Namespaces that are served, over every door; all of them without this.
    #[arg(long, visible_alias = "http.api", value_name = "NAMES", value_delimiter = ',', value_parser = values::namespace)]
    pub(in crate::config) rpc_modules: Vec<&'static str>,
    /// Send no CORS headers.
    #[arg(long)]
    pub(in crate::config) no_cors: bool,
    /// Origins whose pages may call, after commas; or `*`.
    #[arg(long, visible_alias = "http.corsdomain", default_value = "*", value_name = "ORIGINS", conflicts_with = "no_cors", value_parser = values::origins)]
    pub(in crate::config) allow_origin: values::Origins,
    #[command(flatten)]
    pub(in crate::config) limits: LimitArgs,
}

/// What one client, and all together, may ask for.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(in crate::config) struct LimitArgs {
    /// Bytes of one request or batch.
    #[arg(long, default_value_t = 64 << 20, value_name = "BYTES", conflicts_with = "no_request_size_limit", value_parser = clap::value_parser!(u32).range(1_024..))]
    pub(in crate::config) max_request_bytes: u32,
    /// Requests of any size (below 4 GiB).
    #[arg(long)]
    pub(in crate::config) no_request_size_limit: bool,
    /// Bytes of one answer.
    #[arg(long, default_value_t = 512 << 20, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1_024..))]
    pub(in crate::config) max_response_bytes: u32,
    /// Bytes of HTTP requests that are received at the same time, by all clients together.
    #[arg(long, default_value_t = 512 << 20, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1_048_576..))]
    pub(in crate::config) max_buffered_bytes: u32,
    /// Requests in one batch.
    #[arg(long, default_value_t = 100_000, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_batch: u32,
    /// Connections at the same time.
    #[arg(long, default_value_t = 1_000, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_connections: u32,
    /// Connections at the same time from one address; without it as many as from all.
    #[arg(long, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_connections_per_peer: Option<u32>,
    /// Requests under way at the same time for one connection.
    #[arg(long, default_value_t = 1_024, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_in_flight: u32,
    /// Requests under way at the same time for one address; without it no limit.
    #[arg(long, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_in_flight_per_peer: Option<u32>,
    /// Subscriptions of one connection.
    #[arg(long, default_value_t = 1_024, value_name = "NUM", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::config) max_subscriptions: u32,
    /// Seconds in which a client must have sent its request's head, and again its body.
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = values::seconds)]
    pub(in crate::config) client_timeout: Duration,
    /// Seconds after which a WebSocket that answers no ping is closed.
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = values::seconds)]
    pub(in crate::config) ws_timeout: Duration,
}
