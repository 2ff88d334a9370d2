//! Turns what is wrong with a request into a status and JSON: `{"error":{"field":…,"message":…}}`.

use crate::{NotAccepted, judge::with_causes};
use alloy_primitives::B256;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::json;
use utnet_client::OutboxError;
use utnet_messages::OpenError;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No such path.
    #[error(
        "no such path: GET /v1/key, POST /v1/inbox, GET /v1/inbox/ID and GET /v1/health are there"
    )]
    NoRoute,
    /// The path takes another method.
    #[error("this path takes another method")]
    Method,
    /// The body is not declared as JSON.
    #[error("content-type must be application/json")]
    NotJson,
    /// The body is too long.
    #[error("the body is broken off or has more than {most} bytes")]
    TooLong {
        /// Most bytes.
        most: usize,
    },
    /// The body is not `{"enc":…,"ciphertext":…}`.
    #[error("the body is not {{\"enc\": hex, \"ciphertext\": hex}}: {0}")]
    Body(#[from] serde_json::Error),
    /// The id in the path is not 32 bytes of hex.
    #[error("an id is 32 bytes in hex")]
    BadId,
    /// No such message.
    #[error("no message {id}")]
    Unknown {
        /// The id.
        id: B256,
    },
    /// The relayer does not accept the message.
    #[error("{}", with_causes(.0))]
    NotAccepted(#[from] NotAccepted),
    /// The request did not come, or was not dealt with, in time.
    #[error("the request took too long")]
    TooSlow,
    /// A fault of the relayer.
    #[error("the relayer failed")]
    Failed,
    /// The database failed.
    #[error("the relayer's database failed")]
    Outbox(#[from] OutboxError),
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NoRoute | Self::Unknown { .. } => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong { .. } | Self::NotAccepted(NotAccepted::TooLong { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Body(_) | Self::BadId => StatusCode::BAD_REQUEST,
            Self::NotAccepted(NotAccepted::Unreadable(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotAccepted(NotAccepted::Full { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotAccepted(_) | Self::Failed | Self::Outbox(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotJson => Some("content-type"),
            Self::TooLong { .. } | Self::Body(_) => Some("body"),
            Self::BadId | Self::Unknown { .. } => Some("id"),
            Self::NotAccepted(NotAccepted::TooLong { .. }) => Some("ciphertext"),
            Self::NotAccepted(NotAccepted::Unreadable(error)) => Some(match error {
                OpenError::BadPoint(_) => "enc",
                OpenError::Malformed { field, .. } => field,
                _ => "ciphertext",
            }),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(reason = with_causes(&self), "a request failed");
        }
        let error = json!({ "field": self.field(), "message": self.to_string() });
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
