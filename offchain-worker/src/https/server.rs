//! Opens the job port: HTTP/1 over TLS, where nobody keeps a line by saying nothing, or by taking nothing.

use super::{
    lines::Lines,
    routes::{Desk, router},
};
use axum_server::{
    Handle,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

/// What is held of one connection, in bytes: a request's head must fit, and more waits for the reader.
const HELD_BYTES: usize = 64 << 10;

/// How long the other side of a line is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a request's head, the first one as well as each further one.
    pub head: Duration,
    /// For a reader, with each 256 KiB of what waits for it.
    pub reader: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), reader: Duration::from_secs(60) }
    }
}

/// Serves the job port until its handle ends it.
///
/// # Errors
/// The system's, when it does not let us listen.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    desk: Arc<Desk>,
    handle: Handle<SocketAddr>,
    patience: Patience,
) -> io::Result<()> {
    let lines = RustlsAcceptor::new(RustlsConfig::from_config(tls));
    let lines = lines.acceptor(Lines::new(patience.reader));
    // With HTTP/2 a reader may forbid to be sent anything, so that nothing waits and no time runs.
    let mut server = axum_server::from_tcp(listener)?.acceptor(lines).http1_only().handle(handle);
    let mut builder = server.http_builder().http1();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(HELD_BYTES);
    server.serve(router(desk).into_make_service()).await
}
