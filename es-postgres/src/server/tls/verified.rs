//! TLS with rustls: the certificate must be valid now, for the host's name, and from a trusted authority.

use std::{error::Error, io, iter, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::server::{error::BoxError, tls::error::PostgresUrlError};

/// Sets up TLS that trusts the authorities in a PEM file, or the system's.
///
/// # Errors
/// [`PostgresUrlError::Certificates`] when there are none.
pub(crate) fn connector(authorities: Option<&Path>) -> Result<MakeRustlsConnect, PostgresUrlError> {
    let trusted = match authorities {
        Some(file) => from_file(file)?,
        None => from_system()?,
    };
    // Do not use the process's default provider, which another crate may have set.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate_error("rustls", error))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    // Servers from version 17 on require this for `sslnegotiation=direct`.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// Whether TLS failed, and not the network or the login.
pub(crate) fn is_handshake(error: &tokio_postgres::Error) -> bool {
    // The driver tells its kinds of errors apart by their text only.
    let handshake = error.to_string().starts_with("error performing TLS handshake");
    is_rejection(error) || (handshake && !causes(error).any(<dyn Error>::is::<io::Error>))
}

/// Whether rustls rejected the server's certificate or protocol.
pub(crate) fn is_rejection(error: &tokio_postgres::Error) -> bool {
    let rejects = |cause: &io::Error| cause.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>);
    causes(error).any(|cause| cause.downcast_ref().is_some_and(rejects))
}

fn causes(error: &tokio_postgres::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    iter::successors(error.source(), |&cause| cause.source())
}

fn from_file(file: &Path) -> Result<RootCertStore, PostgresUrlError> {
    let name = file.display().to_string();
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| certificate_error(&name, error))?;
    let mut trusted = RootCertStore::empty();
    for certificate in certificates {
        trusted.add(certificate).map_err(|error| certificate_error(&name, error))?;
    }
    non_empty(trusted, &name)
}

fn from_system() -> Result<RootCertStore, PostgresUrlError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "cannot read a certificate of the system");
    }
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(found.certs);
    non_empty(trusted, "the system's store")
}

fn non_empty(trusted: RootCertStore, place: &str) -> Result<RootCertStore, PostgresUrlError> {
    if trusted.is_empty() { Err(certificate_error(place, "it contains no certificate")) } else { Ok(trusted) }
}

fn certificate_error(place: &str, source: impl Into<BoxError>) -> PostgresUrlError {
    PostgresUrlError::Certificates { place: place.to_owned(), source: source.into() }
}
