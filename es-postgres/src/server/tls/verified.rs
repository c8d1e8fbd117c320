//! TLS by rustls: the certificate is for the host's name, in its time, and from an authority that is trusted.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::PostgresUrlError;

/// What connects by TLS, trusting the authorities in a PEM file, or the system's.
///
/// # Errors
/// [`PostgresUrlError::Certificates`] when there are none.
pub(crate) fn connector(authorities: Option<&Path>) -> Result<MakeRustlsConnect, PostgresUrlError> {
    let trusted = match authorities {
        Some(file) => from_file(file)?,
        None => from_system()?,
    };
    // named and not the process's default: another crate's choice must not decide whether this works
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificates("rustls", error))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    // servers from 17 on want it for `sslnegotiation=direct`
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// Whether TLS was what failed, and not the network or the server's opinion of the user.
pub(crate) fn is_handshake(error: &tokio_postgres::Error) -> bool {
    let mut network = false;
    let mut source = error.source();
    while let Some(error) = source {
        match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(Some(inner)) if inner.is::<rustls::Error>() => return true,
            Some(_) => network = true,
            None => {}
        }
        source = error.source();
    }
    !network && error.as_db_error().is_none() && error.source().is_some()
}

fn from_file(file: &Path) -> Result<RootCertStore, PostgresUrlError> {
    let name = file.display().to_string();
    let certificates_in = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| certificates(&name, error))?;
    let mut trusted = RootCertStore::empty();
    for certificate in certificates_in {
        trusted.add(certificate).map_err(|error| certificates(&name, error))?;
    }
    some(trusted, &name)
}

fn from_system() -> Result<RootCertStore, PostgresUrlError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of the system could not be read");
    }
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(found.certs);
    some(trusted, "the system's store")
}

fn some(trusted: RootCertStore, place: &str) -> Result<RootCertStore, PostgresUrlError> {
    if trusted.is_empty() { Err(certificates(place, "it holds no certificate")) } else { Ok(trusted) }
}

fn certificates(place: &str, source: impl Into<crate::server::error::BoxError>) -> PostgresUrlError {
    PostgresUrlError::Certificates { place: place.to_owned(), source: source.into() }
}
