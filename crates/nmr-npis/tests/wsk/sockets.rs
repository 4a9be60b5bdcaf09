//! The sockets of the WSK of the tests: a network in memory, whose thread completes every request.

#![expect(unsafe_code, reason = "is a peer in C's terms")]

use crate::subsystem::CANCELLED;
use core::ffi::c_void;
use core::net::SocketAddr;
use nmr::host::{HostIrp, HostRequest};
use nmr::{Request as _, Status};
use nmr_npis::wsk::table::RawSocket;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is between the sockets of one client.
#[derive(Default)]
pub struct Network {
    pub sockets: AtomicUsize,
    /// Requests that wait for something to arrive.
    pub pending: AtomicUsize,
    pub cancelled: AtomicUsize,
    pub bound: Mutex<Vec<(SocketAddr, Arc<Inbox>)>>,
    /// Connections that nobody has accepted: where they go to, and the two ends.
    pub connecting: Mutex<VecDeque<(SocketAddr, [Arc<Inbox>; 2])>>,
    /// What is to be done when the last socket is closed.
    closed: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    work: Mutex<Option<Sender<Work>>>,
}

/// What has arrived at a socket.
#[derive(Default)]
pub struct Inbox {
    pub packets: Mutex<VecDeque<(Vec<u8>, SocketAddr)>>,
    pub ended: Mutex<bool>,
}

/// What is done for one request, as often as needed until it answers how the request is completed.
type Work = (Arc<HostIrp>, Box<dyn FnMut() -> Option<(Status, usize)> + Send>);

/// `WSK_SOCKET` and what WSK keeps behind it.
#[repr(C)]
pub struct Socket {
    pub raw: RawSocket,
    pub network: Arc<Network>,
    pub inbox: Arc<Inbox>,
    /// Where what is sent on a connection arrives; at the echo that is the sender.
    pub other: Arc<Inbox>,
    pub local: Mutex<Option<SocketAddr>>,
}

// SAFETY: the table is static; all else is Sync by itself.
unsafe impl Sync for Socket {}
// SAFETY: as for `Sync`.
unsafe impl Send for Socket {}

impl Network {
    pub fn start() -> Arc<Self> {
        let (sender, receiver) = channel();
        let network = Arc::new(Self { work: Mutex::new(Some(sender)), ..Self::default() });
        let weak = Arc::downgrade(&network);
        std::thread::spawn(move || {
            serve(&receiver, |pending, cancelled| {
                if let Some(network) = weak.upgrade() {
                    network.pending.store(pending, Ordering::SeqCst);
                    network.cancelled.fetch_add(cancelled, Ordering::SeqCst);
                }
            });
        });
        network
    }

    /// Queues `work` for the request `irp`; what every function of WSK answers then.
    pub fn queue(
        &self,
        irp: *mut c_void,
        work: impl FnMut() -> Option<(Status, usize)> + Send + 'static,
    ) -> Status {
        let sender = self.work.lock().expect("no panic");
        let sender = sender.as_ref().expect("open");
        // SAFETY: the client's, taken over here alone.
        let irp = unsafe { HostIrp::take(irp) };
        sender.send((irp, Box::new(work))).expect("the thread runs");
        Status::PENDING
    }

    /// Waits until everything that was queued is done, but for requests that wait.
    pub fn settle(&self) {
        let (sender, receiver) = channel();
        let mut request = HostRequest::new().expect("nothing fails");
        let irp = request.begin();
        self.queue(irp, move || sender.send(()).ok().map(|()| (Status::SUCCESS, 0)));
        receiver.recv().expect("the thread runs");
    }

    /// Lets `then` be called when the last socket is closed; false if there is none.
    pub fn when_closed(&self, then: Box<dyn FnOnce() + Send>) -> bool {
        let mut closed = self.closed.lock().expect("no panic");
        let open = self.sockets.load(Ordering::SeqCst) > 0;
        if open {
            *closed = Some(then);
        }
        open
    }

    pub fn close(&self) {
        let then = {
            let mut closed = self.closed.lock().expect("no panic");
            if self.sockets.fetch_sub(1, Ordering::SeqCst) == 1 { closed.take() } else { None }
        };
        if let Some(then) = then {
            then();
        }
    }
}

/// Does the work that is queued, again and again for requests that wait, which may be cancelled meanwhile.
/// Tells after each look how many wait, and how many were cancelled.
fn serve(queue: &Receiver<Work>, tell: impl Fn(usize, usize)) {
    let mut waiting: Vec<Work> = Vec::new();
    loop {
        match queue.recv_timeout(Duration::from_millis(1)) {
            Ok(work) => waiting.push(work),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let mut done = Vec::new();
        let mut cancelled = 0;
        waiting.retain_mut(|(irp, work)| {
            let completion = work().or_else(|| {
                let is_cancelled = irp.is_cancelled();
                cancelled += usize::from(is_cancelled);
                is_cancelled.then_some((CANCELLED, 0))
            });
            done.extend(completion.map(|completion| (Arc::clone(irp), completion)));
            completion.is_none()
        });
        tell(waiting.len(), cancelled);
        // Last, so that whoever waits for one of them finds the counts as they are.
        done.into_iter().for_each(|(irp, (status, information))| irp.complete(status, information));
    }
}
