//! One module, from bytes to addresses to call. What errors say goes nowhere.

use core::hint::black_box;

use loader_core::{Error, Object, Plan, PlanOptions, Scratch};

use crate::client::{self, Manager};

/// Loads one object.
#[cfg_attr(feature = "archives", expect(dead_code, reason = "an archive's members come instead"))]
#[inline(never)]
pub fn run(file: &[u8]) -> Result<(), Error<'_>> {
    load(&[Object::parse("", file)?], client::scratch())
}

/// Loads objects as one module.
pub fn load<'o>(objects: &[Object<'o>], scratch: &mut [Scratch]) -> Result<(), Error<'o>> {
    let plan = Plan::with_options(objects, scratch, options())?;
    let module = plan.place(Manager)?.resolve(&client::resolve)?.seal()?;
    module.initialisers().for_each(client::take);
    client::take(module.symbol(black_box("")));
    #[cfg(feature = "debug")]
    crate::debug::show(&module)?;
    Ok(())
}

/// What is asked for: nothing, which the compiler sees; or, with `asked`, what it does not see.
fn options() -> PlanOptions<'static> {
    let options = PlanOptions::default();
    #[cfg(feature = "asked")]
    let options = black_box(options);
    #[cfg(feature = "debug")]
    let options = {
        let mut options = options;
        options.debug = loader_core::DebugSections::Plain;
        options
    };
    options
}
