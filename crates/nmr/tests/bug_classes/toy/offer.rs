//! An offer that a toy is made, and what it does with it.

#![expect(unsafe_code, reason = "reads and writes what NMR passes")]

use super::{Context, Toy, keep, lock};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use nmr::abi::{BindingHandle, ModuleId, Registrar, RegistrationInstance};
use nmr::{Guid, Status};
use std::sync::atomic::Ordering;

/// An offer that a toy's attach callback was made.
pub struct Offer {
    pub toy: &'static Toy,
    pub handle: BindingHandle,
    /// The other side's own structure.
    pub instance: *const RegistrationInstance,
    pub(super) exchange: Exchange,
}

pub(super) enum Exchange {
    Client,
    Provider {
        client_context: *mut c_void,
        client_table: *const c_void,
        context_out: *mut *mut c_void,
        table_out: *mut *const c_void,
    },
}

impl Offer {
    /// A context for the binding.
    pub fn context(&self) -> &'static Context {
        let context = keep(Context::new(self.toy, self.handle));
        lock(&self.toy.contexts).push(context);
        context
    }

    /// As a client `NmrClientAttachProvider`; as a provider the out parameters. Answers the status of it.
    pub fn exchange(&self, context: &'static Context, table: *const c_void) -> Status {
        self.exchange_as(core::ptr::from_ref(context).cast_mut().cast::<c_void>(), context, table)
    }

    /// Accepts with NULL for a context.
    pub fn accept_without_context(&self) -> Status {
        self.exchange_as(null_mut(), self.context(), self.table())
    }

    fn exchange_as(&self, own: *mut c_void, context: &'static Context, table: *const c_void) -> Status {
        match self.exchange {
            Exchange::Client => {
                let (mut peer_context, mut peer_table) = (null_mut(), null());
                // SAFETY: the simulator reports a call that is out of place; context and table are kept.
                let status = unsafe {
                    self.toy.world.client_attach_provider(
                        self.handle,
                        own,
                        table,
                        &mut peer_context,
                        &mut peer_table,
                    )
                };
                if status.is_success() {
                    context.peer_context.store(peer_context, Ordering::SeqCst);
                    context.peer_table.store(peer_table.cast_mut(), Ordering::SeqCst);
                }
                status
            }
            Exchange::Provider { client_context, client_table, context_out, table_out } => {
                context.peer_context.store(client_context, Ordering::SeqCst);
                context.peer_table.store(client_table.cast_mut(), Ordering::SeqCst);
                // SAFETY: NMR gave a place for the context.
                unsafe { context_out.write(own) };
                // SAFETY: NMR gave a place for the table.
                unsafe { table_out.write(table) };
                Status::SUCCESS
            }
        }
    }

    /// Accepts, with `table` as dispatch table.
    pub fn accept_with(&self, table: *const c_void) -> Status {
        let context = self.context();
        let status = self.exchange(context, table);
        if !status.is_success() {
            context.free();
        }
        status
    }

    /// Accepts.
    pub fn accept(&self) -> Status {
        self.accept_with(self.toy.table())
    }

    /// The toy's own table.
    pub fn table(&self) -> *const c_void {
        self.toy.table()
    }

    /// Which implementation the other side says it is.
    pub fn number(&self) -> u32 {
        // SAFETY: the other side's structure, valid while it is registered.
        unsafe { (*self.instance).number }
    }

    /// Who the other side says it is.
    pub fn module(&self) -> Option<Guid> {
        // SAFETY: the other side's structure, valid while it is registered.
        let instance = unsafe { &*self.instance };
        // SAFETY: as above.
        unsafe { instance.module_id.as_ref() }.and_then(ModuleId::guid)
    }
}
