//! Properties of a field's type, which generated code asks for since a type alias may hide them from the macro.

use std::{marker::PhantomData, rc::Rc, sync::Arc};

/// Probes a field's type. Its inherent constants take precedence over those of [`AnyType`].
#[derive(Debug)]
pub struct FieldType<T: ?Sized>(PhantomData<fn(&T)>);

/// The fallback for every type.
pub trait AnyType {
    /// Whether serde accepts that the key is absent.
    const MAY_BE_ABSENT: bool = false;
    /// Whether some `Some` is stored as `None` is.
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
    fn an_option_is_detected_behind_an_alias() {
        const { assert!(FieldType::<Maybe<u8>>::MAY_BE_ABSENT && FieldType::<Box<Maybe<u8>>>::MAY_BE_ABSENT) };
        const { assert!(!FieldType::<Vec<Maybe<u8>>>::MAY_BE_ABSENT && !FieldType::<u8>::MAY_BE_ABSENT) };
        const { assert!(FieldType::<Option<Maybe<u8>>>::LOSES_SOME && FieldType::<Option<()>>::LOSES_SOME) };
        const { assert!(!FieldType::<Maybe<u8>>::LOSES_SOME && !FieldType::<Option<Vec<()>>>::LOSES_SOME) };
    }
}
