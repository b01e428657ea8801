//! Loading and unloading for long: modules of every kind, in a random order, that depend on each other.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loader_core::{Error, MemoryError, RegistryError};
use qemu_protocol::{Soak, SoakReport};
use target_common::HARTS;

use crate::manager::Manager;
use crate::target;
use crate::tasks::bench::Bench;
use crate::tasks::model::{Live, Model, STARTED};
use crate::tasks::pool::{Kind, Wanted};
use crate::tasks::{Done, Trouble, check, lookups, same};

/// The most modules at a time, of all harts together; the registry has room for a few more.
const MOST: usize = 56;
/// After how many steps fewer or more modules are wanted, and perhaps others.
const PHASE: u32 = 128;
/// A soak of so many loads comes by everything that modules do.
const LONG: u32 = 100;
/// After how many steps it is looked at how fragmented the arenas are.
const LOOK: u32 = 8;

type TheBench<'b> = Bench<'b, &'static Manager>;

/// Loads as many modules as are asked for, and unloads all of them again; `beside` a soak on the other
/// hart, whose modules it looks for meanwhile.
pub fn run(
    bench: &TheBench<'_>,
    manager: &'static Manager,
    asked: Soak,
    beside: bool,
) -> Done<SoakReport> {
    let hart = target::hart();
    let (places, watched) = match beside {
        true => (MOST / HARTS, (hart + 1) % HARTS),
        false => (MOST, hart),
    };
    let report = SoakReport {
        hart: hart as u32,
        loads: 0,
        no_room: 0,
        needed: 0,
        teardowns: 0,
        calls: 0,
        lookups: 0,
        found: 0,
        most_modules: 0,
        fragmentation: manager.fragmentation(),
        took_ns: 0,
    };
    let random = Random::new(asked.seed.wrapping_add(hart as u64));
    let model = Model::new(places);
    let mut soaker = Soaker { bench, manager, random, model, report, hart, watched, asked };
    let started = target::now_ns();
    let done = soaker.run();
    if done.is_err() {
        soaker.clear();
    }
    let report = SoakReport { took_ns: target::now_ns() - started, ..soaker.report };
    done?;
    let met = [report.found, report.needed, report.teardowns, report.calls];
    let enough = asked.loads < LONG || met.iter().all(|count| *count > 0);
    check(enough, || format!("a soak that came by nothing: {report:?}"))?;
    Ok(report)
}

/// A soak on one hart.
struct Soaker<'s, 'b> {
    bench: &'s TheBench<'b>,
    manager: &'static Manager,
    random: Random,
    model: Model,
    report: SoakReport,
    hart: usize,
    /// The hart whose modules are looked for.
    watched: usize,
    asked: Soak,
}

impl Soaker<'_, '_> {
    fn run(&mut self) -> Done<()> {
        let kinds = self.bench.pool.kinds().len();
        check(kinds > 0, || "the program has no modules".into())?;
        let (mut wanted, mut favourite) = (0, 0);
        let mut step = 0u32;
        while self.report.loads < self.asked.loads || self.model.count() > 0 {
            if step.is_multiple_of(PHASE) {
                wanted = self.random.below(self.model.places.len());
                favourite = self.random.below(kinds);
            }
            if self.report.loads >= self.asked.loads {
                wanted = 0;
            }
            if self.model.count() < wanted {
                // Half of them of one kind: many big ones at a time, or many small ones.
                let kind =
                    if self.random.below(2) == 0 { favourite } else { self.random.below(kinds) };
                self.load(kind)?;
            } else {
                self.unload()?;
            }
            self.call()?;
            self.look()?;
            if step.is_multiple_of(LOOK) {
                self.measure();
            }
            step = step.wrapping_add(1);
        }
        Ok(())
    }

    /// Loads a module of this kind, and first what it needs, unless that is there; returns its place,
    /// or nothing where there is no room.
    fn load(&mut self, kind: usize) -> Done<Option<usize>> {
        let bench = self.bench;
        let pool = bench.pool.kinds();
        let mut needs = Vec::new();
        for name in &pool[kind].needs {
            let need = pool.iter().position(|kind| kind.name == name);
            let need = need.ok_or_else(|| format!("nobody defines what {name} would"))?;
            let there = self.model.all().filter(|(_, live)| live.kind == need);
            let there: Vec<usize> = there.map(|(at, _)| at).collect();
            let place = match self.random.choose(&there) {
                Some(place) => Some(place),
                None => self.load(need)?,
            };
            let Some(place) = place else { return Ok(None) };
            needs.push(place);
        }
        let free = self.model.places.iter().enumerate().filter(|(_, live)| live.is_none());
        let free: Vec<usize> = free.map(|(at, _)| at).collect();
        let place = match self.random.choose(&free) {
            Some(place) if self.report.loads < self.asked.loads => place,
            _ => return Ok(None),
        };
        let name = name(&pool[kind], place, self.hart);
        let grants: Vec<String> = needs.iter().map(|&need| self.name(need)).collect();
        let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
        let wanted = Wanted { name: Some(&name), grants: &grants, ..Wanted::plain(&pool[kind]) };
        let instance = match bench.load(&wanted) {
            Ok(instance) => instance,
            Err(trouble) if is_no_room(&trouble) => {
                self.report.no_room += 1;
                return Ok(None);
            }
            Err(trouble) => return Err(trouble),
        };
        self.model.places[place] = Some(Live { instance, kind, needs, calls: STARTED });
        self.report.loads += 1;
        self.report.most_modules = self.report.most_modules.max(self.model.count() as u32);
        self.call_at(place)?;
        Ok(Some(place))
    }

    /// Unloads a module, alone or with all that needs it.
    fn unload(&mut self) -> Done<()> {
        let Some(mut place) = self.any() else { return Ok(()) };
        if self.random.below(8) == 0 {
            return self.tear_down(place);
        }
        loop {
            let dependents: Vec<usize> = self.model.dependents(place).collect();
            let Some(live) = &self.model.places[place] else { return Ok(()) };
            let Some(dependent) = self.random.choose(&dependents) else {
                self.bench.unload(&live.instance)?;
                self.model.places[place] = None;
                return Ok(());
            };
            match self.bench.registry.unload(live.instance.id) {
                Err(RegistryError::Needed { count, .. }) => {
                    same("modules that need one", count as usize, dependents.len())?;
                }
                Err(error) => return Err(error.into()),
                Ok(_) => return Err(format!("{} is needed, and went", self.name(place)).into()),
            }
            self.report.needed += 1;
            place = dependent;
        }
    }

    fn tear_down(&mut self, root: usize) -> Done<()> {
        let tree = self.model.tree(root);
        let doomed = tree.iter().filter_map(|&place| self.model.places[place].as_ref());
        let doomed: Vec<_> = doomed.map(|live| &live.instance).collect();
        let order = self.bench.tear_down(doomed[0], &doomed)?;
        let order: Vec<usize> = order.into_iter().map(|at| tree[at]).collect();
        check(self.model.is_in_order(&order), || format!("modules went in the order {order:?}"))?;
        tree.iter().for_each(|&place| self.model.places[place] = None);
        self.report.teardowns += 1;
        Ok(())
    }

    /// Calls the function of any module.
    fn call(&mut self) -> Done<()> {
        match self.any() {
            Some(place) => self.call_at(place),
            None => Ok(()),
        }
    }

    fn call_at(&mut self, place: usize) -> Done<()> {
        let value = self.random.below(1000) as i32;
        let expected = self.model.call(place, value);
        let Some(live) = &self.model.places[place] else { return Ok(()) };
        let returned = self.bench.call(live.instance.value, value)?;
        self.report.calls += 1;
        if returned != expected {
            same(&format!("{} called with {value}", self.name(place)), returned, expected)?;
        }
        Ok(())
    }

    /// Looks for a module that the other hart may have loaded.
    fn look(&mut self) -> Done<()> {
        let pool = self.bench.pool.kinds();
        let kind = &pool[self.random.below(pool.len())];
        let place = self.random.below(self.model.places.len());
        let name = name(kind, place, self.watched);
        let found = lookups::look(self.bench, kind, &name)?;
        if self.watched == self.hart {
            let live = self.model.places[place].as_ref();
            same(&name, found, live.is_some_and(|live| live.instance.name == name))?;
        }
        self.report.lookups += 1;
        self.report.found += u32::from(found);
        Ok(())
    }

    fn measure(&mut self) {
        for (worst, now) in self.report.fragmentation.iter_mut().zip(self.manager.fragmentation()) {
            if now.permille() > worst.permille() {
                *worst = now;
            }
        }
    }

    /// The place of any module that is loaded.
    fn any(&mut self) -> Option<usize> {
        let places: Vec<usize> = self.model.all().map(|(at, _)| at).collect();
        self.random.choose(&places)
    }

    fn name(&self, place: usize) -> String {
        let live = self.model.places[place].as_ref();
        live.map_or_else(String::new, |live| live.instance.name.clone())
    }

    /// Unloads everything, whatever has gone wrong, so that it costs no other program.
    fn clear(&mut self) {
        for (_, live) in self.model.all() {
            drop(self.bench.registry.tear_down(live.instance.id));
        }
    }
}

/// What the module of a kind in a place of a hart is called, and its namespace.
fn name(kind: &Kind, place: usize, hart: usize) -> String {
    format!("{} {place} of hart {hart}", kind.name)
}

fn is_no_room(trouble: &Trouble) -> bool {
    let Trouble::Refused(RegistryError::Load(error)) = trouble else { return false };
    matches!(error, Error::Allocate { cause: MemoryError::Exhausted { .. }, .. })
}

/// Marsaglia's xorshift, of 64 bits.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Never 0, and far apart for seeds that are close.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`; 0 where that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }

    fn choose(&mut self, of: &[usize]) -> Option<usize> {
        let at = self.below(of.len());
        of.get(at).copied()
    }
}
