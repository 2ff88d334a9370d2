//! Speaks JSON-RPC over one kept-alive HTTP connection, with as little work of its own as possible.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// One connection; requests go one after another.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// The bytes of a request, head and body, ready to be written.
#[derive(Clone, Debug)]
pub struct Prepared(Vec<u8>);

impl Prepared {
    /// A request with this JSON text as body.
    pub fn new(body: &str) -> Self {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self([head.as_bytes(), body.as_bytes()].concat())
    }

    /// A call.
    pub fn call(method: &str, params: &Value) -> Self {
        Self::new(&call(method, params).to_string())
    }

    /// Many calls as one batch.
    pub fn batch(calls: &[Value]) -> Self {
        Self::new(&json!(calls).to_string())
    }
}

/// A call as JSON.
pub fn call(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

impl Client {
    /// Opens the connection.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads the body of the answer.
    ///
    /// # Errors
    /// When the connection breaks or the answer is no success of HTTP.
    pub fn send(&mut self, request: &Prepared) -> Result<Vec<u8>> {
        self.stream.get_mut().write_all(&request.0)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        ensure!(line.contains(" 200 "), "the node answered {line:?}");
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
        let mut body = vec![0; length.context("the answer has no length")?];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    /// Calls a method and takes its result.
    ///
    /// # Errors
    /// When it has none.
    pub fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        let answer: Value = serde_json::from_slice(&self.send(&Prepared::call(method, params))?)?;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => bail!("{method} failed: {answer}"),
        }
    }

    /// Calls many methods at once and takes their results, null where one failed.
    ///
    /// # Errors
    /// When the connection breaks or answers are missing.
    pub fn ask_all(&mut self, calls: &[Value]) -> Result<Vec<Value>> {
        let answers: Vec<Value> = serde_json::from_slice(&self.send(&Prepared::batch(calls))?)?;
        ensure!(answers.len() == calls.len(), "{} answers to {}", answers.len(), calls.len());
        Ok(answers.into_iter().map(|answer| answer["result"].clone()).collect())
    }

    /// Calls a method that answers with a quantity.
    ///
    /// # Errors
    /// When it does not.
    pub fn number(&mut self, method: &str, params: &Value) -> Result<u64> {
        quantity(&self.ask(method, params)?)
    }
}

/// A quantity of JSON-RPC.
///
/// # Errors
/// When it is none.
pub fn quantity(value: &Value) -> Result<u64> {
    let text = value.as_str().with_context(|| format!("{value} is no quantity"))?;
    Ok(u64::from_str_radix(text.trim_start_matches("0x"), 16)?)
}
