//! What is loaded in a soak, and what each module's function should return: worked out here, where
//! nothing is linked.

use alloc::vec::Vec;

use crate::tasks::bench::Instance;

/// What a module's constructor adds to its count of calls.
pub const STARTED: i32 = 100;

/// A module that is loaded.
pub struct Live {
    pub instance: Instance,
    /// Its kind's place in the pool.
    pub kind: usize,
    /// The places of what it calls, in the order of its calls.
    pub needs: Vec<usize>,
    /// How often it was called, from `STARTED` on.
    pub calls: i32,
}

/// What is loaded, each in a place.
pub struct Model {
    pub places: Vec<Option<Live>>,
}

impl Model {
    pub fn new(places: usize) -> Self {
        Self { places: (0..places).map(|_| None).collect() }
    }

    /// How many are loaded.
    pub fn count(&self) -> usize {
        self.all().count()
    }

    /// What is loaded, and where.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Live)> {
        self.places.iter().enumerate().filter_map(|(at, live)| Some((at, live.as_ref()?)))
    }

    /// The places of what calls the module at a place.
    pub fn dependents(&self, place: usize) -> impl Iterator<Item = usize> {
        let needing = self.all().filter(move |(_, live)| live.needs.contains(&place));
        needing.map(|(at, _)| at)
    }

    /// The place, and those of all that needs the module there, however far away.
    pub fn tree(&self, root: usize) -> Vec<usize> {
        let mut tree = Vec::from([root]);
        let mut next = 0;
        while let Some(&place) = tree.get(next) {
            for dependent in self.dependents(place) {
                if !tree.contains(&dependent) {
                    tree.push(dependent);
                }
            }
            next += 1;
        }
        tree
    }

    /// Whether each of the places comes before all that the module there needs.
    pub fn is_in_order(&self, places: &[usize]) -> bool {
        places.iter().enumerate().all(|(at, place)| {
            let needs = self.places[*place].as_ref().map_or(&[][..], |live| &live.needs);
            needs.iter().all(|need| !places[..at].contains(need))
        })
    }

    /// What the function of the module at a place returns for `value`, if it is called now: `value`,
    /// how often it was called, and three times what each function returns that it calls.
    pub fn call(&mut self, place: usize, value: i32) -> i32 {
        let Some(live) = &mut self.places[place] else { return 0 };
        live.calls += 1;
        let own = value.wrapping_add(live.calls);
        let needs = live.needs.clone();
        needs
            .into_iter()
            .fold(own, |sum, need| sum.wrapping_add(self.call(need, value).wrapping_mul(3)))
    }
}
