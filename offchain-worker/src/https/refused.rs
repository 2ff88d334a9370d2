//! Says why a request to the job port is not answered: a status, and JSON with a sentence.

use crate::store::BlobError;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("a path names 32 bytes in hex")]
    Name,
    #[error("no such thing here")]
    Unknown,
    #[error("the secret opens no rental that runs")]
    Locked,
    #[error("the renter has not signed this")]
    Unsigned,
    #[error("the file does not hash to its name")]
    Mismatch,
    #[error("a file has at most {most} bytes here")]
    TooLong { most: u64 },
    #[error("the files of this rental have {most} bytes together at most")]
    Quota { most: u64 },
    #[error("the request broke off, or came too slowly")]
    BrokenOff,
    #[error("too many files come or go at the same time: try again")]
    Busy,
    #[error("the worker failed")]
    Failed,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Name => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Locked => StatusCode::UNAUTHORIZED,
            Self::Unsigned => StatusCode::FORBIDDEN,
            Self::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Quota { .. } => StatusCode::INSUFFICIENT_STORAGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::BrokenOff => StatusCode::REQUEST_TIMEOUT,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(serde_json::json!({ "error": self.to_string() }))).into_response()
    }
}

impl From<utnet_client::StorageError> for Refused {
    fn from(error: utnet_client::StorageError) -> Self {
        tracing::error!(%error, "the notebook failed");
        Self::Failed
    }
}

impl From<BlobError> for Refused {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Missing { .. } => Self::Unknown,
            BlobError::Mismatch { .. } => Self::Mismatch,
            _ => {
                tracing::error!(%error, "the blob store failed");
                Self::Failed
            }
        }
    }
}

/// What a request is answered.
pub(super) type Answer<T> = Result<T, Refused>;
