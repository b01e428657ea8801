//! Load here, run there: modules are loaded on this machine, and run by an agent on another.
//!
//! | file | what it does |
//! | --- | --- |
//! | `transport.rs` | bytes to an agent and back: a machine in QEMU, a socket, a serial port |
//! | `link.rs` | requests over them, asked again until they are answered |
//! | `target.rs` | the target's memory, as the loader's memory manager asks for it |
//! | `session.rs` | modules: load, call, unload |
//! | `ended.rs` | how a call has ended, in words |
//! | `wanted.rs` | what is asked for of a module |
//! | `choose.rs` | which members of archives a module gets |
//! | `threads.rs` | a block of thread-local variables on the target |
//! | `call.rs` | what is to be called, from text |
//! | `debugger.rs` | modules as files that GDB reads |
//! | `program.rs` | a whole program, run as the system image runs it |
//! | `interactive.rs` | all of it, line by line |
//! | `image.rs` | the agents: built, and measured |
//! | `noise.rs` | damage, for tests |

mod call;
mod choose;
mod debugger;
mod ended;
mod image;
mod interactive;
mod link;
mod noise;
mod program;
mod session;
mod target;
mod threads;
mod transport;
mod wanted;

pub use call::Call;
pub use debugger::Debugger;
pub use ended::Ended;
pub use image::{TEXT_LIMIT, agents, debugger_function, text_size};
pub use interactive::{Shell, interact};
pub use link::{Limits, Link, Traffic};
pub use noise::Noisy;
pub use program::{Arguments, finish, load, module_name, run, start};
pub use session::{Loaded, Session};
pub use transport::{Line, Stream};
pub use wanted::SectionPlace;
