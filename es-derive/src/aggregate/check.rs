//! The rules that need more than one part of an aggregate.

use super::parse::Aggregate;
use crate::{mistakes::Mistakes, path_list};

/// Reports repeated events in `aggregate` and leaves them out.
pub(crate) fn aggregate(aggregate: &mut Aggregate<'_>, mistakes: &mut Mistakes) {
    path_list::leave_out_repeats(&mut aggregate.events, mistakes);
    path_list::leave_out_listed(&mut aggregate.retired, &aggregate.events, mistakes);
}
