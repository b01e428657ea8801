//! Modules that need each other.

use loader_core::OrderError;

use super::Question;

/// Asks for a cycle to be refused; its modules, and the error's text.
fn cycle(modules: &[(&str, &[&str])], wanted: &[&str]) -> (Vec<String>, String) {
    Question::new(modules, wanted).ask(|order| match order {
        Err(error @ OrderError::Cycle(cycle)) => {
            assert_eq!(error, OrderError::Cycle(cycle));
            (cycle.modules().map(String::from).collect(), error.to_string())
        }
        other => panic!("{other:?}"),
    })
}

const ONE: &[(&str, &[&str])] = &[("a", &["a"])];
const TWO: &[(&str, &[&str])] = &[("b", &["a"]), ("a", &["b"])];
const THREE: &[(&str, &[&str])] = &[("c", &["a"]), ("a", &["b"]), ("b", &["c"])];
/// `d` and `e` need each other, `f` and `g` do, and `b` to `e` lead back to `b` as well.
const NESTED: &[(&str, &[&str])] = &[
    ("a", &["b"]),
    ("b", &["c", "f"]),
    ("c", &["d"]),
    ("d", &["e", "base"]),
    ("e", &["d", "b"]),
    ("f", &["g"]),
    ("g", &["f", "base"]),
    ("base", &[]),
];

#[test]
fn a_cycle_is_named_whole_and_in_its_order() {
    let advice = "; load them as a group, or break the cycle";
    let text = |cycle: &str| format!("{cycle}{advice}");
    assert_eq!(cycle(ONE, &["a"]), (vec!["a".into()], text("a needs a")));
    let (modules, said) = cycle(TWO, &["a"]);
    assert_eq!((modules.join(" "), said), ("a b".into(), text("a needs b, b needs a")));
    let (modules, said) = cycle(THREE, &["a"]);
    assert_eq!(modules.join(" "), "a b c");
    assert_eq!(said, text("a needs b, b needs c, c needs a"));
    // From elsewhere it is the same, with another beginning.
    assert_eq!(cycle(THREE, &["c"]).1, text("c needs a, a needs b, b needs c"));
}

#[test]
fn what_leads_to_a_cycle_is_no_part_of_it() {
    let modules: &[(&str, &[&str])] = &[
        ("top", &["base", "middle"]),
        ("middle", &["a"]),
        ("a", &["base", "b"]),
        ("b", &["base", "a"]),
        ("base", &[]),
    ];
    let (members, text) = cycle(modules, &["base", "top"]);
    assert_eq!(members, ["a", "b"]);
    assert!(text.starts_with("a needs b, b needs a;"), "{text}");
    let steps = Question::new(modules, &["top"]).grouped().steps();
    assert_eq!(
        steps.iter().map(|step| step.join("+")).collect::<Vec<_>>(),
        ["base", "b+a", "middle", "top"]
    );
}

#[test]
fn the_first_of_several_cycles_is_named() {
    assert_eq!(cycle(NESTED, &["a"]).0, ["d", "e"]);
    assert_eq!(cycle(NESTED, &["g", "a"]).0, ["g", "f"]);
    let two: &[(&str, &[&str])] = &[("x", &["x"]), ("y", &["y"])];
    assert_eq!(cycle(two, &["y", "x"]).0, ["y"]);
}

#[test]
fn a_cycle_that_nobody_asks_for_does_no_harm() {
    let modules: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &[]), ("c", &["d"]), ("d", &["c"])];
    assert_eq!(Question::new(modules, &["a"]).names(), ["b", "a"]);
}

#[test]
fn what_is_present_breaks_a_cycle() {
    assert_eq!(Question::new(TWO, &["a"]).present("b", [0; 3]).names(), ["a"]);
    assert_eq!(Question::new(THREE, &["b"]).present("a", [0; 3]).names(), ["c", "b"]);
}

#[test]
fn groups_are_steps_of_several() {
    let steps = |modules, wanted: &[&str]| {
        let steps = Question::new(modules, wanted).grouped().steps();
        steps.iter().map(|step| step.join("+")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(steps(ONE, &["a"]), "a");
    assert_eq!(steps(TWO, &["a"]), "b+a");
    assert_eq!(steps(THREE, &["a"]), "c+b+a");
    assert_eq!(steps(THREE, &["b", "a", "c"]), "a+c+b");
    assert_eq!(steps(NESTED, &["a"]), "base g+f e+d+c+b a");
    assert_eq!(steps(NESTED, &["f", "e"]), "base g+f d+c+b+e");
    // Two cycles that share a module are one.
    let eight: &[(&str, &[&str])] = &[("a", &["b", "c"]), ("b", &["a"]), ("c", &["a"])];
    assert_eq!(steps(eight, &["c"]), "b+a+c");
    assert_eq!(steps(eight, &["a"]), "b+c+a");
}

#[test]
fn a_step_of_one_is_told_from_a_group() {
    Question::new(NESTED, &["a"]).grouped().ask(|order| {
        let one: Vec<_> = order.unwrap().steps().map(|step| step.one().is_some()).collect();
        assert_eq!(one, [true, false, false, true]);
    });
}
