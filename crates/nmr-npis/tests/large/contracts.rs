//! A contract that is awkward to keep: many functions, some of them optional, aliases, buffers, callbacks at
//! DISPATCH_LEVEL, structures that have addresses of each other, and two releases.

/// The contract, which speaks with modules of the first release too.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d71", version = 2, oldest = 1)]
pub mod new {
    use core::ffi::c_void;
    use nmr::{AtDispatch, AtMostDispatch, AtPassive, Guid, Status};

    /// Which port it is.
    pub type Port = u16;
    /// Where a port is plugged in.
    pub type Place = [Port; 3];
    /// What a watcher is told.
    pub type Told = unsafe extern "system" fn(watcher: *mut Watch, port: Port) -> Status;

    /// Who watches a port; they are in a list.
    #[plain]
    #[derive(Debug)]
    pub struct Watch {
        /// The port.
        pub port: Port,
        /// Where it is plugged in.
        pub place: Place,
        /// Who else watches.
        next: *mut Watch,
        /// The routes of the port.
        routes: *const Routes,
        /// Is called.
        told: Option<Told>,
        /// The caller's.
        context: *mut c_void,
    }

    impl Watch {
        /// A watch of the port, of which nobody is told.
        pub fn of(port: Port) -> Self {
            let nobody = core::ptr::null_mut();
            Self {
                port,
                place: [port; 3],
                next: nobody,
                routes: nobody.cast(),
                told: None,
                context: nobody.cast(),
            }
        }
    }

    /// The routes of a port.
    #[plain]
    #[derive(Debug)]
    pub struct Routes {
        /// Where each leads to.
        pub to: [Place; 2],
        /// The site, by its name elsewhere.
        pub site: Guid,
        watch: *const Watch,
    }

    /// What a switchboard serves.
    pub trait Provider {
        fn port_open(&self, port: Port, seed: u32) -> u32;
        fn port_close(&self, port: Port, seed: u32) -> u32;
        fn port_arm(&self, port: Port, seed: u32) -> u32;
        fn port_rest(&self, port: Port, seed: u32) -> u32;
        fn route_open(&self, port: Port, seed: u32) -> u32;
        fn route_close(&self, port: Port, seed: u32) -> u32;
        fn route_arm(&self, port: Port, seed: u32) -> u32;
        fn route_rest(&self, port: Port, seed: u32) -> u32;
        fn queue_open(&self, port: Port, seed: u32) -> u32;
        fn queue_close(&self, port: Port, seed: u32) -> u32;
        fn queue_arm(&self, port: Port, seed: u32) -> u32;
        fn queue_rest(&self, port: Port, seed: u32) -> u32;
        fn timer_open(&self, port: Port, seed: u32) -> u32;
        fn timer_close(&self, port: Port, seed: u32) -> u32;
        fn timer_arm(&self, port: Port, seed: u32) -> u32;
        fn timer_rest(&self, port: Port, seed: u32) -> u32;
        fn filter_open(&self, port: Port, seed: u32) -> u32;
        fn filter_close(&self, port: Port, seed: u32) -> u32;
        fn filter_arm(&self, port: Port, seed: u32) -> u32;
        fn filter_rest(&self, port: Port, seed: u32) -> u32;
        fn mirror_open(&self, port: Port, seed: u32) -> u32;
        fn mirror_close(&self, port: Port, seed: u32) -> u32;
        fn mirror_arm(&self, port: Port, seed: u32) -> u32;
        fn mirror_rest(&self, port: Port, seed: u32) -> u32;
        fn counter_open(&self, port: Port, seed: u32) -> u32;
        fn counter_close(&self, port: Port, seed: u32) -> u32;
        fn counter_arm(&self, port: Port, seed: u32) -> u32;
        fn counter_rest(&self, port: Port, seed: u32) -> u32;
        fn label_open(&self, port: Port, seed: u32) -> u32;
        fn label_close(&self, port: Port, seed: u32) -> u32;
        fn label_arm(&self, port: Port, seed: u32) -> u32;
        fn label_rest(&self, port: Port, seed: u32) -> u32;
        fn policy_open(&self, port: Port, seed: u32) -> u32;
        fn policy_close(&self, port: Port, seed: u32) -> u32;
        fn policy_arm(&self, port: Port, seed: u32) -> u32;
        fn policy_rest(&self, port: Port, seed: u32) -> u32;
        /// Writes to the port, and answers how much.
        fn write(&self, at: &AtPassive<'_>, port: Port, bytes: &[u8]) -> nmr::Result<usize>;
        /// Fills the buffer from the port, and answers how much.
        fn read(&self, at: &AtPassive<'_>, port: Port, buffer: &mut [u8]) -> nmr::Result<usize>;
        /// Moves a watch to another port.
        fn rewatch(&self, watch: &mut Watch, to: Port) -> nmr::Result<()>;
        /// Where the ports are plugged in.
        fn places(&self, ports: &[Port]) -> nmr::Result<Place>;
        /// A switchboard may be without it.
        #[optional]
        fn compact(&self, port: Port) -> nmr::Result<u32>;
        /// Tells every watcher, from a DPC.
        fn ring(&self, at: &AtDispatch<'_>, port: Port) -> nmr::Result<()>;
        /// The routes of a port.
        #[since(version = 2)]
        fn trace(&self, port: Port, routes: &mut [Port]) -> nmr::Result<usize>;
        /// A switchboard may be without it.
        #[since(version = 2)]
        #[optional]
        fn redraw(&self, port: Port) -> nmr::Result<u32>;
        /// What became of the port.
        #[since(version = 2)]
        fn outcome(&self, port: Port) -> nmr::Result<Status>;
    }

    /// What a switchboard calls.
    pub trait Client {
        /// A port rang.
        fn rang(&self, at: &AtDispatch<'_>, port: Port) -> nmr::Result<()>;
        /// A port rests.
        fn rests(&self, at: &AtMostDispatch<'_>, port: Port);
        /// Ports were traced.
        #[since(version = 2)]
        fn traced(&self, at: &AtDispatch<'_>, ports: &[Port]) -> nmr::Result<()>;
    }
}

/// The first release of the contract.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d71", version = 1)]
pub mod old {
    use core::ffi::c_void;
    use nmr::{AtDispatch, AtMostDispatch, AtPassive, Guid, Status};

    /// Which port it is.
    pub type Port = u16;
    /// Where a port is plugged in.
    pub type Place = [Port; 3];
    /// What a watcher is told.
    pub type Told = unsafe extern "system" fn(watcher: *mut Watch, port: Port) -> Status;

    /// Who watches a port; they are in a list.
    #[plain]
    #[derive(Debug)]
    pub struct Watch {
        /// The port.
        pub port: Port,
        /// Where it is plugged in.
        pub place: Place,
        /// Who else watches.
        next: *mut Watch,
        /// The routes of the port.
        routes: *const Routes,
        /// Is called.
        told: Option<Told>,
        /// The caller's.
        context: *mut c_void,
    }

    impl Watch {
        /// A watch of the port, of which nobody is told.
        pub fn of(port: Port) -> Self {
            let nobody = core::ptr::null_mut();
            Self {
                port,
                place: [port; 3],
                next: nobody,
                routes: nobody.cast(),
                told: None,
                context: nobody.cast(),
            }
        }
    }

    /// The routes of a port.
    #[plain]
    #[derive(Debug)]
    pub struct Routes {
        /// Where each leads to.
        pub to: [Place; 2],
        /// The site, by its name elsewhere.
        pub site: Guid,
        watch: *const Watch,
    }

    /// What a switchboard serves.
    pub trait Provider {
        fn port_open(&self, port: Port, seed: u32) -> u32;
        fn port_close(&self, port: Port, seed: u32) -> u32;
        fn port_arm(&self, port: Port, seed: u32) -> u32;
        fn port_rest(&self, port: Port, seed: u32) -> u32;
        fn route_open(&self, port: Port, seed: u32) -> u32;
        fn route_close(&self, port: Port, seed: u32) -> u32;
        fn route_arm(&self, port: Port, seed: u32) -> u32;
        fn route_rest(&self, port: Port, seed: u32) -> u32;
        fn queue_open(&self, port: Port, seed: u32) -> u32;
        fn queue_close(&self, port: Port, seed: u32) -> u32;
        fn queue_arm(&self, port: Port, seed: u32) -> u32;
        fn queue_rest(&self, port: Port, seed: u32) -> u32;
        fn timer_open(&self, port: Port, seed: u32) -> u32;
        fn timer_close(&self, port: Port, seed: u32) -> u32;
        fn timer_arm(&self, port: Port, seed: u32) -> u32;
        fn timer_rest(&self, port: Port, seed: u32) -> u32;
        fn filter_open(&self, port: Port, seed: u32) -> u32;
        fn filter_close(&self, port: Port, seed: u32) -> u32;
        fn filter_arm(&self, port: Port, seed: u32) -> u32;
        fn filter_rest(&self, port: Port, seed: u32) -> u32;
        fn mirror_open(&self, port: Port, seed: u32) -> u32;
        fn mirror_close(&self, port: Port, seed: u32) -> u32;
        fn mirror_arm(&self, port: Port, seed: u32) -> u32;
        fn mirror_rest(&self, port: Port, seed: u32) -> u32;
        fn counter_open(&self, port: Port, seed: u32) -> u32;
        fn counter_close(&self, port: Port, seed: u32) -> u32;
        fn counter_arm(&self, port: Port, seed: u32) -> u32;
        fn counter_rest(&self, port: Port, seed: u32) -> u32;
        fn label_open(&self, port: Port, seed: u32) -> u32;
        fn label_close(&self, port: Port, seed: u32) -> u32;
        fn label_arm(&self, port: Port, seed: u32) -> u32;
        fn label_rest(&self, port: Port, seed: u32) -> u32;
        fn policy_open(&self, port: Port, seed: u32) -> u32;
        fn policy_close(&self, port: Port, seed: u32) -> u32;
        fn policy_arm(&self, port: Port, seed: u32) -> u32;
        fn policy_rest(&self, port: Port, seed: u32) -> u32;
        /// Writes to the port, and answers how much.
        fn write(&self, at: &AtPassive<'_>, port: Port, bytes: &[u8]) -> nmr::Result<usize>;
        /// Fills the buffer from the port, and answers how much.
        fn read(&self, at: &AtPassive<'_>, port: Port, buffer: &mut [u8]) -> nmr::Result<usize>;
        /// Moves a watch to another port.
        fn rewatch(&self, watch: &mut Watch, to: Port) -> nmr::Result<()>;
        /// Where the ports are plugged in.
        fn places(&self, ports: &[Port]) -> nmr::Result<Place>;
        /// A switchboard may be without it.
        #[optional]
        fn compact(&self, port: Port) -> nmr::Result<u32>;
        /// Tells every watcher, from a DPC.
        fn ring(&self, at: &AtDispatch<'_>, port: Port) -> nmr::Result<()>;
    }

    /// What a switchboard calls.
    pub trait Client {
        /// A port rang.
        fn rang(&self, at: &AtDispatch<'_>, port: Port) -> nmr::Result<()>;
        /// A port rests.
        fn rests(&self, at: &AtMostDispatch<'_>, port: Port);
    }
}
