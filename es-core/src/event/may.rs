//! What a value of a type may hold, known while compiling.

/// Which events of an aggregate a type may hold, known while compiling: what a feed asks for rests on it.
///
/// It is said of types that are [`IntoEvents`](crate::IntoEvents), and of the retired [`Member`](crate::schema::Member)s
/// of an aggregate, which become such types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum May {
    /// Any event of the aggregate.
    All,
    /// The event at this place in the aggregate's [`MEMBERS`](crate::AggregateEvent::MEMBERS).
    Event(usize),
    /// What one of these may hold; nothing, if there is none.
    Any(&'static [&'static Self]),
}

impl May {
    /// Whether it may hold one of the events whose place in `wanted` says `true`.
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
    fn it_meets_what_is_wanted_at_any_depth() {
        const WANTED: &[bool] = &[false, true, false];
        let meets = |may: May| may.meets(WANTED);
        assert!(meets(May::All) && meets(May::Event(1)));
        assert!(!meets(May::Event(0)) && !meets(May::Any(&[])));
        assert!(meets(May::Any(&[&May::Event(0), &May::Any(&[&May::Event(2), &May::Event(1)])])));
        assert!(!meets(May::Any(&[&May::Event(0), &May::Any(&[&May::Event(2)])])));
    }
}
