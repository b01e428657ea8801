//! The line to the host, and who speaks on it.

use core::cell::UnsafeCell;

use agent_protocol::{Port, Server};

use crate::target;

/// How long to look away from the port where nothing has come.
const PAUSE: usize = 500;

/// The serial port.
pub struct Serial;

impl Port for Serial {
    fn read(&mut self) -> Option<u8> {
        loop {
            if let Some(byte) = target::read_console() {
                return Some(byte);
            }
            // Whoever brings the bytes has to come to the device, too.
            (0..PAUSE).for_each(|_| core::hint::spin_loop());
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        target::write_console(bytes);
    }
}

/// Calls `then` with what speaks to the host.
pub fn with_server<R>(then: impl FnOnce(&mut Server) -> R) -> R {
    // SAFETY: there is one hart. What is called from `then` calls no module, and only what a module
    // calls comes here again; a fault within `then` is never gone back to.
    then(unsafe { &mut *SERVER.0.get() })
}

struct Shared(UnsafeCell<Server>);

// SAFETY: there is one hart, and `with_server` sees to the rest.
unsafe impl Sync for Shared {}

static SERVER: Shared = Shared(UnsafeCell::new(Server::new()));
