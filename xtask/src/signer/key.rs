//! What makes the RSA signature: a key in memory, or somebody else who has it.

use anyhow::{Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};

use super::external::External;
#[cfg(feature = "pkcs11")]
use super::token::Token;

/// What makes the RSA signature.
pub(super) enum Key {
    /// A key in memory.
    Here(Box<KeyPair>),
    /// A program that has it.
    External(External),
    /// A token that has it.
    #[cfg(feature = "pkcs11")]
    Token(Box<Token>),
}

impl Key {
    /// A key in the form of PKCS #8.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let key = KeyPair::from_pkcs8(der).map_err(|error| {
            anyhow!("the key is not usable: {error}; only RSA keys are, of 2048 to 8192 bits")
        })?;
        Ok(Self::Here(Box::new(key)))
    }

    /// The public key, an `RSAPublicKey` in DER, where it is known without asking for a signature.
    pub(super) fn public(&self) -> Option<&[u8]> {
        match self {
            Self::Here(key) => Some(key.public_key().as_ref()),
            Self::External(_) => None,
            #[cfg(feature = "pkcs11")]
            Self::Token(_) => None,
        }
    }

    /// PKCS #1 v1.5 over the SHA-256 of `message`: the same bytes every time.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Here(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| anyhow!("the RSA key refused to sign"))?;
                Ok(signature)
            }
            Self::External(program) => program.sign(message),
            #[cfg(feature = "pkcs11")]
            Self::Token(token) => token.sign(message),
        }
    }
}
