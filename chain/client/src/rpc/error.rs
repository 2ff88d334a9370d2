//! Says which method of which node failed, why, and whether to try again.

use alloy_primitives::Bytes;
use jsonrpsee::core::ClientError;
use std::sync::Arc;

/// Why a JSON-RPC method gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// Neither `http://` nor `ws://`, or no host.
    #[error("{url} is no url of a node: http:// or ws:// with a host is needed")]
    BadUrl {
        /// The url as far as it may be shown.
        url: Arc<str>,
    },
    /// The line failed: no connection, a timeout, a broken answer of the server.
    #[error("{method} at {url}: no answer")]
    Unreachable {
        /// JSON-RPC method.
        method: &'static str,
        /// Scheme, host and port.
        url: Arc<str>,
        /// What the transport says.
        #[source]
        source: Arc<ClientError>,
    },
    /// The node answered with an error.
    #[error("{method} at {url}: refused with code {code}: {message}")]
    Refused {
        /// JSON-RPC method.
        method: &'static str,
        /// Scheme, host and port.
        url: Arc<str>,
        /// JSON-RPC error code; 3 is a revert.
        code: i32,
        /// The node's words.
        message: String,
        /// What a reverted call returned.
        data: Option<Bytes>,
    },
    /// The node answered something else than the method promises.
    #[error("{method} at {url}: the answer is not understood")]
    Malformed {
        /// JSON-RPC method.
        method: &'static str,
        /// Scheme, host and port.
        url: Arc<str>,
        /// What is wrong with it.
        #[source]
        source: Arc<ClientError>,
    },
    /// The node answered, but without what was asked for.
    #[error("{method} at {url}: the answer lacks {what}")]
    Missing {
        /// JSON-RPC method.
        method: &'static str,
        /// Scheme, host and port.
        url: Arc<str>,
        /// What is not there.
        what: &'static str,
    },
}

/// What a node's refusal of a transaction means for its sender. The words are geth's, which our node uses too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The pool has these very bytes: as good as accepted.
    AlreadyKnown,
    /// A transaction with this nonce was mined: look for its receipt.
    NonceTooLow,
    /// The fee is too low, for the pool or to replace another transaction: raise it later.
    Underpriced,
    /// The account cannot pay now.
    Unpayable,
    /// An earlier nonce is missing, the pool is full, or the node is in trouble of its own: send again later.
    NotNow,
    /// These bytes will never be accepted.
    Never,
}

/// What a pool says of bytes that it will never take. Other words tell of the node, not of the bytes.
const NEVER: [&str; 18] = [
    "intrinsic gas too low",
    "floor data gas",
    "exceeds block gas limit",
    "gas limit too high",
    "gas limit reached",
    "higher than max fee per gas",
    "chain id",
    "chain ID",
    "invalid sender",
    "invalid signature",
    "invalid transaction",
    "not supported",
    "initcode size exceeded",
    "not an eoa",
    "oversized data",
    "negative value",
    "rlp:",
    "cannot decode",
];

impl RpcError {
    /// Whether the same request may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            // EIP-1474: limit exceeded.
            Self::Refused { code, .. } => *code == -32005,
            _ => false,
        }
    }

    /// What a reverted call returned, if this is a revert.
    #[must_use]
    pub fn revert_data(&self) -> Option<&Bytes> {
        match self {
            Self::Refused { code: 3, data, .. } => data.as_ref(),
            _ => None,
        }
    }

    /// Whether the node ran the call and it reverted.
    #[must_use]
    pub fn is_revert(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => {
                *code == 3 || message.starts_with("execution reverted")
            }
            _ => false,
        }
    }

    /// Whether the node answered, and will say the same of this request until something else has changed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. }) && !self.is_retryable()
    }

    /// Whether the node has removed what was asked for, or cannot tell whether it was ever there (EIP-4444).
    #[must_use]
    pub const fn is_pruned(&self) -> bool {
        matches!(self, Self::Refused { code: 4444, .. })
    }

    /// What a refused `eth_sendRawTransaction` means; `None` if the node did not refuse.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let Self::Refused { message, .. } = self else { return None };
        let says = |words: &[&str]| words.iter().any(|part| message.contains(part));
        Some(if says(&["already known", "known transaction", "already imported"]) {
            Refusal::AlreadyKnown
        } else if says(&["nonce too low"]) {
            Refusal::NonceTooLow
        } else if says(&["underpriced", "less than block base fee"]) {
            Refusal::Underpriced
        } else if says(&["insufficient funds"]) {
            Refusal::Unpayable
        } else if says(&NEVER) && !self.is_retryable() {
            Refusal::Never
        } else {
            Refusal::NotNow
        })
    }

    pub(crate) fn from_client(method: &'static str, url: &Arc<str>, error: ClientError) -> Self {
        let url = Arc::clone(url);
        match error {
            ClientError::Call(object) => Self::Refused {
                method,
                url,
                code: object.code(),
                message: object.message().to_owned(),
                data: object.data().and_then(|raw| serde_json::from_str(raw.get()).ok()),
            },
            ClientError::ParseError(_) | ClientError::InvalidRequestId(_) => {
                Self::Malformed { method, url, source: Arc::new(error) }
            }
            line => Self::Unreachable { method, url, source: Arc::new(line) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> RpcError {
        RpcError::Refused {
            method: "eth_sendRawTransaction",
            url: "http://node".into(),
            code: -32_000,
            message: message.to_owned(),
            data: None,
        }
    }

    #[test]
    fn refusals_are_told_apart_by_the_nodes_words() {
        let cases = [
            ("already known", Refusal::AlreadyKnown),
            ("nonce too low: next nonce 4, tx nonce 3", Refusal::NonceTooLow),
            ("replacement transaction underpriced", Refusal::Underpriced),
            ("insufficient funds for gas * price + value: have 1 want 2", Refusal::Unpayable),
            ("nonce too high: next nonce 4, tx nonce 9", Refusal::NotNow),
            ("intrinsic gas too low: have 1, want 21000", Refusal::Never),
            ("transaction gas limit too high (cap: 16777216, tx: 20000000)", Refusal::Never),
            ("invalid chain id for signer: have 1 want 2", Refusal::Never),
            ("transaction type 9 not supported", Refusal::Never),
            ("sender not an eoa: address 0x00", Refusal::Never),
            ("txpool is full", Refusal::NotNow),
            ("internal error", Refusal::NotNow),
            ("the state could not be read", Refusal::NotNow),
            ("", Refusal::NotNow),
        ];
        for (message, expected) in cases {
            assert_eq!(refused(message).refusal(), Some(expected), "{message}");
        }
    }

    #[test]
    fn an_error_names_method_and_node() {
        let text = refused("already known").to_string();
        assert!(text.contains("eth_sendRawTransaction at http://node"), "{text}");
    }
}
