//! Which events a value of a type may hold, known at compile time.

/// Which events of an aggregate a type may hold, known at compile time. A feed derives from it which retired events to read.
///
/// It describes types that implement [`IntoEvents`](crate::IntoEvents), and the retired
/// [`Member`](crate::schema::Member)s of an aggregate, which become such types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum May {
    /// Any event of the aggregate.
    All,
    /// The event at this index of the aggregate's [`MEMBERS`](crate::AggregateEvent::MEMBERS).
    Event(usize),
    /// The events that any of these may hold; none if the list is empty.
    Any(&'static [&'static Self]),
}

impl May {
    /// Whether it may hold an event whose index in `wanted` is `true`.
    pub(crate) const fn meets(&self, wanted: &[bool]) -> bool {
        match self {
            Self::All => true,
            Self::Event(member) => wanted[*member],
            Self::Any(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if parts[part].meets(wanted) {
                        return true;
                    }
                    part += 1;
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_event_is_found_at_any_depth() {
        const WANTED: &[bool] = &[false, true, false];
        let meets = |may: May| may.meets(WANTED);
        assert!(meets(May::All) && meets(May::Event(1)));
        assert!(!meets(May::Event(0)) && !meets(May::Any(&[])));
        assert!(meets(May::Any(&[&May::Event(0), &May::Any(&[&May::Event(2), &May::Event(1)])])));
        assert!(!meets(May::Any(&[&May::Event(0), &May::Any(&[&May::Event(2)])])));
    }
}
