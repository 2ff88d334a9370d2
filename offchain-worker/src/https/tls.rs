//! Makes and keeps the job port's certificate. Its SHA-256 is what renters and committees trust, not a name.

use crate::store::write_whole;
use alloy_primitives::B256;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    fs, io,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use utnet_jobs::sha256;
use zeroize::Zeroizing;

const CERTIFICATE: &str = "certificate.der";
const KEY: &str = "certificate-key.der";

/// A certificate and its key.
pub struct Identity {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The system refused.
    #[error("cannot use {path}: {source}")]
    Disk {
        /// File.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others on this machine can read the key.
    #[error("{path} has mode {mode:03o}: only its owner may read it (chmod 600)")]
    Exposed {
        /// File.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No certificate could be made.
    #[error("no certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// What is in the files is no certificate and key.
    #[error("certificate is unusable: {0}")]
    Use(#[from] rustls::Error),
}

impl Identity {
    /// Loads the certificate from a folder, or makes one there the first time.
    ///
    /// # Errors
    /// [`IdentityError`] when files cannot be used or others can read the key.
    pub fn load_or_make(folder: &Path) -> Result<Self, IdentityError> {
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        // The key is written last: without it there is no identity yet.
        if !key.exists() {
            make(&certificate, &key)?;
        }
        let mode = fs::metadata(&key).map_err(disk(&key))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(IdentityError::Exposed { path: key, mode });
        }
        Ok(Self {
            certificate: fs::read(&certificate).map_err(disk(&certificate))?,
            key: Zeroizing::new(fs::read(&key).map_err(disk(&key))?),
        })
    }

    /// SHA-256 of the certificate (DER).
    pub fn fingerprint(&self) -> B256 {
        sha256(&self.certificate)
    }

    /// What the server shows.
    ///
    /// # Errors
    /// [`IdentityError::Use`] when certificate and key do not belong together.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, IdentityError> {
        let certificate = CertificateDer::from(self.certificate.clone());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.to_vec()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

fn make(certificate: &Path, key: &Path) -> Result<(), IdentityError> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    let secret = Zeroizing::new(made.signing_key.serialize_der());
    drop(fs::remove_file(certificate));
    write_whole(certificate, made.cert.der()).map_err(disk(certificate))?;
    let draft = key.with_extension("new");
    drop(fs::remove_file(&draft));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(disk(&draft))?;
    file.write_all(&secret).and_then(|()| file.sync_all()).map_err(disk(&draft))?;
    fs::rename(&draft, key).map_err(disk(key))
}

fn disk(path: &Path) -> impl Fn(io::Error) -> IdentityError + '_ {
    move |source| IdentityError::Disk { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_kept() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let first = Identity::load_or_make(folder.path()).expect("made");
        let again = Identity::load_or_make(folder.path()).expect("kept");
        assert_eq!(first.fingerprint(), again.fingerprint());
        again.server_config().expect("usable");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        Identity::load_or_make(folder.path()).expect("made");
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(folder.path().join(KEY), open).expect("ours");
        let refused = Identity::load_or_make(folder.path());
        assert!(matches!(refused, Err(IdentityError::Exposed { mode: 0o644, .. })));
    }
}
