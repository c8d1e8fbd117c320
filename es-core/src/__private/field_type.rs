//! What generated code asks of a field's type, which an alias may hide from the macro.

use std::{marker::PhantomData, rc::Rc, sync::Arc};

/// Stands for a field's type. Its own constants, for the types that have them, go before those of [`AnyType`].
#[derive(Debug)]
pub struct FieldType<T: ?Sized>(PhantomData<fn(&T)>);

/// What every type answers.
pub trait AnyType {
    /// Whether serde reads it where the key is absent.
    const MAY_BE_ABSENT: bool = false;
    /// Whether `Some` of something is stored as `None` is.
    const LOSES_SOME: bool = false;
}

impl<T: ?Sized> AnyType for FieldType<T> {}

macro_rules! answer {
    ($answer:ident: $($type:ty),+) => {
        $(impl<T> FieldType<$type> {
            /// See [`AnyType`].
            pub const $answer: bool = true;
        })+
    };
}

answer! { MAY_BE_ABSENT: Option<T>, Box<Option<T>>, Rc<Option<T>>, Arc<Option<T>> }
answer! { LOSES_SOME: Option<Option<T>>, Option<Box<Option<T>>>, Option<Rc<Option<T>>>, Option<Arc<Option<T>>> }

impl FieldType<Option<()>> {
    /// See [`AnyType`].
    pub const LOSES_SOME: bool = true;
}

#[cfg(test)]
mod tests {
    use super::{AnyType as _, FieldType};

    type Maybe<T> = Option<T>;

    #[test]
    fn an_option_is_known_behind_its_names() {
        const { assert!(FieldType::<Maybe<u8>>::MAY_BE_ABSENT && FieldType::<Box<Maybe<u8>>>::MAY_BE_ABSENT) };
        const { assert!(!FieldType::<Vec<Maybe<u8>>>::MAY_BE_ABSENT && !FieldType::<u8>::MAY_BE_ABSENT) };
        const { assert!(FieldType::<Option<Maybe<u8>>>::LOSES_SOME && FieldType::<Option<()>>::LOSES_SOME) };
        const { assert!(!FieldType::<Maybe<u8>>::LOSES_SOME && !FieldType::<Option<Vec<()>>>::LOSES_SOME) };
    }
}
