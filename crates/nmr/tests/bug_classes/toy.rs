//! A module as one writes it in C: raw callbacks, contexts behind void pointers, and room for every mistake.
//!
//! A toy frees nothing. A context that C would free is marked freed, and every touch of a freed one is noted, so that
//! mistakes can be made, and seen, without undefined behaviour in the process that makes them. Toys are kept for as long
//! as the process, so that a late call finds one.

#![expect(unsafe_code, reason = "is a module in C's terms")]

use crate::drivers::adder;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use nmr::abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ModuleId, ProviderCharacteristics, ProviderHandle,
    Registrar, RegistrationInstance,
};
use nmr::{Guid, Npi, Status, TableHeader};
use nmr_sim::{Side, World};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// What a toy was seen to do that in C would corrupt memory or stop the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    UseAfterFree,
    DoubleFree,
    BlockedAtDispatch,
}

/// What a toy was called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Attach,
    Detach,
    Cleanup,
    Served,
}

type Attach = Box<dyn Fn(&Offer) -> Status + Send + Sync>;
type Detach = Box<dyn Fn(&'static Context) -> Status + Send + Sync>;
type Cleanup = Box<dyn Fn(&'static Context) + Send + Sync>;
type Serve = Box<dyn Fn(&'static Context, u32) -> Status + Send + Sync>;

/// What a toy does when it is called; by default what it should.
pub struct Script {
    attach: Attach,
    detach: Detach,
    cleanup: Cleanup,
    serve: Serve,
    number: u32,
    module: u128,
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

/// The module.
pub struct Toy {
    pub world: World,
    pub side: Side,
    script: Script,
    characteristics: Characteristics,
    handle: Mutex<Option<Handle>>,
    faults: Mutex<Vec<Fault>>,
    calls: Mutex<Vec<(Call, ThreadId)>>,
    contexts: Mutex<Vec<&'static Context>>,
}

#[derive(Clone, Copy)]
enum Characteristics {
    Client(&'static ClientCharacteristics),
    Provider(&'static ProviderCharacteristics),
}

// SAFETY: the structures are kept for as long as the process, and nobody changes them.
unsafe impl Send for Characteristics {}
// SAFETY: as for `Send`.
unsafe impl Sync for Characteristics {}

/// What `NmrRegister*` gave.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    Client(ClientHandle),
    Provider(ProviderHandle),
}

impl Handle {
    pub fn as_raw(self) -> *mut c_void {
        match self {
            Self::Client(handle) => handle.as_raw(),
            Self::Provider(handle) => handle.as_raw(),
        }
    }
}

/// Storage as long as the process, which stays reachable, so that leak checkers see what is meant.
fn keep<T>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<c_void>>> = Mutex::new(Vec::new());
    let value = Box::into_raw(Box::new(value));
    lock(&KEPT).push(AtomicPtr::new(value.cast()));
    // SAFETY: a box that nobody frees.
    unsafe { &*value }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Toy {
    /// A module that is not registered yet.
    pub fn new(world: &World, side: Side, script: Script) -> &'static Self {
        let module = keep(ModuleId::from_guid(Guid::from_u128(script.module)));
        let mut registration_instance = RegistrationInstance::new(const { &adder::Npi::ID }, module);
        registration_instance.number = script.number;
        let (version, length) = (0, 72);
        let characteristics = match side {
            Side::Client => Characteristics::Client(keep(ClientCharacteristics {
                version,
                length,
                attach_provider,
                detach_provider: on_detach,
                cleanup_binding_context: Some(on_cleanup),
                registration_instance,
            })),
            Side::Provider => Characteristics::Provider(keep(ProviderCharacteristics {
                version,
                length,
                attach_client,
                detach_client: on_detach,
                cleanup_binding_context: Some(on_cleanup),
                registration_instance,
            })),
        };
        keep(Self {
            world: world.clone(),
            side,
            script,
            characteristics,
            handle: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
            contexts: Mutex::default(),
        })
    }

    /// A registered module.
    pub fn registered(world: &World, side: Side, script: Script) -> &'static Self {
        let toy = Self::new(world, side, script);
        assert_eq!(toy.register(), Status::SUCCESS);
        toy
    }

    /// `NmrRegisterClient` or `NmrRegisterProvider`.
    pub fn register(&'static self) -> Status {
        let context = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
        let (status, handle) = match self.characteristics {
            Characteristics::Client(characteristics) => {
                let mut handle = ClientHandle::NULL;
                // SAFETY: everything passed is kept.
                let status = unsafe { self.world.register_client(characteristics, context, &mut handle) };
                (status, Handle::Client(handle))
            }
            Characteristics::Provider(characteristics) => {
                let mut handle = ProviderHandle::NULL;
                // SAFETY: everything passed is kept.
                let status = unsafe { self.world.register_provider(characteristics, context, &mut handle) };
                (status, Handle::Provider(handle))
            }
        };
        if status.is_success() {
            *lock(&self.handle) = Some(handle);
        }
        status
    }

    /// NMR's handle; NULL of its kind if there is none.
    pub fn handle(&self) -> Handle {
        let none = match self.side {
            Side::Client => Handle::Client(ClientHandle::NULL),
            Side::Provider => Handle::Provider(ProviderHandle::NULL),
        };
        lock(&self.handle).unwrap_or(none)
    }

    /// `NmrDeregisterClient` or `NmrDeregisterProvider`, whether or not that makes sense.
    pub fn deregister(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a deregistration that is out of place.
            Handle::Client(handle) => unsafe { self.world.deregister_client(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.deregister_provider(handle) },
        }
    }

    /// `NmrWaitForClientDeregisterComplete` or `NmrWaitForProviderDeregisterComplete`, likewise.
    pub fn wait(&self) -> Status {
        match self.handle() {
            // SAFETY: the simulator reports a wait that is out of place.
            Handle::Client(handle) => unsafe { self.world.wait_for_client_deregister_complete(handle) },
            // SAFETY: as above.
            Handle::Provider(handle) => unsafe { self.world.wait_for_provider_deregister_complete(handle) },
        }
    }

    /// Deregisters and waits.
    #[track_caller]
    pub fn take_down(&self) {
        assert_eq!(self.deregister(), Status::PENDING);
        assert_eq!(self.wait(), Status::SUCCESS);
    }

    /// The completion function of this side.
    pub fn complete(&self, handle: BindingHandle) {
        match self.side {
            // SAFETY: the simulator reports a completion that is not due.
            Side::Client => unsafe { self.world.client_detach_provider_complete(handle) },
            // SAFETY: as above.
            Side::Provider => unsafe { self.world.provider_detach_client_complete(handle) },
        }
    }

    pub fn note(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    /// The contexts of the bindings so far, oldest first.
    pub fn contexts(&self) -> Vec<&'static Context> {
        lock(&self.contexts).clone()
    }

    /// How often the module was called for `wanted`.
    pub fn count(&self, wanted: Call) -> usize {
        lock(&self.calls).iter().filter(|(call, _)| *call == wanted).count()
    }

    /// The threads on which the module was called for `wanted`.
    pub fn threads(&self, wanted: Call) -> Vec<ThreadId> {
        let calls = lock(&self.calls);
        calls.iter().filter(|(call, _)| *call == wanted).map(|(_, thread)| *thread).collect()
    }

    fn called(&self, call: Call) {
        lock(&self.calls).push((call, std::thread::current().id()));
    }

    fn table(&self) -> *const c_void {
        static PROVIDER: adder::ProviderDispatch =
            adder::ProviderDispatch { header: TableHeader::of::<adder::ProviderDispatch>(3), add };
        static CLIENT: adder::ClientDispatch =
            adder::ClientDispatch { header: TableHeader::of::<adder::ClientDispatch>(3), told };
        match self.side {
            Side::Client => (&raw const CLIENT).cast(),
            Side::Provider => (&raw const PROVIDER).cast(),
        }
    }
}

/// A binding context.
pub struct Context {
    pub toy: &'static Toy,
    pub handle: BindingHandle,
    freed: AtomicBool,
    peer_context: AtomicPtr<c_void>,
    peer_table: AtomicPtr<c_void>,
    /// A word for whatever a toy counts here.
    pub word: AtomicUsize,
}

impl Context {
    /// Uses the memory.
    pub fn touch(&self) {
        if self.freed.load(Ordering::SeqCst) {
            self.toy.note(Fault::UseAfterFree);
        }
    }

    /// Frees the memory, as far as a toy does.
    pub fn free(&self) {
        if self.freed.swap(true, Ordering::SeqCst) {
            self.toy.note(Fault::DoubleFree);
        }
    }

    pub fn is_freed(&self) -> bool {
        self.freed.load(Ordering::SeqCst)
    }

    /// Completes the detach.
    pub fn complete(&self) {
        self.toy.complete(self.handle);
    }

    /// Calls the peer with no protection at all: the function of the table that the peer gave. `None` if the context
    /// says that there is no peer.
    pub fn call_peer(&self, argument: u32) -> Option<u32> {
        let (context, table) =
            (self.peer_context.load(Ordering::SeqCst), self.peer_table.load(Ordering::SeqCst));
        if table.is_null() {
            return None;
        }
        let mut sum = 0;
        match self.toy.side {
            Side::Client => {
                // SAFETY: a table of Adder's providers, which are kept or static.
                let table = unsafe { &*table.cast_const().cast::<adder::ProviderDispatch>() };
                // SAFETY: a context of theirs, likewise, and a place for the sum.
                unsafe { (table.add)(context, argument, 0, &mut sum) }.is_success().then_some(sum)
            }
            Side::Provider => {
                // SAFETY: a table of Adder's clients, which are kept or static.
                let table = unsafe { &*table.cast_const().cast::<adder::ClientDispatch>() };
                // SAFETY: a context of theirs, likewise.
                Some(unsafe { (table.told)(context, argument) })
            }
        }
    }

    /// Forgets the peer.
    pub fn clear_peer(&self) {
        self.peer_table.store(null_mut(), Ordering::SeqCst);
    }
}

/// An offer that a toy's attach callback was made.
pub struct Offer {
    pub toy: &'static Toy,
    pub handle: BindingHandle,
    /// The other side's own structure.
    pub instance: *const RegistrationInstance,
    exchange: Exchange,
}

enum Exchange {
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
        let context = keep(Context {
            toy: self.toy,
            handle: self.handle,
            freed: AtomicBool::new(false),
            peer_context: AtomicPtr::new(null_mut()),
            peer_table: AtomicPtr::new(null_mut()),
            word: AtomicUsize::new(0),
        });
        lock(&self.toy.contexts).push(context);
        context
    }

    /// As a client `NmrClientAttachProvider`; as a provider the out parameters. Answers the status of it.
    pub fn exchange(&self, context: &'static Context, table: *const c_void) -> Status {
        let own = core::ptr::from_ref(context).cast_mut().cast::<c_void>();
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

unsafe extern "system" fn attach_provider(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the toy, which is kept.
    let toy: &'static Toy = unsafe { &*context.cast_const().cast() };
    toy.called(Call::Attach);
    (toy.script.attach)(&Offer { toy, handle, instance, exchange: Exchange::Client })
}

unsafe extern "system" fn attach_client(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
    client_context: *mut c_void,
    client_table: *const c_void,
    context_out: *mut *mut c_void,
    table_out: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is the toy, which is kept.
    let toy: &'static Toy = unsafe { &*context.cast_const().cast() };
    toy.called(Call::Attach);
    let exchange = Exchange::Provider { client_context, client_table, context_out, table_out };
    (toy.script.attach)(&Offer { toy, handle, instance, exchange })
}

fn context_of(context: *mut c_void) -> &'static Context {
    // SAFETY: NMR and peers pass the context that the attach callback gave; it is kept.
    unsafe { &*context.cast_const().cast() }
}

unsafe extern "system" fn on_detach(context: *mut c_void) -> Status {
    let context = context_of(context);
    context.toy.called(Call::Detach);
    (context.toy.script.detach)(context)
}

unsafe extern "system" fn on_cleanup(context: *mut c_void) {
    let context = context_of(context);
    context.toy.called(Call::Cleanup);
    (context.toy.script.cleanup)(context);
}

unsafe extern "system" fn add(context: *mut c_void, a: u32, b: u32, sum: *mut u32) -> Status {
    let context = context_of(context);
    context.toy.called(Call::Served);
    let status = (context.toy.script.serve)(context, a);
    // SAFETY: the caller passes a place for the sum.
    unsafe { sum.write(a + b + context.toy.script.number) };
    status
}

unsafe extern "system" fn told(context: *mut c_void, news: u32) -> u32 {
    let context = context_of(context);
    context.toy.called(Call::Served);
    let _ = (context.toy.script.serve)(context, news);
    news + context.toy.script.number
}
