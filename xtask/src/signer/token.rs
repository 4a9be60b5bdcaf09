//! A key that stays in a token: a smart card, a hardware module, or a service behind a PKCS #11 library.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::certificate::Certificate;
use crate::exit;

/// A key in a token, which is open as long as this value lives.
pub(super) struct Token {
    /// One signature at a time.
    session: Mutex<Session>,
    key: ObjectHandle,
    /// The certificate that lies beside the key.
    pub(super) certificate: Option<Certificate>,
}

impl Token {
    /// Opens the key called `label` with the library at `module`. The first token that has it is used.
    pub(super) fn open(module: &Path, label: &str, pin: &str) -> Result<Self> {
        let library = Pkcs11::new(module).map_err(|error| {
            exit::missing(format!("the PKCS #11 library {} cannot be loaded: {error}", module.display()))
        })?;
        library
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            .context("the PKCS #11 library cannot be started")?;
        let slots = library.get_slots_with_initialized_token().context("the tokens cannot be listed")?;
        if slots.is_empty() {
            return Err(exit::missing("there is no token: connect it, and set the variables of its library"));
        }
        let mut refused = None;
        for (slot, session) in candidates(&library, slots, label)? {
            let about = library.get_token_info(slot).context("a token does not say what it is")?;
            if about.user_pin_final_try() || about.user_pin_locked() {
                bail!(
                    "the token {:?} takes one more PIN at most before it locks: give it the right one with the program \
                     of its maker first",
                    about.label()
                );
            }
            if let Err(error) = session.login(UserType::User, Some(&AuthPin::from(pin.to_owned()))) {
                refused = Some(error);
                continue;
            }
            if let Some(token) = Self::find(session, label)? {
                return Ok(token);
            }
        }
        match refused {
            Some(error) => bail!("a token refuses the PIN: {error}"),
            None => bail!("no token has a private key called {label:?}"),
        }
    }

    /// The key called `label`, and its certificate.
    fn find(session: Session, label: &str) -> Result<Option<Self>> {
        let named = |class| [Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())];
        let cannot = "the token does not say what it holds";
        let keys = session.find_objects(&named(ObjectClass::PRIVATE_KEY)).context(cannot)?;
        let key = match keys.as_slice() {
            [] => return Ok(None),
            [key] => *key,
            _ => bail!("the token has several private keys called {label:?}"),
        };
        let found = session.find_objects(&named(ObjectClass::CERTIFICATE)).context(cannot)?;
        let mut certificate = None;
        if let [object] = found.as_slice() {
            let values = session.get_attributes(*object, &[AttributeType::Value]).context(cannot)?;
            if let [Attribute::Value(der)] = values.as_slice() {
                certificate =
                    Some(Certificate::from_der(der).context("the certificate in the token cannot be used")?);
            }
        }
        Ok(Some(Self { session: Mutex::new(session), key, certificate }))
    }

    /// PKCS #1 v1.5 over the SHA-256 of `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sign(&Mechanism::Sha256RsaPkcs, self.key, message)
            .map_err(|error| anyhow!("the token did not sign: {error}"))
    }
}

/// The tokens to log in to. A wrong PIN counts against a token, and the third may lock it: only those are asked that show,
/// to everybody, a certificate or a public key called `label`; or the only one there is.
fn candidates(library: &Pkcs11, slots: Vec<Slot>, label: &str) -> Result<Vec<(Slot, Session)>> {
    let count = slots.len();
    let mut open = Vec::new();
    for slot in slots {
        open.push((slot, library.open_ro_session(slot).context("a token cannot be opened")?));
    }
    let shows = |session: &Session| {
        [ObjectClass::CERTIFICATE, ObjectClass::PUBLIC_KEY].into_iter().any(|class| {
            let named = [Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())];
            session.find_objects(&named).is_ok_and(|found| !found.is_empty())
        })
    };
    if count > 1 {
        open.retain(|(_, session)| shows(session));
    }
    if open.is_empty() {
        return Err(exit::usage(format!(
            "there are {count} tokens, and none shows a certificate or public key called {label:?}: connect only the one \
             that has the key, so that no other one counts a wrong PIN"
        )));
    }
    Ok(open)
}
