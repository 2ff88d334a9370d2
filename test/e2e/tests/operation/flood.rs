//! Thousands of connections, huge bodies, deep JSON and slow clients at once: the node refuses and serves on.

use super::process::{Node, post, said};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    thread,
};

/// Connections of a flood.
const CONNECTIONS: usize = 10_000;
/// Connections that the node takes by default.
const TAKEN: usize = 1_000;
/// Memory that the node may take at most for a flood, in KiB.
const MOST_KIB: u64 = 200 * 1_024;

/// Lets this process, and the nodes that it starts, open as many files as a flood needs.
fn open_many_files() -> Result<()> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let mut bounds = line.context("limits are listed")?.split_whitespace().skip(3);
    let mut bound = || -> Result<usize> {
        Ok(bounds.next().context("there are two")?.parse().unwrap_or(usize::MAX))
    };
    let (soft, hard, needed) = (bound()?, bound()?, CONNECTIONS + 500);
    ensure!(hard >= needed, "only {hard} files may be open: raise the hard limit to {needed}");
    if soft < needed {
        let id = std::process::id().to_string();
        let mut raise = Command::new("prlimit");
        let raised = raise.args(["--pid", &id]).arg(format!("--nofile={hard}")).status()?;
        ensure!(raised.success(), "prlimit cannot raise the limit of open files");
    }
    Ok(())
}

/// The most memory that a process ever had, in KiB.
fn peak(node: &Node) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", node.id()))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).context("memory is listed")?;
    Ok(kib.parse()?)
}

/// Asks over a connection that stays open.
fn ask_on(stream: &mut TcpStream) -> Result<()> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
    stream.write_all(post(body, "").as_bytes())?;
    let answer = first(stream)?;
    ensure!(answer.contains("0x7a69"), "{answer}");
    Ok(())
}

/// The beginning of the next answer.
fn first(stream: &mut TcpStream) -> Result<String> {
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer)?;
    Ok(said(&answer[..length]))
}

/// Sends from several threads at once; all first answers.
fn all_at_once(
    count: usize,
    address: &str,
    send: impl Fn(&str) -> Result<String> + Clone + Send + 'static,
) -> Result<Vec<String>> {
    let clients: Vec<_> = (0..count)
        .map(|_| {
            let (address, send) = (address.to_owned(), send.clone());
            thread::spawn(move || send(&address))
        })
        .collect();
    let answer = |client: thread::JoinHandle<_>| -> Result<String> {
        client.join().map_err(|_panic| anyhow!("a client panicked"))?
    };
    clients.into_iter().map(answer).collect()
}

#[test]
fn ten_thousand_connections_are_turned_away_but_for_those_that_fit() -> Result<()> {
    open_many_files()?;
    let node = Node::start(&[])?;
    let idle = peak(&node)?;
    let mut honest = TcpStream::connect(&node.address)?;
    ask_on(&mut honest)?;

    let mut flood = Vec::new();
    for number in 0..CONNECTIONS {
        flood.push(TcpStream::connect(&node.address)?);
        if number % 100 == 0 {
            ask_on(&mut honest)?;
        }
    }
    let mut last = flood.last().context("there are some")?.try_clone()?;
    let mut told = Vec::new();
    // One that was closed without a word was refused, too.
    last.read_to_end(&mut told).ok();

    let told = said(&told);
    ensure!(told.is_empty() || told.starts_with("HTTP/1.1 503"), "{told}");
    for mut taken in flood.iter().take(TAKEN - 1) {
        taken.write_all(post("{}", "").as_bytes())?;
    }
    let grown = peak(&node)? - idle;
    ensure!(grown < MOST_KIB, "{grown} KiB more than idle");
    drop(flood);
    ask_on(&mut honest)?;
    Ok(())
}

#[test]
fn newcomers_are_served_once_a_flood_has_gone() -> Result<()> {
    let node = Node::start(&["--max-connections", "20"])?;
    let flood = (0..200).map(|_| TcpStream::connect(&node.address));
    drop(flood.collect::<Result<Vec<_>, _>>()?);

    // Until the node has seen that they are gone, it may turn others away.
    while TcpStream::connect(&node.address)
        .map_err(Into::into)
        .and_then(|mut new| ask_on(&mut new))
        .is_err()
    {}

    ensure!(node.height()? == 0);
    Ok(())
}

/// Sends 100 MB of spaces whose sum nobody can know before.
fn send_chunks(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    for _ in 0..100 {
        stream.write_all(chunk.as_bytes())?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    first(&mut stream)
}

/// Sends 100 MB of spaces, and says so before.
fn send_whole(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(post(&" ".repeat(100 << 20), "").as_bytes())?;
    first(&mut stream)
}

#[test]
fn huge_bodies_at_once_stay_within_the_memory_they_may_have() -> Result<()> {
    let node = Node::start(&["--max-buffered-bytes", "67108864"])?;
    let idle = peak(&node)?;
    for send in [send_chunks, send_whole] {
        let address = node.address.clone();
        let clients = thread::spawn(move || all_at_once(8, &address, send));

        while !clients.is_finished() {
            ensure!(node.ask("eth_chainId", json!([]))? == "0x7a69");
        }
        for answer in clients.join().map_err(|_panic| anyhow!("they panicked"))?? {
            let is_refused = ["HTTP/1.1 413", "HTTP/1.1 503"].map(|code| answer.starts_with(code));
            ensure!(is_refused.contains(&true), "{answer}");
        }
    }
    let grown = peak(&node)? - idle;
    ensure!(grown < MOST_KIB, "{grown} KiB more than idle");
    Ok(())
}

/// Sends 30 MB of lists within lists.
fn send_deep(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(post(&"[".repeat(30 << 20), "").as_bytes())?;
    first(&mut stream)
}

#[test]
fn json_nested_without_end_is_refused_by_everybody_at_once() -> Result<()> {
    let node = Node::start(&["--max-buffered-bytes", "134217728"])?;
    let idle = peak(&node)?;

    let answers = all_at_once(4, &node.address, send_deep)?;

    for answer in answers {
        ensure!(answer.contains("\"error\""), "{answer}");
    }
    let grown = peak(&node)? - idle;
    ensure!(grown < 2 * MOST_KIB, "{grown} KiB more than idle");
    ensure!(node.height()? == 0);
    Ok(())
}

#[test]
fn slow_clients_lose_their_places_and_hold_nobody_up() -> Result<()> {
    let node = Node::start(&["--client-timeout", "1", "--max-connections", "500"])?;
    let idle = peak(&node)?;
    let mut slow = Vec::new();
    for number in 0..400 {
        let mut client = TcpStream::connect(&node.address)?;
        let part = match number % 3 {
            0 => "",
            1 => "POST / HTTP/1.1\r\nX: ",
            _ => "POST / HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000\r\n\r\n[",
        };
        client.write_all(part.as_bytes())?;
        slow.push(client);
    }

    ensure!(node.ask("eth_chainId", json!([]))? == "0x7a69");

    for (number, mut client) in slow.into_iter().enumerate() {
        let mut told = Vec::new();
        client.read_to_end(&mut told).ok();
        let told = said(&told);
        ensure!(number % 3 != 2 || told.starts_with("HTTP/1.1 408"), "{number}: {told}");
    }
    let grown = peak(&node)? - idle;
    ensure!(grown < MOST_KIB, "{grown} KiB more than idle");
    Ok(())
}
