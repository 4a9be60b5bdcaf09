//! From a certificate to a root that the user trusts.

use std::time::SystemTime;

use anyhow::{Context as _, Result, bail, ensure};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ANY_EXTENDED_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE, ID_KP_CODE_SIGNING, ID_KP_TIME_STAMPING,
};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::{Certificate, HARDWARE_VERIFICATION};

/// Longer chains are in nobody's use.
const LONGEST: usize = 8;

/// What the certificate at the beginning of a chain is used for. An authority may be limited to other purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing code or drivers.
    Drivers,
    /// Saying what the time was.
    Timestamps,
}

impl Purpose {
    fn includes(self, usage: ObjectIdentifier) -> bool {
        usage == ANY_EXTENDED_KEY_USAGE
            || match self {
                Self::Drivers => {
                    usage == ID_KP_CODE_SIGNING || usage.to_string().starts_with(HARDWARE_VERIFICATION)
                }
                Self::Timestamps => usage == ID_KP_TIME_STAMPING,
            }
    }
}

/// Checks that `certificate` is one of `roots`, or was issued by an authority that leads to one of them through `others`,
/// all valid at the time `at` and fit to issue for `purpose`. The error says where the chain ends.
pub(crate) fn leads_to(
    certificate: &Certificate,
    others: &[Certificate],
    roots: &[Certificate],
    purpose: Purpose,
    at: SystemTime,
) -> Result<(), String> {
    let mut current = certificate;
    for below in 0..LONGEST {
        current.validity_fault(at).map_err(|error| format!("{}: {error}", current.subject()))?;
        if roots.iter().any(|root| root.der == current.der) {
            return Ok(());
        }
        // A root that is given counts more than one that was sent along.
        let issuers = roots.iter().chain(others).filter(|issuer| {
            issuer.parsed.tbs_certificate.subject == current.parsed.tbs_certificate.issuer
                && issuer.der != current.der
                && current.is_signed_by(issuer)
        });
        // An authority may have several certificates for one key: one that is fit is enough.
        let mut unfit = None;
        let mut judged = issuers.map(|issuer| (issuer, issuer.may_issue(purpose, below, at)));
        let fit = judged.find_map(|(issuer, outcome)| match outcome {
            Ok(()) => Some(issuer),
            Err(error) => {
                unfit.get_or_insert_with(|| format!("{}: {error}", issuer.subject()));
                None
            }
        });
        current = match (fit, unfit) {
            (Some(issuer), _) => issuer,
            (None, Some(unfit)) => return Err(unfit),
            (None, None) => {
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

impl Certificate {
    /// Checks that it may issue a certificate for `purpose` with `below` authorities between itself and that.
    fn may_issue(&self, purpose: Purpose, below: usize, at: SystemTime) -> Result<()> {
        self.validity_fault(at)?;
        let fields = &self.parsed.tbs_certificate;
        let unreadable = "an extension of it is damaged, or there twice";
        let basic = fields.get::<BasicConstraints>().context(unreadable)?.map(|(_, basic)| basic);
        let basic = basic.filter(|basic| basic.ca).context("it is no authority and issues nothing")?;
        let allowed = basic.path_len_constraint.map_or(usize::MAX, usize::from);
        ensure!(below <= allowed, "it allows {allowed} authorities below it, there are {below}");
        let usage = fields.get::<KeyUsage>().context(unreadable)?.map(|(_, usage)| usage);
        ensure!(
            usage.is_none_or(|usage| usage.0.contains(KeyUsages::KeyCertSign)),
            "its key usage ({ID_CE_KEY_USAGE}) does not include certificates"
        );
        let usages = fields.get::<ExtendedKeyUsage>().context(unreadable)?.map(|(_, usages)| usages.0);
        ensure!(
            usages.is_none_or(|usages| usages.into_iter().any(|usage| purpose.includes(usage))),
            "it issues for other purposes than this: its extended key usage ({ID_CE_EXT_KEY_USAGE}) says so"
        );
        let understood =
            [ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE, ID_CE_EXT_KEY_USAGE, ID_CE_CERTIFICATE_POLICIES];
        let mut extensions = fields.extensions.iter().flatten();
        match extensions.find(|extension| extension.critical && !understood.contains(&extension.extn_id)) {
            None => Ok(()),
            Some(extension) => bail!(
                "it has a critical extension ({}) that is not understood here, so that nothing follows from it",
                extension.extn_id
            ),
        }
    }
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
            leads_to(&leaf.certificate, others, roots, Purpose::Drivers, at)
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
        let between = [end.certificate];
        let error =
            leads_to(&leaf.certificate, &between, &[root.certificate], Purpose::Drivers, SystemTime::now());
        assert!(error.unwrap_err().contains("CN=end: it is no authority"));
    }

    /// What keeps a leaf from leading to its root through an authority that `change` made different.
    fn through(change: impl Fn(&mut rcgen::CertificateParams), deeper: bool) -> Result<(), String> {
        let root = authority("root", None);
        let middle = issue("middle", Some(&root), |params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            change(params);
        });
        let deepest = deeper.then(|| authority("deepest", Some(&middle)));
        let leaf = issue("leaf", Some(deepest.as_ref().unwrap_or(&middle)), |_| {});
        let others: Vec<_> =
            std::iter::once(&middle).chain(&deepest).map(|one| one.certificate.clone()).collect();
        leads_to(&leaf.certificate, &others, &[root.certificate], Purpose::Drivers, SystemTime::now())
    }

    #[test]
    fn an_authority_issues_for_its_purposes_alone() {
        use rcgen::ExtendedKeyUsagePurpose::{Any, CodeSigning, ServerAuth, TimeStamping};
        let with = |usages: &[rcgen::ExtendedKeyUsagePurpose]| {
            through(|params| params.extended_key_usages = usages.to_vec(), false)
        };
        for fit in [&[][..], &[CodeSigning], &[ServerAuth, CodeSigning], &[Any]] {
            assert_eq!(with(fit), Ok(()), "{fit:?}");
        }
        for unfit in [[ServerAuth], [TimeStamping]] {
            assert!(
                with(&unfit).unwrap_err().contains("CN=middle: it issues for other purposes"),
                "{unfit:?}"
            );
        }
    }

    #[test]
    fn an_authority_keeps_to_its_limits() {
        use rcgen::{BasicConstraints::Constrained, CustomExtension, IsCa, KeyUsagePurpose};
        let limited = |params: &mut rcgen::CertificateParams| params.is_ca = IsCa::Ca(Constrained(0));
        assert_eq!(through(limited, false), Ok(()));
        assert!(through(limited, true).unwrap_err().contains("allows 0 authorities below it, there are 1"));
        let revoking =
            |params: &mut rcgen::CertificateParams| params.key_usages = vec![KeyUsagePurpose::CrlSign];
        assert!(through(revoking, false).unwrap_err().contains("key usage"));
        let unknown = |params: &mut rcgen::CertificateParams| {
            let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], vec![0x30, 0]);
            extension.set_criticality(true);
            params.custom_extensions.push(extension);
        };
        assert!(through(unknown, false).unwrap_err().contains("(2.5.29.30) that is not understood"));
    }
}
