//! The story of a life, word for word.

use crate::peer::{Peer, Script};
use nmr_abi::Status;
use nmr_sim::{Side, World};
use std::sync::{Arc, Mutex};

#[test]
fn a_whole_life_is_told_in_order() {
    let heard = Arc::new(Mutex::new(String::new()));
    let ear = Arc::clone(&heard);
    let world = World::builder().listener(move |event| *ear.lock().unwrap() += &format!("{event}\n")).build();
    let provider =
        Peer::new(&world, Side::Provider, 1, 0xd, Script::default().detach(|_| Status::PENDING)).register();
    let client = Peer::new(&world, Side::Client, 1, 0xc, Script::default()).register();
    assert_eq!(client.deregister(), Status::PENDING);
    crate::peer::complete(&world, Side::Provider, provider.bound()[0]);
    assert_eq!(client.wait(), Status::SUCCESS);
    provider.take_down();
    let npi = "npi=00000000-0000-0000-0000-000000000001";
    let expected = [
        format!(
            "1 registered side=provider registration=1 {npi} module=00000000-0000-0000-0000-00000000000d number=0"
        ),
        format!(
            "2 registered side=client registration=2 {npi} module=00000000-0000-0000-0000-00000000000c number=0"
        ),
        format!("3 offered binding=1 client=2 provider=1 {npi}"),
        format!("4 attached binding=1 client=2 provider=1 {npi} status=STATUS_SUCCESS"),
        format!("5 deregister side=client registration=2 {npi} bindings=1"),
        format!("6 detach-called side=client binding=1 {npi}"),
        format!("7 detach-returned side=client binding=1 {npi} status=STATUS_SUCCESS"),
        format!("8 detach-called side=provider binding=1 {npi}"),
        format!("9 detach-returned side=provider binding=1 {npi} status=STATUS_PENDING"),
        format!("10 completed side=provider binding=1 {npi}"),
        format!("11 cleanup side=client binding=1 {npi}"),
        format!("12 cleanup side=provider binding=1 {npi}"),
        format!("13 ended binding=1 {npi}"),
        format!("14 waiting side=client registration=2 {npi} bindings=0"),
        format!("15 waited side=client registration=2 {npi} registrations-left=1 bindings-left=0"),
        format!("16 deregister side=provider registration=1 {npi} bindings=0"),
        format!("17 waiting side=provider registration=1 {npi} bindings=0"),
        format!("18 waited side=provider registration=1 {npi} registrations-left=0 bindings-left=0"),
    ];
    assert_eq!(world.story(), expected.join("\n") + "\n");
    assert_eq!(*heard.lock().unwrap(), world.story());
    assert_eq!(world.clone().events(), world.events());
}
