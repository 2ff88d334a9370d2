//! Reads from another worker's job port, trusting one certificate by its SHA-256 and nothing else.

use crate::port::Dossier;
use crate::sha256;
use alloy_primitives::B256;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use utnet_primitives::BatchId;

/// Longest file of a job, in bytes: a longer one is neither taken by a worker nor read by a committee.
pub const LONGEST_BLOB: usize = 64 << 20;

/// Longest list of leaves and specifications that is read, in bytes: 256 of each take a quarter of it.
const LONGEST_DOSSIER: usize = 2 << 20;

/// Time for one answer that is no file.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for one file, as the job port gives it.
pub const FILE_PATIENCE: Duration = Duration::from_secs(600);

/// Time for the next piece of an answer.
const PAUSE: Duration = Duration::from_secs(30);

/// Why nothing was read from another worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Not `https://HOST:PORT#sha256=FINGERPRINT`.
    #[error("{pointer} names no job port: https://HOST:PORT#sha256=FINGERPRINT is needed")]
    Pointer {
        /// The text.
        pointer: String,
    },
    /// The line failed, or the certificate is another one.
    #[error("the job port gives no answer")]
    Line(#[from] reqwest::Error),
    /// This machine cannot speak TLS.
    #[error("no TLS")]
    Tls(#[from] rustls::Error),
    /// It answered, but not with what was asked for.
    #[error("the job port answers {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The answer is longer than anything that is read.
    #[error("the answer is longer than {most} bytes")]
    TooLong {
        /// Longest.
        most: usize,
    },
    /// It begins to answer and does not go on.
    #[error("the job port answers too slowly")]
    Slow,
    /// What is served does not hash to what was posted.
    #[error("what is served is not what was posted")]
    NotWhatWasPosted,
}

/// Another worker's job port.
#[derive(Debug)]
pub struct Remote {
    client: reqwest::Client,
    url: String,
}

impl Remote {
    /// From a batch's data pointer.
    ///
    /// # Errors
    /// [`FetchError::Pointer`] for anything else.
    pub fn from_pointer(pointer: &str) -> Result<Self, FetchError> {
        let malformed = || FetchError::Pointer { pointer: pointer.to_owned() };
        let (url, fingerprint) = pointer.split_once("#sha256=").ok_or_else(malformed)?;
        let fingerprint: B256 = fingerprint.parse().map_err(|_no_hash| malformed())?;
        if !url.starts_with("https://") {
            return Err(malformed());
        }
        Self::pinned(url, fingerprint)
    }

    /// A job port at `https://HOST:PORT` whose certificate has this SHA-256.
    ///
    /// # Errors
    /// [`FetchError`] when this machine cannot speak TLS.
    pub fn pinned(url: &str, fingerprint: B256) -> Result<Self, FetchError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_trusting(fingerprint)?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// The client, for other requests to the same port.
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The port's url, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Leaves and specifications of a posted batch; nothing of it is checked yet.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn dossier(&self, batch: BatchId) -> Result<Dossier, FetchError> {
        let url = format!("{}/v1/results/{batch}", self.url);
        let bytes = self.read(&url, LONGEST_DOSSIER, PATIENCE).await?;
        serde_json::from_slice(&bytes).map_err(|_other_form| FetchError::NotWhatWasPosted)
    }

    /// A file of a posted batch, checked against its name.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn blob(&self, batch: BatchId, hash: &B256) -> Result<Vec<u8>, FetchError> {
        let name = hex::encode(hash);
        let url = format!("{}/v1/results/{batch}/blobs/{name}", self.url);
        let bytes = self.read(&url, LONGEST_BLOB, FILE_PATIENCE).await?;
        if sha256(&bytes) == *hash { Ok(bytes) } else { Err(FetchError::NotWhatWasPosted) }
    }

    async fn read(
        &self,
        url: &str,
        most: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, FetchError> {
        let asking = self.client.get(url).timeout(patience).send();
        let mut answer = in_time(asking).await??;
        if !answer.status().is_success() {
            return Err(FetchError::Refused { status: answer.status().as_u16() });
        }
        let mut bytes = Vec::new();
        while let Some(piece) = in_time(answer.chunk()).await?? {
            if bytes.len() + piece.len() > most {
                return Err(FetchError::TooLong { most });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

/// TLS that trusts the certificate with this SHA-256 and no other.
///
/// # Errors
/// When this machine cannot speak TLS.
pub fn tls_trusting(fingerprint: B256) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let pin = Arc::new(Pin { fingerprint, provider: Arc::clone(&provider) });
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(pin)
        .with_no_client_auth())
}

/// A line that stands still is given up.
async fn in_time<T>(reading: impl Future<Output = T>) -> Result<T, FetchError> {
    timeout(PAUSE, reading).await.map_err(|_late| FetchError::Slow)
}

/// Trusts one certificate. The handshake still proves that the other side holds its key.
#[derive(Debug)]
struct Pin {
    fingerprint: B256,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if sha256(end_entity) == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(
                rustls::CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
