//! The rule itself, written as GNU ld's manual has it: go through the archive, take what is needed,
//! until nothing is. It takes quadratic time, and the choice must be the same.

use std::collections::HashMap;

use loader_core::{Archive, LinkInput, Object};

use super::chosen;
use crate::support::archive::{bsd, gnu, object};
use crate::support::random::Random;

#[derive(Clone)]
struct Member {
    name: String,
    defines: Vec<String>,
    needs: Vec<String>,
}

enum Input {
    Archive(usize),
    Group(std::ops::Range<usize>),
    Object(usize),
    Whole(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Needed,
    Common,
    Weak,
    Defined,
}

#[derive(Default)]
struct Model {
    names: HashMap<String, State>,
    provided: Vec<String>,
    taken: Vec<String>,
}

impl Model {
    fn need(&mut self, name: &str) {
        if !self.provided.iter().any(|provided| provided == name) {
            self.names.entry(name.into()).or_insert(State::Needed);
        }
    }

    fn take(&mut self, shown: String, member: &Member) {
        self.taken.push(shown);
        for define in &member.defines {
            let name = define.trim_start_matches(['~', '=', '%']).to_owned();
            let old = self.names.get(&name).copied();
            let common = define.starts_with('%');
            let weak = define.starts_with('~');
            let stays = old == Some(State::Common) && (common || weak);
            if old != Some(State::Defined) && !stays {
                let elsewhere = self.provided.contains(&name);
                let new = match (common, weak) {
                    (true, _) if !elsewhere => State::Common,
                    (_, true) => State::Weak,
                    _ => State::Defined,
                };
                self.names.insert(name, new);
            }
        }
        member.needs.iter().filter(|need| !need.starts_with('?')).for_each(|need| self.need(need));
    }

    fn wants(&self, define: &str) -> bool {
        match self.names.get(define.trim_start_matches(['~', '=', '%'])) {
            Some(State::Needed) => true,
            Some(State::Common) => define.starts_with('='),
            _ => false,
        }
    }

    /// Searches one archive until it gives no more; says whether it gave anything.
    fn search(&mut self, library: usize, members: &[Member]) -> bool {
        let before = self.taken.len();
        loop {
            let start = self.taken.len();
            for member in members {
                let shown = format!("{library}.a({})", member.name);
                let wanted = member.defines.iter().any(|define| self.wants(define));
                if wanted && !self.taken.contains(&shown) {
                    self.take(shown, member);
                }
            }
            if self.taken.len() == start {
                return start != before;
            }
        }
    }
}

/// A file with a few symbols out of `names`, no name twice.
fn random_member(random: &mut Random, number: usize, names: usize) -> Member {
    let mut member = Member { name: format!("{number}.o"), defines: Vec::new(), needs: Vec::new() };
    let mut used = Vec::new();
    for _ in 0..random.below(4) {
        let name = random.below(names);
        if !used.contains(&name) {
            used.push(name);
            let kind = ["", "", "", "~", "=", "%"][random.below(6)];
            member.defines.push(format!("{kind}n{name}"));
        }
    }
    for _ in 0..random.below(4) {
        let name = random.below(names);
        if !used.contains(&name) {
            used.push(name);
            member.needs.push(format!("{}n{name}", ["", "", "?"][random.below(3)]));
        }
    }
    member
}

fn compare(random: &mut Random) -> usize {
    let names = 4 + random.below(30);
    let libraries: Vec<Vec<Member>> = (0..1 + random.below(5))
        .map(|_| (0..random.below(12)).map(|n| random_member(random, n, names)).collect())
        .collect();
    let objects: Vec<_> =
        (0..1 + random.below(3)).map(|n| random_member(random, n, names)).collect();
    let inputs: Vec<_> = (0..1 + random.below(5))
        .map(|_| match random.below(7) {
            0 | 1 => Input::Object(random.below(objects.len())),
            2 | 3 => Input::Archive(random.below(libraries.len())),
            4 => Input::Whole(random.below(libraries.len())),
            _ => {
                let start = random.below(libraries.len());
                Input::Group(start..start + 1 + random.below(libraries.len() - start))
            }
        })
        .collect();
    let roots = [format!("n{}", random.below(names)), format!("n{}", random.below(names))];
    let mut model =
        Model { provided: vec![format!("n{}", random.below(names))], ..Model::default() };
    roots.iter().for_each(|root| model.need(root));
    for input in &inputs {
        match input {
            Input::Object(at) => model.take(objects[*at].name.clone(), &objects[*at]),
            Input::Archive(at) => drop(model.search(*at, &libraries[*at])),
            Input::Group(range) => {
                while range.clone().fold(false, |any, at| model.search(at, &libraries[at]) | any) {}
            }
            Input::Whole(at) => {
                for member in &libraries[*at] {
                    model.take(format!("{at}.a({})", member.name), member);
                }
            }
        }
    }
    let bytes = |member: &Member| object(&member.defines, &member.needs);
    let library_bytes: Vec<_> = libraries
        .iter()
        .map(|members| {
            let files: Vec<_> = members.iter().map(|m| (m.name.as_str(), bytes(m))).collect();
            if random.below(2) == 0 { gnu(&files) } else { bsd(&files) }
        })
        .collect();
    let library_names: Vec<_> = (0..libraries.len()).map(|at| format!("{at}.a")).collect();
    let archives: Vec<_> = library_names
        .iter()
        .zip(&library_bytes)
        .map(|(name, bytes)| Archive::parse(name, bytes).unwrap())
        .collect();
    let object_bytes: Vec<_> = objects.iter().map(bytes).collect();
    let inputs: Vec<_> = inputs
        .iter()
        .map(|input| match input {
            Input::Archive(at) => LinkInput::Archive(&archives[*at]),
            Input::Group(range) => LinkInput::Group(&archives[range.clone()]),
            Input::Object(at) => {
                LinkInput::Object(Object::parse(&objects[*at].name, &object_bytes[*at]).unwrap())
            }
            Input::Whole(at) => LinkInput::Whole(&archives[*at]),
        })
        .collect();
    let roots = roots.each_ref().map(String::as_str);
    let names = chosen(&inputs, &roots, &[&model.provided[0]]);
    assert_eq!(names, model.taken);
    names.len()
}

#[test]
fn the_choice_is_that_of_going_through_again_and_again() {
    let mut random = Random(7);
    let taken: usize = (0..2000).map(|_| compare(&mut random)).sum();
    assert!(taken > 8000, "{taken} members are too few to say anything");
}
