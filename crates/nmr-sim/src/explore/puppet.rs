//! A module that does what the choices of a run say, and knows whether the NMR treats it right.

#![expect(unsafe_code, reason = "plays C modules: raw callbacks and contexts")]

use super::Answers;
use super::board::{Board, Part};
use crate::side::Side;
use crate::sync::lock;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, Guid, ModuleId, NpiId, ProviderCharacteristics,
    ProviderHandle, Registrar, RegistrationInstance, Status,
};
use std::ffi::c_void;
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::{Arc, Mutex, OnceLock, Weak};

/// A module of the one NPI of a small world.
pub(super) struct Puppet {
    side: Side,
    number: usize,
    board: Arc<Board>,
    npi: NpiId,
    id: ModuleId,
    characteristics: OnceLock<Characteristics>,
    life: Mutex<Life>,
    /// Its halves of bindings, one for each module of the other side.
    halves: Vec<Half>,
}

/// How far a puppet has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Life {
    stage: Stage,
    /// How many registrations of it are over.
    lived: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Stage {
    #[default]
    Idle,
    Registered,
    Deregistered,
}

/// A half of a binding; its address is the binding context.
struct Half {
    puppet: Weak<Puppet>,
    peer: usize,
}

enum Characteristics {
    Client(ClientCharacteristics),
    Provider(ProviderCharacteristics),
}

// SAFETY: the pointers lead into the puppet itself, which does not change.
unsafe impl Send for Characteristics {}
// SAFETY: as for `Send`.
unsafe impl Sync for Characteristics {}

impl Puppet {
    pub(super) fn new(side: Side, number: usize, peers: usize, board: &Arc<Board>) -> Arc<Self> {
        let puppet = Arc::new_cyclic(|puppet: &Weak<Self>| Self {
            side,
            number,
            board: Arc::clone(board),
            npi: NpiId::from_u128(1),
            id: ModuleId::from_guid(Guid::from_u128(number as u128)),
            characteristics: OnceLock::new(),
            life: Mutex::default(),
            halves: (0..peers).map(|peer| Half { puppet: Weak::clone(puppet), peer }).collect(),
        });
        let mut instance = RegistrationInstance::new(&raw const puppet.npi, &raw const puppet.id);
        instance.number = number as u32;
        let _ = puppet.characteristics.set(characteristics(side, instance));
        puppet
    }

    /// How the module stands.
    pub(super) fn life(&self) -> Life {
        *lock(&self.life)
    }

    /// Adds what this module may do: register `lives` times, deregister, wait, and complete its detaches.
    pub(super) fn add_actions(self: &Arc<Self>, lives: usize) {
        let (side, number, run) = (self.side, self.number, &self.board.run);
        let action = |what: &str, stage: Stage, act: fn(&Self)| {
            let (asked, acting) = (Arc::clone(self), Arc::clone(self));
            let ready = move || {
                let life = asked.life();
                life.stage == stage && life.lived < lives
            };
            run.action(format!("{side} {number} {what}"), ready, move || act(&acting));
        };
        action("registers", Stage::Idle, Self::register);
        action("deregisters", Stage::Registered, Self::deregister);
        action("waits", Stage::Deregistered, Self::wait);
        for peer in 0..self.halves.len() {
            let (asked, acting) = (Arc::clone(self), Arc::clone(self));
            let name = format!("{side} {number} completes its detach from {} {peer}", side.peer());
            run.action(name, move || asked.may_complete(peer), move || acting.complete(peer));
        }
    }

    fn part(&self, peer: usize) -> Part {
        self.board.part(self.side, self.number, peer)
    }

    fn register(&self) {
        let context: *mut c_void = std::ptr::from_ref(self).cast_mut().cast();
        let world = &self.board.world;
        let (status, raw) = match self.characteristics.get() {
            Some(Characteristics::Client(characteristics)) => {
                let mut handle = ClientHandle::NULL;
                // SAFETY: a puppet lives as long as its run.
                let status = unsafe { world.register_client(characteristics, context, &mut handle) };
                (status, handle.as_raw())
            }
            Some(Characteristics::Provider(characteristics)) => {
                let mut handle = ProviderHandle::NULL;
                // SAFETY: as above.
                let status = unsafe { world.register_provider(characteristics, context, &mut handle) };
                (status, handle.as_raw())
            }
            None => unreachable!("set when the puppet was made"),
        };
        self.check(status == Status::SUCCESS, "its registration failed");
        self.board.set_handle(self.side, self.number, raw.addr());
        lock(&self.life).stage = Stage::Registered;
    }

    fn deregister(&self) {
        let raw = without_provenance_mut(self.board.handle(self.side, self.number));
        // What follows on other threads sees that it has begun.
        let status = match self.side {
            // SAFETY: registered, and this is its only deregistration.
            Side::Client => unsafe { self.board.world.deregister_client(ClientHandle::from_raw(raw)) },
            // SAFETY: as above.
            Side::Provider => unsafe { self.board.world.deregister_provider(ProviderHandle::from_raw(raw)) },
        };
        self.check(status == Status::PENDING, "its deregistration did not answer STATUS_PENDING");
        lock(&self.life).stage = Stage::Deregistered;
    }

    fn wait(&self) {
        let raw = without_provenance_mut(self.board.handle(self.side, self.number));
        let world = &self.board.world;
        let status = match self.side {
            Side::Client => {
                // SAFETY: deregistered, and this is its only wait.
                unsafe { world.wait_for_client_deregister_complete(ClientHandle::from_raw(raw)) }
            }
            Side::Provider => {
                // SAFETY: as above.
                unsafe { world.wait_for_provider_deregister_complete(ProviderHandle::from_raw(raw)) }
            }
        };
        self.check(status == Status::SUCCESS, "its wait failed");
        let left = (0..self.halves.len()).any(|peer| self.part(peer) != Part::default());
        self.check(!left, "its wait returned before all its bindings were gone");
        let mut life = lock(&self.life);
        *life = Life { stage: Stage::Idle, lived: life.lived + 1 };
    }

    fn may_complete(&self, peer: usize) -> bool {
        self.board.answers(self.side) != Answers::Success && self.part(peer).may_complete()
    }

    fn complete(&self, peer: usize) {
        let raw = without_provenance_mut(self.board.binding_handle(self.side, self.number, peer));
        self.change(peer, |part| part.completed = true);
        let handle = BindingHandle::from_raw(raw);
        match self.side {
            // SAFETY: the detach callback was called and answers STATUS_PENDING; this is the only completion.
            Side::Client => unsafe { self.board.world.client_detach_provider_complete(handle) },
            // SAFETY: as above.
            Side::Provider => unsafe { self.board.world.provider_detach_client_complete(handle) },
        }
    }

    fn change(&self, peer: usize, change: impl FnOnce(&mut Part)) {
        self.board.change(self.side, self.number, peer, change);
    }

    fn check(&self, right: bool, otherwise: &str) {
        if !right {
            self.board.fail(format!("{} {}: {otherwise}", self.side, self.number));
        }
    }

    /// Its attach callback: whether it accepts. The binding's handle is `handle`.
    fn decides(&self, peer: usize, handle: BindingHandle) -> bool {
        self.check(self.part(peer) == Part::default(), "it was offered a peer that it is attached to");
        let accepts = !self.board.declines || self.board.run.choose(("accepts", self.side, peer), 2) == 0;
        if accepts {
            self.board.set_binding_handle(self.side, self.number, peer, handle.as_raw().addr());
            self.change(peer, |part| part.attached = true);
        }
        accepts
    }

    /// Its detach callback.
    fn detached_from(&self, peer: usize) -> Status {
        let part = self.part(peer);
        self.check(part.attached && !part.asked, "its detach callback was called out of turn");
        self.change(peer, |part| part.asked = true);
        self.board.run.pause(("detaching", self.side, peer));
        let part = self.part(peer);
        if part == Part::default() {
            // Completed meanwhile, and both sides are cleaned up already.
            return Status::PENDING;
        }
        let pends = part.completed
            || match self.board.answers(self.side) {
                Answers::Success => false,
                Answers::Pending => true,
                Answers::Both => self.board.run.choose(("answers", self.side, peer), 2) == 1,
            };
        let answer = if pends { Status::PENDING } else { Status::SUCCESS };
        self.change(peer, |part| part.answer = Some(answer));
        answer
    }

    /// Its cleanup callback.
    fn cleans_up(&self, peer: usize) {
        let (own, other) = (self.part(peer), self.board.part(self.side.peer(), peer, self.number));
        self.check(own.attached && own.is_detached(), "it was cleaned up before it had detached, or twice");
        self.check(!other.attached || other.is_detached(), "it was cleaned up before its peer had detached");
        self.change(peer, |part| *part = Part::default());
    }
}

fn characteristics(side: Side, registration_instance: RegistrationInstance) -> Characteristics {
    let length = size_of::<ClientCharacteristics>() as u16;
    match side {
        Side::Client => Characteristics::Client(ClientCharacteristics {
            version: 0,
            length,
            attach_provider: on_client_attach,
            detach_provider: on_detach,
            cleanup_binding_context: Some(on_cleanup),
            registration_instance,
        }),
        Side::Provider => Characteristics::Provider(ProviderCharacteristics {
            version: 0,
            length,
            attach_client: on_provider_attach,
            detach_client: on_detach,
            cleanup_binding_context: Some(on_cleanup),
            registration_instance,
        }),
    }
}

/// The module that registered with `context`, and which peer `instance` is.
///
/// # Safety
/// Both are as the NMR gives them to an attach callback of a puppet.
unsafe fn offer<'a>(context: *mut c_void, instance: *const RegistrationInstance) -> (&'a Puppet, usize) {
    // SAFETY: a puppet registers with its own address, and lives as long as its run.
    let puppet = unsafe { &*context.cast::<Puppet>() };
    // SAFETY: the peer's own structure, valid while it is registered.
    let peer = unsafe { (*instance).number };
    (puppet, peer as usize)
}

unsafe extern "system" fn on_client_attach(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: passed on.
    let (puppet, peer) = unsafe { offer(context, instance) };
    if !puppet.decides(peer, handle) {
        return Status::NOINTERFACE;
    }
    let context: *mut c_void = (&raw const puppet.halves[peer]).cast_mut().cast();
    let (mut peer_context, mut peer_dispatch) = (null_mut(), null());
    // SAFETY: inside the attach callback for this handle; the context lives as long as the puppet.
    let status = unsafe {
        puppet.board.world.client_attach_provider(
            handle,
            context,
            null(),
            &mut peer_context,
            &mut peer_dispatch,
        )
    };
    if status != Status::SUCCESS {
        puppet.change(peer, |part| *part = Part::default());
    }
    puppet.board.run.pause(("attached", peer));
    status
}

unsafe extern "system" fn on_provider_attach(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
    _client_context: *mut c_void,
    _client_dispatch: *const c_void,
    context_out: *mut *mut c_void,
    dispatch_out: *mut *const c_void,
) -> Status {
    // SAFETY: passed on.
    let (puppet, peer) = unsafe { offer(context, instance) };
    if !puppet.decides(peer, handle) {
        return Status::NOINTERFACE;
    }
    // SAFETY: the NMR gave a place for the context.
    unsafe { context_out.write((&raw const puppet.halves[peer]).cast_mut().cast()) };
    // SAFETY: the NMR gave a place for the dispatch table.
    unsafe { dispatch_out.write(null()) };
    Status::SUCCESS
}

unsafe extern "system" fn on_detach(context: *mut c_void) -> Status {
    // SAFETY: the binding context is a half of a puppet, which lives as long as its run.
    let half = unsafe { &*context.cast::<Half>() };
    half.puppet.upgrade().map_or(Status::SUCCESS, |puppet| puppet.detached_from(half.peer))
}

unsafe extern "system" fn on_cleanup(context: *mut c_void) {
    // SAFETY: as in `on_detach`.
    let half = unsafe { &*context.cast::<Half>() };
    if let Some(puppet) = half.puppet.upgrade() {
        puppet.cleans_up(half.peer);
    }
}
