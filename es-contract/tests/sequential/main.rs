//! Compares a store with a model of a hundred lines: random operations of one caller, every answer compared.
//!
//! A failure is shrunk and printed as a test that can be pasted below.

mod model;
mod operation;
mod system;

use proptest::{prelude::*, strategy::BoxedStrategy, test_runner::Config};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::{
    model::Model,
    operation::{Operation, append, keyed, read_all, read_stream},
    system::System,
};

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(model: &Self) -> BoxedStrategy<Operation> {
        operation::random(model)
    }

    fn apply(mut model: Self, operation: &Operation) -> Self {
        model.answer(operation);
        model
    }
}

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        Self::default()
    }

    fn apply(mut system: Self, _: &Model, operation: Operation) -> Self {
        system.run(operation);
        system
    }
}

prop_state_machine! {
    #![proptest_config(Config { cases: 300, ..Config::default() })]
    #[test]
    fn a_store_answers_as_the_model_does(sequential 1..40 => System);
}

/// Runs operations in order, as a shrunk failure prints them.
fn replay(operations: impl IntoIterator<Item = Operation>) {
    let mut system = System::default();
    operations.into_iter().for_each(|operation| system.run(operation));
}

#[test]
fn a_part_of_an_append_is_no_repeat_of_it() {
    replay([
        append(&[(0, Some(0), &[1, 2])]),
        append(&[(0, Some(0), &[1])]),
        append(&[(0, None, &[1, 2])]),
        append(&[(0, Some(2), &[3]), (1, None, &[4])]),
        append(&[(1, Some(7), &[]), (0, Some(2), &[3])]),
        read_stream(0, 1, false, 9),
        read_all(0, Some(1), 9),
    ]);
}

#[test]
fn a_repeat_differs_from_another_attempt_with_its_key() {
    replay([
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(1, 0, 7), (2, 0, 8)]),
        append(&[(0, None, &[4])]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(1, 0, 7), (2, 0, 8)]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(2, 0, 8)]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(1, 1, 7)]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(1, 0, 9)]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(3, 0, 7)]),
        keyed(&[(0, Some(3), &[5])], &[(3, 0, 7), (1, 0, 9)]),
        keyed(&[], &[(3, 0, 7)]),
        keyed(&[], &[(3, 0, 9)]),
        keyed(&[(0, Some(0), &[1, 2]), (1, None, &[3])], &[(3, 0, 7)]),
        keyed(&[(0, Some(0), &[5])], &[(4, 0, 7), (4, 0, 7)]),
        keyed(&[(0, Some(0), &[5])], &[(4, 0, 7)]),
        keyed(&[(0, Some(3), &[5])], &[(4, 0, 7)]),
    ]);
}

#[test]
fn a_failure_prints_as_a_runnable_test() {
    let mut system = System::default();
    system.run(append(&[(0, Some(0), &[1, 2]), (1, None, &[])]));
    system.run(keyed(&[(0, None, &[3])], &[(1, 2, 3)]));
    system.run(read_stream(0, 2, true, 3));
    let printed = system.as_test();
    let expected = "#[test]\nfn shrunk() {\n    replay([\n        append(&[(0, Some(0), &[1, 2]), (1, None, &[])]),\n        \
                    keyed(&[(0, None, &[3])], &[(1, 2, 3)]),\n        read_stream(0, 2, true, 3),\n    ]);\n}\n";
    assert_eq!(printed, expected);
}
