//! What comes before what, where nothing is wrong.

use loader_core::{Candidate, Cycles, LoadOrder, Object, Scratch, Version};

use super::{Question, Spec};

#[test]
fn nothing_is_wanted() {
    assert!(Question::new(&[], &[]).names().is_empty());
    assert!(Question::new(&[("a", &["b"]), ("b", &[])], &[]).names().is_empty());
}

#[test]
fn a_chain_is_loaded_from_its_end() {
    let modules: &[(&str, &[&str])] =
        &[("a", &["b"]), ("d", &[]), ("c", &["d"]), ("b", &["c"]), ("other", &["a"])];
    assert_eq!(Question::new(modules, &["a"]).names(), ["d", "c", "b", "a"]);
    assert_eq!(Question::new(modules, &["c"]).names(), ["d", "c"]);
    assert_eq!(Question::new(modules, &["d"]).names(), ["d"]);
}

#[test]
fn what_several_need_is_loaded_once() {
    let modules: &[(&str, &[&str])] = &[
        ("top", &["left", "right", "left"]),
        ("left", &["base"]),
        ("right", &["base", "left"]),
        ("base", &[]),
    ];
    assert_eq!(Question::new(modules, &["top"]).names(), ["base", "left", "right", "top"]);
    let twice = Question::new(modules, &["right", "top", "right", "base"]);
    assert_eq!(twice.names(), ["base", "left", "right", "top"]);
}

#[test]
fn the_order_is_that_of_what_is_wanted_and_of_the_notes() {
    let names = ["e", "c", "a", "d", "b"];
    let alone: Vec<(&str, &[&str])> = names.iter().map(|&name| (name, &[][..])).collect();
    assert_eq!(
        Question::new(&alone, &["b", "d", "a", "e", "c"]).names(),
        ["b", "d", "a", "e", "c"]
    );
    let mut modules = alone.clone();
    modules.push(("top", &["c", "e", "b", "a", "d"]));
    assert_eq!(Question::new(&modules, &["top"]).names(), ["c", "e", "b", "a", "d", "top"]);
    assert_eq!(Question::new(&modules, &["d", "top"]).names(), ["d", "c", "e", "b", "a", "top"]);
    // Candidates in another order change nothing.
    modules.reverse();
    assert_eq!(Question::new(&modules, &["top"]).names(), ["c", "e", "b", "a", "d", "top"]);
}

#[test]
fn what_is_present_is_not_loaded_nor_what_it_needs() {
    let modules: &[(&str, &[&str])] = &[("a", &["b", "d"]), ("b", &["c"]), ("c", &[]), ("d", &[])];
    let question = Question::new(modules, &["a"]);
    assert_eq!(question.clone().present("b", [1, 0, 0]).names(), ["d", "a"]);
    assert_eq!(question.clone().present("c", [1, 0, 0]).names(), ["b", "d", "a"]);
    assert!(question.clone().present("a", [1, 0, 0]).names().is_empty());
    // Nor need it be a candidate.
    let question = Question::new(&[("a", &["b"])], &["b", "a"]);
    assert_eq!(question.present("b", [0, 0, 0]).names(), ["a"]);
}

#[test]
fn versions_of_candidates_and_of_what_is_present_fit_at_both_ends() {
    let user = Spec::new("a", &[]).needs("b", [1, 2, 0], [2, 0, 0]);
    for (version, fits) in [
        ([1, 1, u32::MAX], false),
        ([1, 2, 0], true),
        ([1, u32::MAX, u32::MAX], true),
        ([2, 0, 0], false),
    ] {
        let b = Spec::new("b", &[]).version(version);
        let question = Question::of(vec![user.clone(), b], &["a"]);
        assert_eq!(question.ask(|order| order.is_ok()), fits, "{version:?}");
        let question = Question::of(vec![user.clone()], &["a"]).present("b", version);
        assert_eq!(question.ask(|order| order.is_ok()), fits, "{version:?}");
    }
    // All ranges hold, and who says no version has 0.0.0.
    let both = user.needs("b", [1, 5, 0], [3, 0, 0]);
    let with = |version| {
        let b = Spec::new("b", &[]).version(version);
        Question::of(vec![both.clone(), b], &["a"]).ask(|order| order.is_ok())
    };
    assert!(with([1, 6, 0]) && !with([1, 3, 0]) && !with([2, 5, 0]));
    let modules = vec![Spec::new("a", &[]).needs("b", [0; 3], [0, 0, 1]), Spec::new("b", &[])];
    assert_eq!(Question::of(modules, &["a"]).names(), ["b", "a"]);
}

#[test]
fn a_module_of_several_objects_needs_what_any_of_them_does() {
    let files = [
        Spec::new("a", &["c"]).build(),
        Spec::new("a", &["b"]).build(),
        Spec::new("b", &["c"]).build(),
        Spec::new("c", &[]).version([3, 0, 0]).build(),
    ];
    let [first, second, b, c] = files.each_ref().map(|file| Object::parse("o", file).unwrap());
    let (a, b, c) = ([first, second], [b], [c]);
    let candidates =
        [Candidate::new(&a), Candidate::new(&b), Candidate::new(&c)].map(Result::unwrap);
    let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
    let order =
        LoadOrder::new(&candidates, &["a"], &|_| None, Cycles::Refuse, &mut scratch).unwrap();
    let counts: Vec<_> = order.steps().map(|step| step.objects().count()).collect();
    assert_eq!(counts, [1, 1, 2]);
    assert_eq!(format!("{order:?}"), r#"[["c"], ["b"], ["a"]]"#);
    let c = order.steps().next().and_then(|step| step.one()).unwrap();
    assert_eq!(c.metadata().version(), Version::new(3, 0, 0));
}

#[test]
fn a_candidate_can_be_called_otherwise() {
    let files = [Spec::new("old", &["b"]).build(), Spec::default().build()];
    let [a, b] = files.each_ref().map(|file| [Object::parse("o", file).unwrap()]);
    let [a, b] = [&a, &b].map(|objects| Candidate::new(objects).unwrap());
    assert_eq!((a.name(), b.name()), (Some("old"), None));
    let candidates = [a.named("new"), b.named("b")];
    let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
    let order =
        LoadOrder::new(&candidates, &["new"], &|_| None, Cycles::Refuse, &mut scratch).unwrap();
    assert_eq!(format!("{order:?}"), r#"[["b"], ["new"]]"#);
    assert!(
        LoadOrder::new(&candidates, &["old"], &|_| None, Cycles::Refuse, &mut scratch).is_err()
    );
}
