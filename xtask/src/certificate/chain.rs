//! From a certificate to a root that the user trusts.

use std::time::SystemTime;

use super::Certificate;

/// Longer chains are in nobody's use.
const LONGEST: usize = 8;

/// Checks that `certificate` is one of `roots`, or was issued by an authority that leads to one of them through `others`,
/// all valid at the time `at`. The error says where the chain ends.
pub(crate) fn leads_to(
    certificate: &Certificate,
    others: &[Certificate],
    roots: &[Certificate],
    at: SystemTime,
) -> Result<(), String> {
    let mut current = certificate;
    for _ in 0..LONGEST {
        current.validity_fault(at).map_err(|error| format!("{}: {error}", current.subject()))?;
        if roots.iter().any(|root| root.der == current.der) {
            return Ok(());
        }
        // A root that is given counts more than one that was sent along.
        let issuer = roots.iter().chain(others).find(|issuer| {
            issuer.parsed.tbs_certificate.subject == current.parsed.tbs_certificate.issuer
                && issuer.der != current.der
                && current.is_signed_by(issuer)
        });
        current = match issuer {
            Some(issuer) if issuer.is_authority() => issuer,
            Some(issuer) => return Err(format!("{} is no authority and issues nothing", issuer.subject())),
            None => {
                let fields = &current.parsed.tbs_certificate;
                return Err(format!(
                    "{} leads to none of the roots given: its issuer {} is not there, or has not signed it",
                    current.subject(),
                    fields.issuer
                ));
            }
        };
    }
    Err(format!("more than {LONGEST} certificates lead to no root"))
}

#[cfg(test)]
pub(crate) mod samples {
    //! A small hierarchy: root, authority, signer.

    use rcgen::{
        BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
        PKCS_RSA_SHA256, RsaKeySize,
    };

    use super::*;

    /// A certificate with its key, PEM, and what it issues with.
    pub(crate) struct Issued {
        pub(crate) certificate: Certificate,
        pub(crate) certificate_pem: String,
        pub(crate) key_pem: String,
        issuer: Issuer<'static, KeyPair>,
    }

    impl Issued {
        /// The same once more.
        pub(crate) fn again(&self) -> Self {
            let key = KeyPair::from_pem(&self.key_pem).unwrap();
            Self {
                certificate: self.certificate.clone(),
                certificate_pem: self.certificate_pem.clone(),
                key_pem: self.key_pem.clone(),
                issuer: Issuer::new(CertificateParams::default(), key),
            }
        }
    }

    /// A certificate called `name`, issued by `by`, or by itself.
    pub(crate) fn issue(name: &str, by: Option<&Issued>, change: impl Fn(&mut CertificateParams)) -> Issued {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let made = match by {
            Some(by) => params.signed_by(&key, &by.issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        Issued {
            certificate: Certificate::from_der(made.der()).unwrap(),
            certificate_pem: made.pem(),
            key_pem: key.serialize_pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// An authority.
    pub(crate) fn authority(name: &str, by: Option<&Issued>) -> Issued {
        issue(name, by, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::samples::{authority, issue};
    use super::*;

    #[test]
    fn a_chain_leads_to_a_root_that_was_given_and_to_no_other() {
        let root = authority("root", None);
        let middle = authority("middle", Some(&root));
        let leaf = issue("leaf", Some(&middle), |_| {});
        let other = authority("root", None);
        let now = SystemTime::now();
        let between = [middle.certificate.clone()];
        let to = |roots: &[Certificate], others: &[Certificate], at| {
            leads_to(&leaf.certificate, others, roots, at)
        };
        assert_eq!(to(from_ref(&root.certificate), &between, now), Ok(()));
        assert_eq!(to(from_ref(&leaf.certificate), &[], now), Ok(()));
        assert!(to(from_ref(&root.certificate), &[], now).unwrap_err().contains("its issuer CN=middle"));
        assert!(to(&[other.certificate], &between, now).unwrap_err().contains("its issuer CN=root"));
        assert!(
            to(&[root.certificate], &between, SystemTime::UNIX_EPOCH)
                .unwrap_err()
                .contains("not valid before")
        );
    }

    #[test]
    fn an_end_certificate_issues_nothing() {
        let root = authority("root", None);
        let end = issue("end", Some(&root), |_| {});
        let leaf = issue("leaf", Some(&end), |_| {});
        let error = leads_to(&leaf.certificate, &[end.certificate], &[root.certificate], SystemTime::now());
        assert!(error.unwrap_err().contains("CN=end is no authority"));
    }
}
