//! Objects of any size, of the kinds that some loader needs quadratic time for.
//!
//! The same kind, machine and size make the same file. Code is valid wherever a relocation says
//! that there is some, so that a linker takes the objects as well.

mod calls;
mod maker;
mod one_symbol;
mod pairs;
mod symbols;
mod uleb128;

use std::fmt;
use std::str::FromStr;

use loader_core::Machine;

use maker::Maker;

/// Where the imports of [`Kind::Calls`] and [`Kind::OneSymbol`] lie: out of any branch's reach.
pub const FAR: u64 = 0x10_0000_0000;

/// What an object has many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Calls, each to a symbol of its own, that only a stub reaches.
    Calls,
    /// Calls to one symbol.
    OneSymbol,
    /// On RISC-V, low parts of addresses whose high parts are far away.
    Pairs,
    /// Symbols, and few relocations.
    Symbols,
    /// On RISC-V, distances in ULEB128 fields.
    Uleb128,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Calls, Self::OneSymbol, Self::Pairs, Self::Symbols, Self::Uleb128];

    /// Its name, on command lines and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::OneSymbol => "one-symbol",
            Self::Pairs => "pairs",
            Self::Symbols => "symbols",
            Self::Uleb128 => "uleb128",
        }
    }

    /// What its size is counted in.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Calls | Self::OneSymbol | Self::Pairs | Self::Uleb128 => "relocation",
            Self::Symbols => "symbol",
        }
    }

    /// One line about it.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Calls => "calls, each to another symbol far away",
            Self::OneSymbol => "calls to one symbol",
            Self::Pairs => "HI20 and LO12 far apart",
            Self::Symbols => "symbols",
            Self::Uleb128 => "SET and SUB of ULEB128",
        }
    }

    /// Whether the machine has such objects.
    pub fn is_for(self, machine: Machine) -> bool {
        machine == Machine::Riscv64 || !matches!(self, Self::Pairs | Self::Uleb128)
    }

    /// The object with `count` relocations, or symbols, of this kind.
    ///
    /// # Errors
    /// The machine has no such objects, or one of this size cannot be written.
    pub fn generate(self, machine: Machine, count: u64) -> Result<Vec<u8>, String> {
        if !self.is_for(machine) {
            return Err(format!("{} has no {self}", machine.name()));
        }
        let mut maker = Maker::new(machine);
        match self {
            Self::Calls => calls::fill(&mut maker, count),
            Self::OneSymbol => one_symbol::fill(&mut maker, count),
            Self::Pairs => pairs::fill(&mut maker, count),
            Self::Symbols => symbols::fill(&mut maker, count),
            Self::Uleb128 => uleb128::fill(&mut maker, count),
        }
        maker.write()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no kind {text}; there are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Floor, Ours};
    use loader_core::{Object, Plan, Scratch};

    const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

    fn all() -> impl Iterator<Item = (Kind, Machine)> {
        let pairs = Kind::ALL.into_iter().flat_map(|kind| MACHINES.map(|machine| (kind, machine)));
        pairs.filter(|(kind, machine)| kind.is_for(*machine))
    }

    #[test]
    fn each_is_of_the_size_that_was_asked_for() {
        assert_eq!(all().count(), 11);
        for (kind, machine) in all() {
            let file = kind.generate(machine, 120).unwrap();
            let floor = Floor::new(&file).unwrap();
            match kind {
                Kind::Symbols => assert!((120..150).contains(&floor.symbols()), "{kind}"),
                _ => assert_eq!(floor.relocations(), 120, "{kind}, {machine:?}"),
            }
        }
    }

    #[test]
    fn the_loader_takes_each_again_and_again() {
        for (kind, machine) in all() {
            let file = kind.generate(machine, 120).unwrap();
            let mut ours = Ours::new(&file, FAR).unwrap();
            for _ in 0..3 {
                ours.load(|| ()).unwrap_or_else(|error| panic!("{kind}, {machine:?}: {error}"));
            }
        }
    }

    #[test]
    fn calls_take_as_many_stubs_as_they_have_symbols() {
        for machine in MACHINES {
            for (kind, stubs) in [(Kind::Calls, 120), (Kind::OneSymbol, 1)] {
                let file = kind.generate(machine, 120).unwrap();
                let objects = [Object::parse("test", &file).unwrap()];
                let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
                let plan = Plan::new(&objects, &mut scratch).unwrap();
                assert_eq!((plan.stubs(), plan.got_entries()), (stubs, stubs), "{kind}");
            }
        }
    }

    #[test]
    fn the_same_comes_out_each_time() {
        for (kind, machine) in all() {
            assert!(kind.generate(machine, 60) == kind.generate(machine, 60), "{kind}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("pear".parse::<Kind>().unwrap_err().contains("one-symbol"));
        assert!(Kind::Pairs.generate(Machine::X86_64, 2).is_err());
    }
}
