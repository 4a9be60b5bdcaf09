//! How a world calls a module: with no lock held, noted on the thread's stack of callbacks, between two points of the
//! schedule.

use crate::binding::Binding;
use crate::contract::Rule;
use crate::fence::Fence;
use crate::frames::{self, Frame};
use crate::handles::{Kind, encode};
use crate::irql::{Irql, Raised};
use crate::module::ProviderAnswer;
use crate::schedule::{Callback, Point};
use crate::side::Side;
use crate::tsan;
use crate::world::World;
use nmr_abi::{BindingHandle, Status};
use std::ffi::c_void;
use std::sync::atomic::Ordering::Relaxed;

impl World {
    pub(crate) fn call_client_attach(&self, binding: &Binding) -> Status {
        let handle = self.handle(binding, Side::Client);
        self.call(binding, Callback::Attach(Side::Client), || {
            binding.client.module.attach_provider(handle, &binding.provider.module)
        })
    }

    pub(crate) fn call_provider_attach(
        &self,
        binding: &Binding,
        client_context: *mut c_void,
        client_dispatch: *const c_void,
    ) -> ProviderAnswer {
        let handle = self.handle(binding, Side::Provider);
        let (client, provider) = (&binding.client.module, &binding.provider.module);
        self.call(binding, Callback::Attach(Side::Provider), || {
            provider.attach_client(handle, client, client_context, client_dispatch)
        })
    }

    pub(crate) fn call_detach(&self, binding: &Binding, side: Side) -> Status {
        // The context was stored before the binding became attached, under its lock, which this thread has held since.
        let context = binding.context(side).load(Relaxed);
        self.call(binding, Callback::Detach(side), || binding.of(side).module.detach(context))
    }

    pub(crate) fn call_cleanup(&self, binding: &Binding, side: Side) {
        let context = binding.context(side).load(Relaxed);
        self.call(binding, Callback::Cleanup(side), || binding.of(side).module.clean_up(context));
    }

    fn call<R>(&self, binding: &Binding, callback: Callback, call: impl FnOnce() -> R) -> R {
        self.pause_at(Point::Before(callback), binding);
        let entered = frames::enter(Frame {
            world: self.address(),
            binding: binding.number,
            client: binding.client.number,
            provider: binding.provider.number,
            callback,
        });
        let least =
            if matches!(callback, Callback::Attach(_)) { Irql::Passive } else { self.inner.detach_irql };
        let raised = (least > Irql::Passive).then(|| Raised::to(least));
        let level = Irql::current();
        tsan::observed(binding);
        tsan::observed(&*binding.client);
        tsan::observed(&*binding.provider);
        let fence = Fence::around(self, binding, callback);
        let result = tsan::outside(call);
        fence.passed();
        tsan::published(binding);
        drop(entered);
        let left_at = Irql::current();
        if left_at != level {
            self.violated(Rule::IrqlNotRestored, || {
                format!(
                    "{callback} for binding {} was called at {level} and returned at {left_at}",
                    binding.number
                )
            });
        }
        drop(raised);
        self.pause_at(Point::After(callback), binding);
        result
    }

    fn handle(&self, binding: &Binding, side: Side) -> BindingHandle {
        BindingHandle::from_raw(encode(self.inner.mark, Kind::Binding(side), binding.place))
    }
}
