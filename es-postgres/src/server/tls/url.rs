//! What a URL says of TLS: `sslmode` and `sslrootcert`, as `psql` knows them, and never less than they ask for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use es_core::StoreErrorKind;
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::server::error::{BoxError, impl_store_error};
use crate::server::tls::Tls;

/// Why a URL leads to no server, or to one without the protection that it asks for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresUrlError {
    /// The URL does not describe a server.
    #[error("the URL does not describe a PostgreSQL server: {0}; write `postgres://user@host/database`")]
    Malformed(String),
    /// The URL's `sslmode` protects nothing, or is no mode.
    #[error("`sslmode={0}` may go without protection; write `verify-full`, or `disable` to go without it on purpose")]
    SslMode(String),
    /// The server is another machine, and this program was built without TLS.
    #[error(
        "`{host}` asks for TLS; switch on the feature `tls` of `es-postgres` (`postgres-tls` of `es`), or write \
         `sslmode=disable` into the URL to send everything in the clear"
    )]
    Unprotected {
        /// The host.
        host: String,
    },
    /// There is no certificate to trust.
    #[error(
        "no certificate to trust in `{place}`; name a PEM file of authorities with `sslrootcert=…`, or write \
         `sslmode=disable` to go without TLS"
    )]
    Certificates {
        /// Where it was looked for.
        place: String,
        /// What is wrong there.
        source: BoxError,
    },
}

impl PostgresUrlError {
    /// How to react to it: the URL, or what it names, has to be changed first.
    pub fn kind(&self) -> StoreErrorKind {
        StoreErrorKind::Misconfigured
    }
}

impl_store_error!(PostgresUrlError);

/// The server that `url` names, and how connections to it are protected.
///
/// Without `sslmode`, a server on this machine is reached as it is and any other by TLS, verified in full.
/// `disable` is the way out; `require`, `verify-ca` and `verify-full` all verify in full.
///
/// # Errors
/// [`PostgresUrlError`].
pub(crate) fn parse_url(url: &str) -> Result<(Config, Tls), PostgresUrlError> {
    let (url, wishes) = Wishes::take(url)?;
    let mut config: Config = url.parse().map_err(|error| PostgresUrlError::Malformed(unreadable(&error)))?;
    let protected = match wishes.mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(other) => return Err(no_mode(other)),
        // said in the other form of a connection string, `host=… sslmode=…`
        None if config.get_ssl_mode() != SslMode::Prefer => config.get_ssl_mode() == SslMode::Require,
        None => distant(&config).is_some(),
    };
    let tls = if protected { verified(&config, wishes.authorities.as_deref())? } else { Tls::Off };
    config.ssl_mode(if protected { SslMode::Require } else { SslMode::Disable });
    Ok((config, tls))
}

#[cfg(feature = "tls")]
fn verified(_: &Config, authorities: Option<&Path>) -> Result<Tls, PostgresUrlError> {
    crate::server::tls::verified::connector(authorities).map(Tls::Verified)
}

#[cfg(not(feature = "tls"))]
fn verified(config: &Config, _: Option<&Path>) -> Result<Tls, PostgresUrlError> {
    Err(PostgresUrlError::Unprotected { host: distant(config).unwrap_or_else(|| "localhost".to_owned()) })
}

/// The first host that is not this machine.
fn distant(config: &Config) -> Option<String> {
    let named = config.get_hosts().iter().find_map(|host| match host {
        // what stands before an `@` is the end of a password that holds one
        Host::Tcp(name) => (!local(name)).then(|| name.rsplit('@').next().unwrap_or_default().to_owned()),
        #[cfg(unix)]
        Host::Unix(_) => None,
    });
    // an address wins over the name it stands beside
    named.or_else(|| config.get_hostaddrs().iter().find(|address| !address.is_loopback()).map(IpAddr::to_string))
}

fn local(name: &str) -> bool {
    name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// What the URL says of TLS.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    mode: Option<String>,
    /// A file with the certificates of the authorities to trust, instead of the system's.
    authorities: Option<PathBuf>,
}

impl Wishes {
    /// Takes them out of the URL: the driver knows fewer words.
    fn take(url: &str) -> Result<(Cow<'_, str>, Self), PostgresUrlError> {
        // a password may hold a question mark
        let credentials = url.find('@').unwrap_or(0);
        let Some(query) = url[credentials..].find('?').map(|at| credentials + at) else {
            return Ok((Cow::Borrowed(url), Self::default()));
        };
        let mut wishes = Self::default();
        let mut rest = Vec::new();
        for pair in url[query + 1..].split('&') {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => wishes.mode = Some(decode(mode)?),
                Some(("sslrootcert", path)) => {
                    // the name by which `psql` calls the system's own authorities
                    let path = decode(path)?;
                    wishes.authorities = (path != "system").then(|| path.into());
                    wishes.mode.get_or_insert_with(|| "verify-full".to_owned());
                }
                _ => rest.push(pair),
            }
        }
        let before = &url[..query];
        let url = if rest.is_empty() { before.to_owned() } else { format!("{before}?{}", rest.join("&")) };
        Ok((Cow::Owned(url), wishes))
    }
}

/// What is wrong with a URL, without any text of it: what the driver cannot read may be a part of the password.
fn unreadable(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error).map(ToString::to_string) {
        // the names of options that the driver knows are its own words
        Some(cause) if cause.starts_with("invalid value for option") => cause,
        Some(cause) if cause.starts_with("unknown option") => "an option is not known".to_owned(),
        _ => "it cannot be read".to_owned(),
    }
}

/// A mode that is none is shown where `psql` knows it: anything else may be a part of the password.
fn no_mode(mode: &str) -> PostgresUrlError {
    let known = ["", "allow", "prefer", "disable", "require", "verify-ca", "verify-full"];
    let shown = if known.contains(&mode.to_lowercase().as_str()) { mode } else { "…" };
    PostgresUrlError::SslMode(shown.to_owned())
}

fn decode(value: &str) -> Result<String, PostgresUrlError> {
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| no_mode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, PostgresUrlError> {
        parse_url(url).map(|(config, _)| config.get_ssl_mode())
    }

    /// With the feature the connection is protected, and without it there is none.
    fn protected_or_refused(url: &str) -> bool {
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
    fn any_other_host_is_reached_by_tls_or_not_at_all() {
        for url in [
            "postgres://me@db.example.com/bank",
            "postgres://me@10.0.0.7/bank",
            "postgres://me@localhost,db.example.com/bank",
            "postgres://me@localhost/bank?hostaddr=10.0.0.7",
            "postgres://me@localhost.example.com/bank",
            "postgres://me:pass?sslmode=disable@db.example.com/bank",
            "postgres://me@db.example.com/bank?application_name=sslmode=disable",
        ] {
            assert!(protected_or_refused(url), "{url}");
        }
    }

    #[test]
    fn disable_is_the_way_out() {
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
    fn the_other_form_of_a_connection_string_says_the_same() {
        assert_eq!(mode("host=db.example.com sslmode=disable").unwrap(), SslMode::Disable);
        assert_eq!(mode("host=localhost").unwrap(), SslMode::Disable);
        for text in ["host=db.example.com", "host=localhost sslmode=require"] {
            assert!(protected_or_refused(text), "{text}");
        }
    }

    #[test]
    fn the_other_parameters_stay() {
        let url = "postgres://a:b?c@h/d?x=1&sslrootcert=%2Fa%20b%2Fca.pem&y=2";
        let (rest, wishes) = Wishes::take(url).unwrap();
        assert_eq!(rest, "postgres://a:b?c@h/d?x=1&y=2");
        assert_eq!(wishes.authorities, Some(PathBuf::from("/a b/ca.pem")));
        assert_eq!(wishes.mode.as_deref(), Some("verify-full"));
    }
}
