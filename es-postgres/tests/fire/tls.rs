//! TLS against a real server: which certificates are refused, and that accepted connections are encrypted.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, Pool};
use es_core::{
    Append, AppendError, EventName, EventStore, Expected, NewEvent, ReadError, SchemaVersion, StoreErrorKind, StreamId,
};
use es_postgres::{
    PostgresAppendError, PostgresConnectError, PostgresError, PostgresReadError, PostgresStore, PostgresUrlError,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use test_postgres::{Database, Server};
use uuid::Uuid;

use crate::tools::{smoke_test::appends_and_reads, trial::connect};

/// An authority that signs certificates for hosts.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = std::env::temp_dir().join(format!("es-tls-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// The escaped path of its own certificate.
    fn file(&self) -> String {
        self.folder.join("ca.pem").to_str().unwrap().replace('/', "%2F")
    }

    /// A certificate and its key for `host`, valid until the year `until`.
    fn sign(&self, host: &str, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A server with this certificate, which also accepts plain connections.
async fn server((certificate, key): (String, String)) -> Server {
    let server = Server::start(&[]).unwrap();
    server.write_file("server.crt", certificate.as_bytes()).unwrap();
    server.write_file("server.key", key.as_bytes()).unwrap();
    let client = connect(&server.url()).await;
    client.execute("ALTER SYSTEM SET ssl = on", &[]).await.unwrap();
    client.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    loop {
        let row = connect(&server.url()).await.query_one("SHOW ssl", &[]).await.unwrap();
        if row.get::<_, &str>(0) == "on" {
            return server;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A verifier that accepts any certificate, to show that only the store's verification refuses a connection.
#[derive(Debug)]
struct AcceptAnyCertificate;

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a client that accepts any certificate can connect.
async fn connects_unverified(database: &Database, host: &str) -> bool {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAnyCertificate))
        .with_no_client_auth();
    let url = url(database, host, "sslmode=require");
    tokio_postgres::connect(&url, tokio_postgres_rustls::MakeRustlsConnect::new(config)).await.is_ok()
}

fn url(database: &Database, host: &str, parameters: &str) -> String {
    format!("{}?{parameters}", database.url().replace("127.0.0.1", host))
}

async fn refused(url: &str) -> String {
    let error = PostgresStore::connect(url).await.unwrap_err();
    assert!(matches!(error, PostgresConnectError::Server(PostgresError::Tls(_))), "{error:?}");
    assert!(error.to_string().contains("sslmode=disable"), "{error}");
    let sources = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted_and_every_connection_is_encrypted() {
    let (known, unknown) = (Authority::new("known"), Authority::new("unknown"));
    let server = server(known.sign("localhost", 2100)).await;
    let database = Database::on(&server.url()).unwrap();
    let trusted = format!("sslmode=verify-full&sslrootcert={}", known.file());

    let store = PostgresStore::builder(&url(&database, "localhost", &trusted))
        .application_name("es-tls")
        .connect()
        .await
        .unwrap();
    appends_and_reads(&store).await;
    let sessions = "SELECT count(*) FILTER (WHERE s.ssl), count(*) FROM pg_stat_ssl s \
                    JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'es-tls'";
    let row = connect(&database.url()).await.query_one(sessions, &[]).await.unwrap();
    let (encrypted, all): (i64, i64) = (row.get(0), row.get(1));
    assert!(encrypted == all && all >= 3, "{encrypted} of {all} sessions are encrypted");

    // The address reaches the same server, but the certificate is for another name.
    let wrong_name = refused(&url(&database, "127.0.0.1", &trusted)).await;
    assert!(wrong_name.contains("not valid for name"), "{wrong_name}");
    let parameters = format!("sslmode=require&sslrootcert={}", unknown.file());
    let unknown_authority = refused(&url(&database, "localhost", &parameters)).await;
    assert!(unknown_authority.contains("UnknownIssuer"), "{unknown_authority}");
    assert!(connects_unverified(&database, "127.0.0.1").await && connects_unverified(&database, "localhost").await);
    // The system's authorities did not sign it either.
    let system = PostgresStore::connect(&url(&database, "localhost", "sslmode=require")).await.unwrap_err();
    let none_to_trust = matches!(system, PostgresConnectError::Url(PostgresUrlError::Certificates { .. }));
    assert!(none_to_trust || matches!(system, PostgresConnectError::Server(PostgresError::Tls(_))), "{system:?}");
    PostgresStore::connect(&url(&database, "localhost", "sslmode=disable")).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = Authority::new("expired");
    let server = server(authority.sign("localhost", 2020)).await;
    let database = Database::on(&server.url()).unwrap();
    let parameters = format!("sslrootcert={}", authority.file());
    let expired = refused(&url(&database, "localhost", &parameters)).await;
    assert!(expired.contains("expired"), "{expired}");
    assert!(connects_unverified(&database, "localhost").await);
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let authority = Authority::new("plain");
    let database = Database::fresh().unwrap();
    let parameters = format!("sslmode=verify-full&sslrootcert={}", authority.file());
    let plain = refused(&url(&database, "localhost", &parameters)).await;
    assert!(plain.contains("does not support TLS"), "{plain}");
    // Shows that the check matters: a client that only prefers TLS connects without it.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let prefers = url(&database, "localhost", "sslmode=prefer");
    let plainly = tokio_postgres::connect(&prefers, tokio_postgres_rustls::MakeRustlsConnect::new(config)).await;
    assert!(plainly.is_ok());
}

/// A store opened by `start` names a file without certificates, and does not connect without TLS instead.
async fn missing_certificates_are_reported(
    start: impl AsyncFn(String) -> Result<PostgresStore, PostgresConnectError>,
) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    let authority = Authority::new("nobody");
    let (_, key) = authority.sign("localhost", 2100);
    let mut files = vec!["/nowhere.pem".to_owned()];
    for (name, content) in [("empty.pem", ""), ("key.pem", &key)] {
        let file = authority.folder.join(name);
        fs::write(&file, content).unwrap();
        files.push(file.to_str().unwrap().to_owned());
    }
    for file in files {
        let parameters = format!("sslrootcert={}", file.replace('/', "%2F"));
        match start(url(&database, "localhost", &parameters)).await {
            Err(PostgresConnectError::Url(PostgresUrlError::Certificates { place, .. })) if place == file => {}
            Err(error) => return Err(format!("`{file}` is reported as {error:?}")),
            Ok(_) => return Err(format!("it connects without the certificates of `{file}`")),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    missing_certificates_are_reported(async |url| PostgresStore::connect(&url).await).await.unwrap();
}

/// Checks that the test above can fail: a client that connects without TLS, and one that trusts other authorities.
#[tokio::test]
async fn a_client_that_ignores_missing_certificates_is_caught() {
    let without = async |url: String| PostgresStore::connect(url.split('?').next().unwrap()).await;
    assert_eq!(
        missing_certificates_are_reported(without).await.unwrap_err(),
        "it connects without the certificates of `/nowhere.pem`"
    );
    let other_authority = Authority::new("else");
    let other = async |url: String| {
        let (url, file) = url.split_once("sslrootcert=").unwrap();
        let readable = fs::read_to_string(file.replace("%2F", "/")).is_ok();
        let file = if readable { file.to_owned() } else { other_authority.file() };
        PostgresStore::connect(&format!("{url}sslrootcert={file}")).await
    };
    let caught = missing_certificates_are_reported(other).await.unwrap_err();
    assert!(caught.starts_with("`/nowhere.pem` is reported as Server(Tls"), "{caught}");
}

/// The server's certificate is replaced while a store is open, so that its next connections are refused.
#[tokio::test]
async fn a_failed_handshake_is_the_same_error_for_readers_and_the_writer() {
    let (known, unknown) = (Authority::new("before"), Authority::new("after"));
    let server = server(known.sign("localhost", 2100)).await;
    let database = Database::on(&server.url()).unwrap();
    let trusting = url(&database, "localhost", &format!("sslmode=verify-full&sslrootcert={}", known.file()));
    let store = PostgresStore::connect(&trusting).await.unwrap();
    let (certificate, key) = unknown.sign("localhost", 2100);
    server.write_file("server.crt", certificate.as_bytes()).unwrap();
    server.write_file("server.key", key.as_bytes()).unwrap();
    let client = connect(&server.url()).await;
    client.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    while PostgresStore::connect(&trusting).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'es'";
    client.execute(end, &[]).await.unwrap();

    // The writer has no connection yet, and the readers have lost theirs.
    let name = EventName::from_static("account.opened").unwrap();
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}".to_owned()).unwrap();
    let append = Append::new(StreamId::new("account", "1").unwrap(), Expected::Any, vec![event]);
    let Err(AppendError::Store(error)) = store.append(append.into()).await else { panic!("it was appended") };
    let cause = error.downcast_ref();
    let Some(PostgresAppendError::Server(cause)) = cause else { panic!("{error:?}") };
    assert!(matches!(&**cause, PostgresError::Tls(_)), "{error:?}");
    assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    let Err(ReadError::Store(error)) = store.frontier().await else { panic!("it was read") };
    let cause = error.downcast_ref();
    assert!(matches!(cause, Some(PostgresReadError::Server(PostgresError::Tls(_)))), "{error:?}");
    assert_eq!(error.kind(), StoreErrorKind::Misconfigured);

    // An application's pool brings TLS of its own.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(config);
    let url = url(&database, "localhost", "sslmode=require").parse().unwrap();
    let pool = Pool::builder(Manager::new(url, tls)).build().unwrap();
    let error = PostgresStore::from_pool(pool, &database.url()).await.unwrap_err();
    assert!(matches!(error, PostgresConnectError::Server(PostgresError::Tls(_))), "{error:?}");
}
