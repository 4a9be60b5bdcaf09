//! An authority that says when a signature was there (RFC 3161). It is asked over HTTP, at the address the user named and
//! nowhere else; what it answers is checked before it is used.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use crate::exit;
use crate::signature::timestamp;

const LIMIT: Duration = Duration::from_secs(30);
/// Tokens with their certificates have some kilobytes.
const LONGEST_ANSWER: u64 = 1 << 20;

/// A timestamp authority.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    url: String,
}

#[cfg(test)]
impl Authority {
    /// An authority that answers here, as often as a small bundle asks.
    pub(super) fn local(clock: &crate::certificate::samples::Issued) -> Self {
        let url = timestamp::samples::serve(clock.again(), 4, "application/timestamp-reply");
        Self { url }
    }
}

impl Authority {
    /// The authority at `url`.
    pub(super) fn new(url: &str) -> Result<Self> {
        if !url.starts_with("http://") {
            return Err(exit::usage(format!(
                "--timestamp {url}: timestamp authorities are asked by http://; their answers are signed"
            )));
        }
        Ok(Self { url: url.to_owned() })
    }

    /// A timestamp of `signature`: a token in DER, checked.
    pub(super) fn timestamp(&self, signature: &[u8]) -> Result<Vec<u8>> {
        self.ask(signature).with_context(|| format!("the timestamp authority {}", self.url))
    }

    fn ask(&self, signature: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; 8];
        SystemRandom::new().fill(&mut nonce).map_err(|_| anyhow!("the system gives no random numbers"))?;
        let nonce = u64::from_be_bytes(nonce);
        let request = timestamp::request(signature, nonce)?;
        // No proxy of the environment: the user named whom to ask.
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .max_redirects(0)
            .proxy(None)
            .build()
            .into();
        let mut answer = agent
            .post(&self.url)
            .header("Content-Type", "application/timestamp-query")
            .send(&request[..])
            .context("it does not answer")?;
        let kind = answer.headers().get("Content-Type").and_then(|value| value.to_str().ok()).unwrap_or("");
        ensure!(
            kind.starts_with("application/timestamp-reply"),
            "it answers with {kind:?}, not with a timestamp"
        );
        let body = answer
            .body_mut()
            .with_config()
            .limit(LONGEST_ANSWER)
            .read_to_vec()
            .context("its answer cannot be read")?;
        timestamp::token_in(&body, signature, nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::timestamp::samples;
    use crate::signature::{self, Content};
    use crate::signer::Signer;
    use crate::signer::samples::pem;

    const REPLY: &str = "application/timestamp-reply";

    fn signer(url: &str) -> Signer {
        let (key, certificate) = pem();
        let mut signer = Signer::from_pem(key, certificate, std::time::SystemTime::now()).unwrap();
        signer.authority = Some(Authority::new(url).unwrap());
        signer
    }

    #[test]
    fn a_signature_gets_a_timestamp_that_verification_accepts() {
        let signer = signer(&samples::serve(samples::authority(), 1, REPLY));
        let content = Content::detached(b"text");
        let der = signature::sign(&content, &signer).unwrap();
        assert_eq!(signature::verify(&der, &content, &signer.certificate), Ok(()));
        let plain = signature::sign(&content, crate::signer::samples::signer()).unwrap();
        assert!(der.len() > plain.len() + 1000);
    }

    #[test]
    fn whoever_is_no_authority_is_told_by_address() {
        let signer = signer(&samples::serve(samples::authority(), 1, "text/html"));
        let error = format!("{:#}", signer.timestamp(b"x").unwrap_err());
        assert!(
            error.contains("the timestamp authority http://127.0.0.1:") && error.contains("text/html"),
            "{error}"
        );
        let nobody = Authority::new("http://127.0.0.1:1/").unwrap().timestamp(b"x").unwrap_err();
        assert!(format!("{nobody:#}").contains("it does not answer"), "{nobody:#}");
        assert!(Authority::new("https://example.org").unwrap_err().to_string().contains("http://"));
    }
}
