//! The rules that a module can break, each with its page.

use std::fmt;

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The documentation forbids it, and what Windows does then is anybody's guess.
    Error,
    /// Windows is seen to put up with it, or the documentation only advises against it.
    Warning,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $name:literal $severity:ident $page:literal $text:literal;)*) => {
        /// A rule of the contract between the NMR and its modules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// The name of the rule in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// What the rule says.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$rule => $text,)* }
            }

            /// Where Microsoft documents it.
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$rule =>
                        concat!("https://learn.microsoft.com/windows-hardware/drivers/", $page),)*
                }
            }

            /// How bad it is to break the rule.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    /// A side completed one detach twice.
    CompletedTwice "completed-twice" Error "ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete"
        "a side that answered STATUS_PENDING completes its detach exactly once";
    /// A side completed a detach that it answered with STATUS_SUCCESS.
    CompletedAfterSuccess "completed-after-success" Error "ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn"
        "a detach callback that answers STATUS_SUCCESS has completed the detach; no completion follows";
    /// A side completed a detach that nobody has asked it for yet.
    CompletedBeforeDetach "completed-before-detach" Warning
        "ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete"
        "a detach is completed after the detach callback was called, not before";
    /// A side completed the detach of a binding that never came about.
    CompletedUnattached "completed-unattached" Error "ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete"
        "only a binding that was attached can be detached";
    /// A side used the other side's function or handle.
    WrongSide "wrong-side" Error "network/network-module-detachment"
        "each side of a binding uses its own handle, the client with NmrClient*, the provider with NmrProvider*";
    /// A detach callback answered something else.
    DetachAnswer "detach-answer" Error "ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn"
        "a detach callback answers STATUS_SUCCESS or STATUS_PENDING";
    /// The client's attach callback changed the answer.
    AttachAnswerChanged "attach-answer-changed" Error "ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn"
        "a client that calls NmrClientAttachProvider returns exactly the status that it got";
    /// The client's attach callback failed although both sides had attached.
    FailedAfterAttach "failed-after-attach" Error "ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn"
        "once NmrClientAttachProvider has succeeded, the client's attach callback succeeds";
    /// The client's attach callback succeeded although no provider attached.
    SuccessWithoutAttach "success-without-attach" Error "ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn"
        "a client's attach callback succeeds only if NmrClientAttachProvider did";
    /// `NmrClientAttachProvider` was called elsewhere.
    AttachOutsideCallback "attach-outside-callback" Error "ddi/netioddk/nf-netioddk-nmrclientattachprovider"
        "NmrClientAttachProvider is called from the client's attach callback for that binding";
    /// `NmrClientAttachProvider` was called again after it had succeeded.
    AttachedTwice "attached-twice" Error "ddi/netioddk/nf-netioddk-nmrclientattachprovider"
        "a client attaches to a provider once for each attach callback; only a failed call may be repeated";
    /// A registration was deregistered twice.
    DeregisteredTwice "deregistered-twice" Error "ddi/netioddk/nf-netioddk-nmrderegisterclient"
        "a registration is deregistered once";
    /// `NmrWaitFor*DeregisterComplete` came before the deregistration.
    WaitBeforeDeregister "wait-before-deregister" Error
        "ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete"
        "a module waits only after NmrDeregister* has answered STATUS_PENDING";
    /// Two threads wait for one registration.
    WaitedTwice "waited-twice" Error "ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete"
        "a deregistration is waited for once; the wait closes the handle";
    /// A callback waits for a registration that cannot end before the callback does.
    WaitInsideCallback "wait-inside-callback" Error "ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete"
        "a callback does not wait for the registration whose binding it serves: neither would ever end";
    /// A detach or cleanup callback waits for another registration.
    WaitInDetach "wait-in-detach" Warning "ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn"
        "detach and cleanup callbacks may run at DISPATCH_LEVEL, where nothing can wait";
    /// A function that needs a lower level was called at DISPATCH_LEVEL.
    IrqlTooHigh "irql-too-high" Error "ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete"
        "registering and attaching need PASSIVE_LEVEL, waiting less than DISPATCH_LEVEL, the rest no more than that";
    /// A value that is no handle.
    UnknownHandle "unknown-handle" Error "ddi/netioddk/nf-netioddk-nmrderegisterclient"
        "the handle is one that the NMR gave to this module";
    /// A handle that was valid once.
    StaleHandle "stale-handle" Error "ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete"
        "a registration's handle ends with the wait, a binding's with the end of its detach";
    /// A handle of another kind.
    WrongKindOfHandle "wrong-kind-of-handle" Error "ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete"
        "client registrations, provider registrations and bindings have handles of their own";
    /// A pointer that must not be NULL is.
    NullPointer "null-pointer" Error "ddi/netioddk/ns-netioddk-_npi_registration_instance"
        "characteristics, NPI identifier, attach and detach callbacks and out parameters are there";
    /// A length field is not the size of its structure.
    LengthField "length-field" Warning "ddi/netioddk/ns-netioddk-_npi_client_characteristics"
        "the length fields hold the sizes of their structures";
    /// A module is unloaded while something of it is still registered.
    LeftBehind "left-behind" Error "network/unloading-a-client-module"
        "a module is unloaded only when every registration of it has been deregistered and waited for";
    /// What a module registered is not what it was.
    CharacteristicsChanged "characteristics-changed" Error
        "ddi/netioddk/ns-netioddk-_npi_registration_instance"
        "characteristics, and what they point to, stay valid and unchanged until the wait has returned";
    /// A dispatch table of an attached binding is not what it was.
    DispatchChanged "dispatch-changed" Error "ddi/netioddk/nf-netioddk-nmrclientattachprovider"
        "a dispatch table stays valid and unchanged until both sides have detached";
    /// Memory is freed that the NMR or a peer may still use.
    FreedEarly "freed-early" Error "ddi/netioddk/nc-netioddk-npi_client_cleanup_binding_context_fn"
        "a binding context is freed in its cleanup callback, and what was registered after the wait";
    /// Memory was written to after it had been freed.
    UsedAfterFree "used-after-free" Error "ddi/netioddk/nc-netioddk-npi_client_cleanup_binding_context_fn"
        "nothing touches a binding context any more when its cleanup callback has freed it";
    /// What is freed was not allocated, or was freed before.
    BadFree "bad-free" Error "ddi/netioddk/nc-netioddk-npi_client_cleanup_binding_context_fn"
        "what was allocated is freed once, by the address that the allocation gave";
    /// A callback returns at another level than it was called at.
    IrqlNotRestored "irql-not-restored" Error "ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn"
        "a callback returns at the IRQL at which it was called";
    /// A provider's attach callback answered a success code that is not STATUS_SUCCESS.
    AttachAnswer "attach-answer" Warning "ddi/netioddk/nc-netioddk-npi_provider_attach_client_fn"
        "a provider's attach callback answers STATUS_SUCCESS, or a code that says that it failed";
    /// Two registrations that are there at once share one structure.
    StructureShared "structure-shared" Warning
        "network/initializing-and-registering-a-client-module"
        "each registration has a characteristics structure of its own until its wait has returned";
    /// A version field is not 0.
    VersionField "version-field" Warning "ddi/netioddk/ns-netioddk-_npi_client_characteristics"
        "the version fields of the NMR's structures are 0";
    /// A module does not say who it is.
    ModuleIdField "module-id-field" Warning "ddi/netiodef/ns-netiodef-_npi_moduleid"
        "a module identifies itself with an NPI_MODULEID of a known type and the right length";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use std::collections::HashSet;

    #[test]
    fn every_rule_has_its_own_name_a_text_and_a_page() {
        let names: HashSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert!(rule.text().len() > 20, "{rule}");
            assert!(
                rule.page().contains("/drivers/ddi/") || rule.page().contains("/drivers/network/"),
                "{rule}"
            );
        }
    }
}
