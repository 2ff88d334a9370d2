//! Plays strangers that keep lines and seats without taking anything, over sockets of their own.

use super::*;
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};
use tokio::{task::spawn_blocking, time::timeout};
use utnet_jobs::remote::tls_trusting;

/// How long a test waits for what should have come by then.
const LONG: Duration = Duration::from_secs(20);

/// The preface of HTTP/2, and settings by which nothing may be sent.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A line on which this much was said.
async fn say(port: &Port, first: Vec<u8>) -> Tls {
    let host = port.remote.url().trim_start_matches("https://").to_owned();
    let config = Arc::new(tls_trusting(port.fingerprint).expect("TLS"));
    let saying = spawn_blocking(move || {
        let name = ServerName::try_from("localhost").expect("a name");
        let socket = TcpStream::connect(host).expect("open");
        socket.set_read_timeout(Some(LONG)).expect("a socket");
        let mut line = Tls::new(ClientConnection::new(config, name).expect("TLS"), socket);
        while line.conn.is_handshaking() {
            line.conn.complete_io(&mut line.sock).expect("agreed");
        }
        line.write_all(&first).expect("open");
        line
    });
    saying.await.expect("no panic")
}

/// What is answered until the line ends.
async fn hear(mut line: Tls) -> Vec<u8> {
    let hearing = spawn_blocking(move || {
        let mut heard = Vec::new();
        let ended = line.read_to_end(&mut heard).err().map(|error| error.kind());
        let late = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
        assert!(ended.is_none_or(|ended| !late.contains(&ended)), "kept for ever: {heard:?}");
        heard
    });
    hearing.await.expect("the line ends")
}

/// A thousand of them used to shut the port for good.
#[tokio::test]
async fn a_line_on_which_nothing_is_said_ends() {
    let head = Duration::from_millis(100);
    let port = open_with(Patience { head, ..Patience::default() });
    let silent = say(&port, Vec::new()).await;
    assert_eq!(hear(silent).await, b"");

    let half = say(&port, b"GET /v1/access HTTP/1.1\r\nauthoriz".to_vec()).await;
    assert!(!hear(half).await.starts_with(b"HTTP/1.1 2"));
}

/// With HTTP/2 a reader used to keep 32 seats by one line, since nothing waited to be sent.
#[tokio::test]
async fn http_2_is_not_spoken() {
    let port = open();
    let line = say(&port, HTTP_2.to_vec()).await;
    assert_eq!(hear(line).await, b"");
}

/// Any byte used to give the reader its whole time again, and the end of the file was never asked for.
#[tokio::test]
async fn a_reader_that_says_a_byte_now_and_then_and_takes_nothing_loses_its_seat() {
    let reader = Duration::from_millis(500);
    let port = open_with(Patience { reader, ..Patience::default() });
    // More than two systems hold for one line.
    let input = vec![7; 32 << 20];
    port.desk.blobs.put(&input).expect("kept");
    let (batch, ..) = post(&port, &input);
    let path = format!("/v1/results/{batch}/blobs/{}", hex::encode(sha256(&input)));
    let asked = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut line = say(&port, asked.into_bytes()).await;
    let seats = &port.desk.public_downloads;
    while seats.available_permits() == SEATS {
        tokio::task::yield_now().await;
    }

    // The head of a record of 16 KiB, and as much of it as is waited for.
    let record = [0x17, 3, 3, 0x40, 0].into_iter().chain([0; 995]);
    for byte in record {
        // A line that is broken takes nothing.
        drop(line.sock.write_all(&[byte]));
        if timeout(Duration::from_millis(20), seats.acquire_many(SEATS as u32)).await.is_ok() {
            return;
        }
    }
    panic!("the seat is kept for ever");
}
