//! Sets of aggregates, which a lock or a corpus is checked for.

use crate::aggregate::Aggregate;

/// One aggregate, or a tuple of such sets: what a lock or a corpus is checked for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an aggregate nor a tuple of aggregates",
    label = "not aggregates",
    note = "write the aggregates as a tuple, as in `check::<(Account, Order)>()`; beyond 16, nest tuples, or use `lock!`"
)]
pub trait Aggregates {
    /// Passes each aggregate to `visit`.
    fn visit(visit: &mut impl VisitAggregate);
}

/// Receives each aggregate of a set.
pub trait VisitAggregate {
    /// Receives `A`.
    fn aggregate<A: Aggregate>(&mut self);
}

impl<A: Aggregate> Aggregates for A {
    fn visit(visit: &mut impl VisitAggregate) {
        visit.aggregate::<A>();
    }
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Aggregates $(, $rest: Aggregates)*> Aggregates for ($first, $($rest,)*) {
            fn visit(visit: &mut impl VisitAggregate) {
                $first::visit(visit);
                $($rest::visit(visit);)*
            }
        }
        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L M N O P);
