//! Which signer to use, as the command line names it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow};

use super::authority::Authority;
use super::external::External;
use super::key::Key;
use super::password::Password;
use super::pkcs12::{self, Unreadable};
#[cfg(feature = "pkcs11")]
use super::token::Token;
use super::{Signer, certificates_from_pem, permissions, store};
use crate::context::Context;
use crate::exit;

/// Which signer to use.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Location {
    /// The signing key, mode 0600: PEM (PKCS #8), or PKCS #12 with its certificate. Default: made once in the user's data
    /// folder, or in NMR_SIGNING_DIR.
    #[arg(long, value_name = "FILE", group = "where_the_key_is")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate that belongs to the key, PEM; certificates after it lead to a root.
    #[arg(long, value_name = "FILE", requires = "where_the_key_is")]
    pub(crate) certificate: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) password: Password,
    /// A program that has the key: it signs (RSA, PKCS #1 v1.5, SHA-256) what it reads and writes the signature. Program
    /// and arguments, separated by blanks.
    #[arg(long, value_name = "COMMAND", group = "where_the_key_is", requires = "certificate")]
    pub(crate) sign_command: Option<String>,
    /// The library of a token (PKCS #11); its PIN is the password.
    #[cfg(feature = "pkcs11")]
    #[arg(long, value_name = "FILE", group = "where_the_key_is", requires = "token_key")]
    pub(crate) token_module: Option<PathBuf>,
    /// The label of the key in the token; its certificate may lie beside it.
    #[cfg(feature = "pkcs11")]
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    pub(crate) token_key: Option<String>,
    /// Have each signature timestamped by this authority (RFC 3161, http), so that it outlives the certificate.
    #[arg(long, value_name = "URL")]
    pub(crate) timestamp: Option<String>,
}

/// The signer at `location`. The default one is made when there is none yet; what was named must exist.
pub(crate) fn ready(location: &Location, context: &Context) -> Result<Signer> {
    let authority = location.timestamp.as_deref().map(Authority::new).transpose()?;
    let mut signer = match named(location)? {
        Some(signer) => signer,
        None => store::default(context)?,
    };
    signer.authority = authority;
    Ok(signer)
}

fn named(location: &Location) -> Result<Option<Signer>> {
    let certificate = location.certificate.as_deref();
    if let Some(key) = &location.key {
        return load(key, certificate, &location.password).map(Some);
    }
    if let (Some(line), Some(certificate)) = (&location.sign_command, certificate) {
        let key = Key::External(External::new(line)?);
        return with_certificate(key, certificate).map(Some);
    }
    #[cfg(feature = "pkcs11")]
    if let (Some(module), Some(label)) = (&location.token_module, &location.token_key) {
        return token(module, label, certificate, &location.password).map(Some);
    }
    Ok(None)
}

/// A key in a file.
fn load(key: &Path, certificate: Option<&Path>, password: &Password) -> Result<Signer> {
    let bytes = permissions::read_private(key)?;
    if pkcs12::looks_like(&bytes) {
        let signer = load_pkcs12(key, &bytes, password)?;
        return match certificate {
            None => Ok(signer),
            Some(certificate) => Err(exit::usage(format!(
                "{} has its certificate in it: leave out --certificate {}",
                key.display(),
                certificate.display()
            ))),
        };
    }
    let certificate = certificate.ok_or_else(|| {
        exit::usage(format!("--key {}: name its certificate with --certificate", key.display()))
    })?;
    from_pem(key, &bytes, certificate)
}

/// A key and its certificate, both PEM.
pub(super) fn load_pem(key: &Path, certificate: &Path) -> Result<Signer> {
    from_pem(key, &permissions::read_private(key)?, certificate)
}

fn from_pem(key: &Path, key_pem: &[u8], certificate: &Path) -> Result<Signer> {
    Signer::from_pem(key_pem, &read_certificate(certificate)?, SystemTime::now())
        .with_context(|| format!("cannot sign with {} and {}", key.display(), certificate.display()))
}

/// Without a named password the empty one is tried, before anybody is asked.
fn load_pkcs12(path: &Path, bytes: &[u8], password: &Password) -> Result<Signer> {
    let named = password.named()?;
    let mut read = pkcs12::read(bytes, named.as_deref().unwrap_or_default());
    if named.is_none() && matches!(read, Err(Unreadable::Password)) {
        read = pkcs12::read(bytes, &Password::ask(&path.display().to_string())?);
    }
    let (key, certificate, chain) = read.map_err(|error| match error {
        Unreadable::Password => anyhow!("the password does not open {}", path.display()),
        Unreadable::Other(error) => error.context(format!("cannot sign with {}", path.display())),
    })?;
    Signer::new(key, certificate, chain, SystemTime::now())
        .with_context(|| format!("cannot sign with {}", path.display()))
}

#[cfg(feature = "pkcs11")]
fn token(module: &Path, label: &str, certificate: Option<&Path>, password: &Password) -> Result<Signer> {
    let pin = match password.named()? {
        Some(pin) => pin,
        None => Password::ask(&format!("the token that has {label}"))?,
    };
    let token = Token::open(module, label, &pin)?;
    match (certificate, token.certificate.clone()) {
        (Some(certificate), _) => with_certificate(Key::Token(Box::new(token)), certificate),
        (None, Some(own)) => Signer::new(Key::Token(Box::new(token)), own, Vec::new(), SystemTime::now()),
        (None, None) => Err(exit::usage(format!(
            "the token has no certificate called {label:?}: name one with --certificate"
        ))),
    }
}

fn with_certificate(key: Key, path: &Path) -> Result<Signer> {
    let (certificate, chain) = certificates_from_pem(&read_certificate(path)?)?;
    Signer::new(key, certificate, chain, SystemTime::now())
        .with_context(|| format!("cannot sign for {}", path.display()))
}

fn read_certificate(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| exit::missing(format!("{} cannot be read: {error}", path.display())))
}

#[cfg(all(test, unix))]
mod tests;
