//! What a toy does when it is called.

use super::{Context, Offer};
use nmr::Status;

type Attach = Box<dyn Fn(&Offer) -> Status + Send + Sync>;
type Detach = Box<dyn Fn(&'static Context) -> Status + Send + Sync>;
type Cleanup = Box<dyn Fn(&'static Context) + Send + Sync>;
type Serve = Box<dyn Fn(&'static Context, u32) -> Status + Send + Sync>;

/// What a toy does when it is called; by default what it should.
pub struct Script {
    pub(super) attach: Attach,
    pub(super) detach: Detach,
    pub(super) cleanup: Cleanup,
    pub(super) serve: Serve,
    pub(super) number: u32,
    pub(super) module: u128,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            attach: Box::new(Offer::accept),
            detach: Box::new(|context| {
                context.touch();
                Status::SUCCESS
            }),
            cleanup: Box::new(Context::free),
            serve: Box::new(|context, _| {
                context.touch();
                Status::SUCCESS
            }),
            number: 0,
            module: 0xc0de,
        }
    }
}

impl Script {
    /// Answers offers with `attach`.
    pub fn attach(mut self, attach: impl Fn(&Offer) -> Status + Send + Sync + 'static) -> Self {
        self.attach = Box::new(attach);
        self
    }

    /// Answers detaches with `detach`.
    pub fn detach(mut self, detach: impl Fn(&'static Context) -> Status + Send + Sync + 'static) -> Self {
        self.detach = Box::new(detach);
        self
    }

    /// Cleans up with `cleanup`.
    pub fn cleanup(mut self, cleanup: impl Fn(&'static Context) + Send + Sync + 'static) -> Self {
        self.cleanup = Box::new(cleanup);
        self
    }

    /// Serves calls from peers with `serve`, which is given the first argument.
    pub fn serve(mut self, serve: impl Fn(&'static Context, u32) -> Status + Send + Sync + 'static) -> Self {
        self.serve = Box::new(serve);
        self
    }

    /// The `Number` of the registration, which the module adds to what it is asked.
    pub fn number(mut self, number: u32) -> Self {
        self.number = number;
        self
    }

    /// Who the module says it is.
    pub fn module(mut self, module: u128) -> Self {
        self.module = module;
        self
    }
}
