//! Parses the URL, with `sslmode` and `sslrootcert` as in `psql`, but never falls back to weaker encryption.

use std::{
    borrow::Cow,
    net::IpAddr,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

#[cfg(feature = "tls")]
use crate::server::tls::verified;
use crate::server::tls::{connector::Tls, error::PostgresUrlError};

/// Parses `url` into the server's address and the encryption of connections to it.
///
/// Without `sslmode`, a server on this machine is reached without encryption and any other with fully verified TLS.
/// `disable` switches TLS off; `require`, `verify-ca` and `verify-full` all verify fully.
///
/// # Errors
/// [`PostgresUrlError`].
pub(crate) fn parse_url(url: &str) -> Result<(Config, Tls), PostgresUrlError> {
    let (url, parameters) = TlsParameters::extract(url)?;
    let mut config: Config = url.parse().map_err(|error| PostgresUrlError::Malformed(describe(&error)))?;
    let encrypted = match parameters.mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(other) => return Err(invalid_mode(other)),
        // The driver parsed `sslmode` from a connection string of the form `host=… sslmode=…`.
        None if config.get_ssl_mode() != SslMode::Prefer => config.get_ssl_mode() == SslMode::Require,
        None => remote_host(&config).is_some(),
    };
    let tls = if encrypted { verified(&config, parameters.authorities.as_deref())? } else { Tls::Off };
    config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
    Ok((config, tls))
}

#[cfg(feature = "tls")]
fn verified(_: &Config, authorities: Option<&Path>) -> Result<Tls, PostgresUrlError> {
    verified::connector(authorities).map(Tls::Verified)
}

#[cfg(not(feature = "tls"))]
fn verified(config: &Config, _: Option<&Path>) -> Result<Tls, PostgresUrlError> {
    Err(PostgresUrlError::Unprotected { host: remote_host(config).unwrap_or_else(|| "localhost".to_owned()) })
}

/// Returns the first host that is not this machine.
fn remote_host(config: &Config) -> Option<String> {
    let named = config.get_hosts().iter().find_map(|host| match host {
        // Text before an `@` is the end of a password that contains an `@`.
        Host::Tcp(name) => (!is_local(name)).then(|| name.rsplit('@').next().unwrap_or_default().to_owned()),
        #[cfg(unix)]
        Host::Unix(_) => None,
    });
    // The driver connects to a `hostaddr` instead of the host's name.
    named.or_else(|| config.get_hostaddrs().iter().find(|address| !address.is_loopback()).map(IpAddr::to_string))
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The URL's parameters about TLS.
#[derive(Debug, Default, PartialEq, Eq)]
struct TlsParameters {
    mode: Option<String>,
    /// A file with the certificates of trusted authorities, instead of the system's.
    authorities: Option<PathBuf>,
}

impl TlsParameters {
    /// Removes the parameters from the URL: the driver does not know all of their values.
    fn extract(url: &str) -> Result<(Cow<'_, str>, Self), PostgresUrlError> {
        // A password may contain a question mark.
        let credentials = url.find('@').unwrap_or(0);
        let Some(query) = url[credentials..].find('?').map(|at| credentials + at) else {
            return Ok((Cow::Borrowed(url), Self::default()));
        };
        let mut parameters = Self::default();
        let mut rest = Vec::new();
        for pair in url[query + 1..].split('&') {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => parameters.mode = Some(decode(mode)?),
                Some(("sslrootcert", path)) => {
                    // `psql` calls the system's own authorities `system`.
                    let path = decode(path)?;
                    parameters.authorities = (path != "system").then(|| path.into());
                    parameters.mode.get_or_insert_with(|| "verify-full".to_owned());
                }
                _ => rest.push(pair),
            }
        }
        let before = &url[..query];
        let url = if rest.is_empty() { before.to_owned() } else { format!("{before}?{}", rest.join("&")) };
        Ok((Cow::Owned(url), parameters))
    }
}

/// Describes what is wrong with a URL without quoting it: the part that the driver cannot parse may belong to the password.
fn describe(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error).map(ToString::to_string) {
        // This message names only an option that the driver knows.
        Some(cause) if cause.starts_with("invalid value for option") => cause,
        Some(cause) if cause.starts_with("unknown option") => "it has an unknown option".to_owned(),
        _ => "it cannot be parsed".to_owned(),
    }
}

/// The error of an invalid `sslmode`. Only values that `psql` knows are shown: any other text may belong to the password.
fn invalid_mode(mode: &str) -> PostgresUrlError {
    let known = ["", "allow", "prefer", "disable", "require", "verify-ca", "verify-full"];
    let shown = if known.contains(&mode.to_lowercase().as_str()) { mode } else { "…" };
    PostgresUrlError::SslMode(shown.to_owned())
}

fn decode(value: &str) -> Result<String, PostgresUrlError> {
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| invalid_mode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, PostgresUrlError> {
        parse_url(url).map(|(config, _)| config.get_ssl_mode())
    }

    /// Whether the connection is encrypted with the feature `tls`, and refused without it.
    fn encrypted_or_refused(url: &str) -> bool {
        match mode(url) {
            Ok(mode) => cfg!(feature = "tls") && mode == SslMode::Require,
            Err(error) => !cfg!(feature = "tls") && error.to_string().contains("sslmode=disable"),
        }
    }

    #[test]
    fn this_machine_needs_no_tls() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "%2Fvar%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://me@{host}/bank")).unwrap(), SslMode::Disable, "{host}");
        }
    }

    #[test]
    fn another_host_is_reached_with_tls_or_not_at_all() {
        for url in [
            "postgres://me@db.example.com/bank",
            "postgres://me@10.0.0.7/bank",
            "postgres://me@localhost,db.example.com/bank",
            "postgres://me@localhost/bank?hostaddr=10.0.0.7",
            "postgres://me@localhost.example.com/bank",
            "postgres://me:pass?sslmode=disable@db.example.com/bank",
            "postgres://me@db.example.com/bank?application_name=sslmode=disable",
        ] {
            assert!(encrypted_or_refused(url), "{url}");
        }
    }

    #[test]
    fn disable_switches_tls_off() {
        let mode = mode("postgres://me@db.example.com/bank?connect_timeout=5&sslmode=disable").unwrap();
        assert_eq!(mode, SslMode::Disable);
    }

    #[test]
    fn a_mode_that_may_fall_back_to_plain_is_refused() {
        for word in ["prefer", "allow", "Disable", ""] {
            let error = mode(&format!("postgres://me@localhost/bank?sslmode={word}")).unwrap_err();
            assert!(matches!(&error, PostgresUrlError::SslMode(mode) if mode == word), "{error}");
        }
    }

    #[test]
    fn a_key_value_connection_string_means_the_same() {
        assert_eq!(mode("host=db.example.com sslmode=disable").unwrap(), SslMode::Disable);
        assert_eq!(mode("host=localhost").unwrap(), SslMode::Disable);
        for text in ["host=db.example.com", "host=localhost sslmode=require"] {
            assert!(encrypted_or_refused(text), "{text}");
        }
    }

    #[test]
    fn the_other_parameters_stay() {
        let url = "postgres://a:b?c@h/d?x=1&sslrootcert=%2Fa%20b%2Fca.pem&y=2";
        let (rest, parameters) = TlsParameters::extract(url).unwrap();
        assert_eq!(rest, "postgres://a:b?c@h/d?x=1&y=2");
        assert_eq!(parameters.authorities, Some(PathBuf::from("/a b/ca.pem")));
        assert_eq!(parameters.mode.as_deref(), Some("verify-full"));
    }
}
