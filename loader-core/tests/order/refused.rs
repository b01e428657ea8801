//! What has no order.

use loader_core::{Candidate, Cycles, LoadOrder, Object, OrderError, Scratch};

use super::{Question, Spec};

#[test]
fn a_module_that_is_missing() {
    let question = Question::new(&[("a", &["b"]), ("b", &["c"])], &["a"]);
    assert_eq!(
        question.refusal(),
        "b needs c >=0.0.0, which is neither loaded nor a candidate; add it"
    );
    question.ask(|order| {
        assert!(matches!(order, Err(OrderError::Missing { module: "b", needs: "c", .. })));
    });
    let modules = vec![Spec::new("a", &[]).needs("b", [1, 0, 0], [2, 5, 0])];
    assert_eq!(
        Question::of(modules, &["a"]).refusal(),
        "a needs b >=1.0.0, <2.5.0, which is neither loaded nor a candidate; add it"
    );
    // What others lack does not matter.
    let modules: &[(&str, &[&str])] = &[("a", &["b"]), ("c", &[])];
    assert_eq!(Question::new(modules, &["c"]).names(), ["c"]);
}

#[test]
fn a_wanted_module_that_is_missing() {
    for name in ["b", "", "aa", "A"] {
        let question = Question::new(&[("a", &[])], &["a", name]);
        question.ask(|order| assert!(matches!(order, Err(OrderError::Unknown { .. })), "{name}"));
    }
    assert_eq!(
        Question::new(&[("a", &[])], &["b"]).refusal(),
        "b is wanted, and neither loaded nor a candidate; add it, or correct the name"
    );
    Question::new(&[], &["b"]).ask(|order| assert!(order.is_err()));
}

#[test]
fn a_candidate_in_another_version() {
    let user = Spec::new("a", &[]).needs("b", [1, 0, 0], [2, 0, 0]);
    let modules = vec![user, Spec::new("b", &[]).version([2, 1, 3])];
    let question = Question::of(modules, &["b", "a"]);
    question.ask(|order| assert!(matches!(order, Err(OrderError::WrongCandidate { .. }))));
    assert_eq!(
        question.refusal(),
        "a needs b >=1.0.0, <2.0.0, and the candidate is b 2.1.3; offer one that fits"
    );
    // Also in a group, whose members the registry does not hold against each other.
    let modules = vec![
        Spec::new("a", &[]).needs("b", [1, 0, 0], [2, 0, 0]),
        Spec::new("b", &["a"]).version([0, 9, 0]),
    ];
    let group = Question::of(modules, &["a"]).grouped();
    group.ask(|order| assert!(matches!(order, Err(OrderError::WrongCandidate { .. }))));
    let own = vec![Spec::new("a", &[]).needs("a", [1, 0, 0], [2, 0, 0])];
    let own = Question::of(own, &["a"]).grouped();
    own.ask(|order| assert!(matches!(order, Err(OrderError::WrongCandidate { .. }))));
}

#[test]
fn a_loaded_module_in_another_version_even_if_a_candidate_fits() {
    let user = Spec::new("a", &[]).needs("b", [1, 0, 0], [2, 0, 0]);
    let modules = vec![user, Spec::new("b", &[]).version([1, 0, 0])];
    let question = Question::of(modules, &["a"]);
    assert_eq!(question.names(), ["b", "a"]);
    let question = question.present("b", [0, 9, 0]);
    question.ask(|order| assert!(matches!(order, Err(OrderError::WrongPresent { .. }))));
    assert_eq!(
        question.refusal(),
        "a needs b >=1.0.0, <2.0.0, and b 0.9.0 is loaded; replace it first"
    );
}

#[test]
fn candidates_of_one_name_whether_wanted_or_not() {
    let modules: &[(&str, &[&str])] = &[("a", &[]), ("b", &[]), ("c", &[]), ("b", &["a"])];
    for wanted in [&["a"][..], &["b"], &[]] {
        let question = Question::new(modules, wanted);
        assert_eq!(
            question.refusal(),
            "two candidates are called b: that of 1.o and that of 3.o; leave one out"
        );
        question.ask(|order| {
            let error = order.unwrap_err();
            assert_eq!(
                error,
                OrderError::Duplicate { name: "b", first: "1.o".into(), second: "3.o".into() }
            );
        });
    }
}

#[test]
fn a_candidate_without_a_name() {
    let modules = vec![Spec::new("a", &[]), Spec::default().version([1, 0, 0])];
    let question = Question::of(modules, &["a"]);
    assert_eq!(question.refusal(), "candidate 1, 1.o, has no name; give it one, or metadata");
    // Nor does one without objects have one.
    let candidates = [Candidate::new(&[]).unwrap()];
    let mut scratch = [Scratch::ZERO; 2];
    let order = LoadOrder::new(&candidates, &[], &|_| None, Cycles::Refuse, &mut scratch);
    assert_eq!(order.unwrap_err(), OrderError::Unnamed { candidate: 0, object: "".into() });
}

#[test]
fn notes_that_are_damaged() {
    let mut spec = Spec::new("a", &["b"]);
    spec.notes.truncate(spec.notes.len() - 4);
    let file = spec.build();
    let objects = [Object::parse("a.o", &file).unwrap()];
    assert!(Candidate::new(&objects).is_err());
}

#[test]
fn working_memory_that_is_short_by_one() {
    let files = [("a", &["b", "c", "b"][..]), ("b", &["c"]), ("c", &["a"]), ("d", &[])]
        .map(|(name, needs)| Spec::new(name, needs).build());
    let objects = files.each_ref().map(|file| [Object::parse("o", file).unwrap()]);
    let candidates = objects.each_ref().map(|objects| Candidate::new(objects).unwrap());
    let needed = LoadOrder::scratch_len(&candidates);
    assert_eq!(needed, 4 + 4 + 5);
    let ask = |scratch: &mut [Scratch]| {
        let order = LoadOrder::new(&candidates, &["a"], &|_| None, Cycles::Group, scratch);
        order.map(|order| format!("{order:?}")).map_err(|error| error.to_string())
    };
    let mut scratch = [Scratch::ZERO; 20];
    for lent in 0..needed {
        let error = ask(&mut scratch[..lent]).unwrap_err();
        assert_eq!(
            error,
            format!(
                "the order needs 13 scratch records and {lent} were lent; lend as many as \
                 LoadOrder::scratch_len says"
            )
        );
    }
    for lent in needed..=scratch.len() {
        assert_eq!(ask(&mut scratch[..lent]).unwrap(), r#"[["c", "b", "a"]]"#);
    }
    assert_eq!(LoadOrder::scratch_len(&[]), 0);
}
