//! The rules that no single part of an aggregate can know.

use super::parse::Aggregate;
use crate::{mistakes::Mistakes, path_list};

/// Notes what does not fit together in `aggregate`, and leaves it out.
pub(crate) fn aggregate(aggregate: &mut Aggregate<'_>, mistakes: &mut Mistakes) {
    path_list::leave_out_repeats(&mut aggregate.events, mistakes);
    path_list::leave_out_listed(&mut aggregate.retired, &aggregate.events, mistakes);
}
