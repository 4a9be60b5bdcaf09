//! The steps that are logged, and how much each of them matters.

/// How much a line matters. The more it matters the smaller it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Something failed that should not.
    Error = 0,
    /// Something was refused, or is not as it should be, and the driver goes on.
    Warning = 1,
    /// A step in the life of a registration or binding. The least that is logged unless told otherwise.
    Info = 2,
    /// What leads to these steps.
    Trace = 3,
}

impl Level {
    /// The level of `number`, as the registry has it; the highest for numbers beyond it.
    ///
    /// ```
    /// use nmr::Level;
    /// assert_eq!(Level::from_number(1), Level::Warning);
    /// assert_eq!(Level::from_number(99), Level::Trace);
    /// ```
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Error,
            1 => Self::Warning,
            2 => Self::Info,
            _ => Self::Trace,
        }
    }
}

/// Declares the steps: what each is called in the log and in ETW, and its level.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal $level:ident;)*) => {
        /// A step in the life of a driver, a registration or a binding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Step {
            $($(#[$doc])* $name,)*
        }

        impl Step {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What the log calls it.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// How much it matters.
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$name => Level::$level,)*
                }
            }

            /// The name of its ETW event.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Its ETW event as the event describes itself.
            pub const fn metadata(self) -> &'static [u8] {
                match self {
                    $(Self::$name => const { &crate::trace::event_metadata::<{ crate::trace::event_metadata_size(stringify!($name)) }>(stringify!($name)) },)*
                }
            }
        }
    };
}

steps! {
    /// NmrRegister* succeeded.
    Register = "register" Info;
    /// NmrRegister* failed.
    RegisterFailed = "register failed" Error;
    /// NMR offers a peer.
    Offer = "offer" Trace;
    /// A binding is open for calls.
    Attach = "attach" Info;
    /// NMR has a binding that will never be open for calls.
    AttachClosed = "attach closed" Warning;
    /// This driver declined a peer.
    Refuse = "refuse" Warning;
    /// The peer declined this driver.
    Declined = "declined" Info;
    /// The detach callback has answered.
    Detach = "detach" Info;
    /// The last call in flight has returned, and the detach is about to be completed.
    CompleteDetach = "complete detach" Info;
    /// Both sides are done with a binding.
    Cleanup = "cleanup" Info;
    /// NmrDeregister* has answered.
    Deregister = "deregister" Info;
    /// NmrWaitFor* is about to be called.
    Wait = "wait" Info;
    /// NmrDeregister* or NmrWaitFor* answered what it never should.
    Failure = "failure" Error;
    /// Unload waits for the registration, and has done so for long.
    HeldUp = "unload is held up by" Warning;
    /// Nothing of the registration is left.
    Deregistered = "deregistered" Info;
    /// The `start` hook failed.
    StartFailed = "start failed" Error;
    /// DriverEntry fails, and everything is taken down again.
    LoadFailed = "load failed" Error;
    /// DriverEntry succeeds.
    Loaded = "loaded" Info;
    /// Unload has been called.
    UnloadBegins = "unload begins" Info;
    /// Unload is about to return.
    Unloaded = "unloaded" Info;
}
