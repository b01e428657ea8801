//! Graphs at random, against what plain and slow code says of them.

use std::collections::BTreeSet;

use loader_core::{LoadOrder, OrderError};

use super::{Question, name};
use crate::support::random::Random;

/// A graph of modules that are called by their numbers.
struct Graph {
    needs: Vec<Vec<usize>>,
    wanted: Vec<usize>,
    present: BTreeSet<usize>,
}

impl Graph {
    fn random(random: &mut Random) -> Self {
        let count = 1 + random.below(24);
        let density = 1 + random.below(4);
        let edges = random.below(count * density + 1);
        let acyclic = random.below(3) == 0;
        let mut needs = vec![Vec::new(); count];
        for _ in 0..edges {
            let (from, to) = (random.below(count), random.below(count));
            if from < to || !acyclic {
                needs[from].push(to);
            }
        }
        let wanted = (0..1 + random.below(4)).map(|_| random.below(count)).collect();
        let present = (0..random.below(4)).map(|_| random.below(count)).collect();
        Self { needs, wanted, present }
    }

    fn question(&self) -> Question {
        let names: Vec<_> = (0..self.needs.len()).map(|number| number.to_string()).collect();
        let needs: Vec<Vec<&str>> =
            self.needs.iter().map(|needs| needs.iter().map(|&to| &*names[to]).collect()).collect();
        let modules: Vec<_> = names.iter().zip(&needs).map(|(name, n)| (&**name, &**n)).collect();
        let wanted: Vec<_> = self.wanted.iter().map(|&number| &*names[number]).collect();
        let question = Question::new(&modules, &wanted);
        self.present.iter().fold(question, |question, &at| question.present(&names[at], [0; 3]))
    }

    /// What is to be loaded before a module.
    fn edges(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        self.needs[from].iter().copied().filter(|to| !self.present.contains(to))
    }

    /// Which modules lead to which, by at least one step: Warshall.
    fn reach(&self) -> Vec<Vec<bool>> {
        let count = self.needs.len();
        let mut reach = vec![vec![false; count]; count];
        for (from, row) in reach.iter_mut().enumerate() {
            self.edges(from).for_each(|to| row[to] = true);
        }
        for middle in 0..count {
            let through = reach[middle].clone();
            for row in reach.iter_mut().filter(|row| row[middle]) {
                row.iter_mut().zip(&through).for_each(|(to, via)| *to |= via);
            }
        }
        reach
    }

    fn needed(&self, reach: &[Vec<bool>]) -> BTreeSet<usize> {
        let wanted = self.wanted.iter().copied().filter(|at| !self.present.contains(at));
        let wanted: Vec<_> = wanted.collect();
        let is_needed = |at: &usize| wanted.iter().any(|from| from == at || reach[*from][*at]);
        (0..self.needs.len()).filter(is_needed).collect()
    }

    /// The order of a graph without cycles, as recursion has it.
    fn descend(&self, at: usize, order: &mut Vec<usize>) {
        if !order.contains(&at) {
            self.edges(at).for_each(|to| self.descend(to, order));
            order.push(at);
        }
    }
}

fn steps(order: LoadOrder<'_, '_, '_>) -> Vec<Vec<usize>> {
    let number = |candidate| name(candidate).parse().unwrap();
    order.steps().map(|step| step.candidates().map(number).collect()).collect()
}

#[test]
fn whatever_needs_whatever() {
    let mut random = Random(7);
    let (mut cyclic, mut plain, mut large) = (0, 0, 0);
    for _ in 0..1000 {
        let graph = Graph::random(&mut random);
        let reach = graph.reach();
        let needed = graph.needed(&reach);
        let question = graph.question();

        let groups = question.clone().grouped().ask(|order| steps(order.unwrap()));
        let all: Vec<_> = groups.iter().flatten().copied().collect();
        assert_eq!(all.len(), needed.len());
        assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), needed);
        for (at, group) in groups.iter().enumerate() {
            large += usize::from(group.len() > 2);
            for &member in group {
                // The group is all that lead to each other, and no more.
                let together = |&other: &usize| {
                    other == member || (reach[member][other] && reach[other][member])
                };
                let expected: BTreeSet<_> = needed.iter().copied().filter(together).collect();
                assert_eq!(group.iter().copied().collect::<BTreeSet<_>>(), expected);
                let before: BTreeSet<_> = groups[..=at].iter().flatten().copied().collect();
                assert!(graph.edges(member).all(|to| before.contains(&to)), "{groups:?}");
            }
        }

        let has_cycle = needed.iter().any(|&at| reach[at][at]);
        question.ask(|order| match order {
            Ok(order) => {
                assert!(!has_cycle);
                plain += 1;
                let mut expected = Vec::new();
                for &at in graph.wanted.iter().filter(|at| !graph.present.contains(at)) {
                    graph.descend(at, &mut expected);
                }
                assert_eq!(steps(order), expected.iter().map(|&at| vec![at]).collect::<Vec<_>>());
            }
            Err(OrderError::Cycle(cycle)) => {
                cyclic += 1;
                let cycle: Vec<usize> = cycle.modules().map(|name| name.parse().unwrap()).collect();
                let next = cycle.iter().cycle().skip(1);
                for (&from, &to) in cycle.iter().zip(next) {
                    assert!(graph.edges(from).any(|edge| edge == to), "{cycle:?}");
                    assert!(needed.contains(&from));
                }
                assert_eq!(cycle.iter().collect::<BTreeSet<_>>().len(), cycle.len());
            }
            Err(error) => panic!("{error}"),
        });
    }
    assert!(cyclic > 100 && plain > 100 && large > 100, "{cyclic} {plain} {large}");
}
