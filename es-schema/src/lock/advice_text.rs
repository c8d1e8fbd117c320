//! The texts of all advice that the lock prints. A test follows each advice, and fails for one without a case; a new advice must
//! be added here.

macro_rules! advised {
    ($($name:ident = $words:literal;)+) => {
        $(pub(super) const $name: &str = $words;)+

        /// The texts of all advice.
        #[doc(hidden)]
        pub const ADVISED: &[&str] = &[$($name),+];
    };
}

advised! {
    // Attributes on the struct and on fields.
    EVENT = "#[event(name = ";
    REMOVED = "#[event(removed(in = ";
    ADDED = "#[event(added(in = ";
    RENAMED = "#[event(renamed(in = ";
    CHANGED = "#[event(changed(in = ";
    ALIAS = "#[serde(alias = ";
    WORD = "#[serde(";
    LEAVE_OUT = "leave `";
    // Attributes on the aggregate.
    AGGREGATE = "#[aggregate(category = ";
    RETIRE = "if it is no longer written, keep its struct and retire it";
    SUCCESSORS = "{ fn successors(self) -> impl IntoEvents<";
    // Old code that is kept.
    KEEP_TYPE = "as it was, with its derives, as `Old";
    KEEP_WITH = "keep what reads it as it was, as `";
    WRITE_STEP = "since there is no conversion between the two types";
    KEEP_EVENT = "put the fields back, or keep the struct as it was, with its steps, beside today's without them";
    MODULE = "mod v";
    FROM_OLD = "impl From<v";
    // Reasons why there is no declared step.
    PLACES = "a tuple is stored by place, and its fields changed places";
    NO_STEP = "no declared step expresses this change";
    FLATTENED = "what is flattened into it is no longer the same";
    SAME_NAME = "its type changed but kept its name";
    // The first line of an advice.
    SAY_WHAT = "declare the change in a schema version of its own";
    STEP_MISSING = "is missing";
    HISTORY = "is history; the steps to ";
    PUT_BACK = "put the schema version and its steps back; to undo a step, add another one";
    DESCRIBE = "describe its shapes in `Event::SCHEMA` again";
    ANOTHER_EVENT = "if it is another event, give it a name that was never stored";
    IS_TODAY = "if it is `";
    OTHER_NAME = "if it has another name today, add its former name there";
    NAME_AGGREGATE = "name its aggregate in the check again, as in `es::schema::lock!(…)`";
    WRITE_CATEGORY = "the category is part of every stored stream, so write it as it was";
    PRINT_IDS = "print ids as before, and keep their type";
    OTHER_ID = "if each id prints as it did, and only the type has another name, see the last line";
    DERIVE = "has no JSON schema any more; write `#[derive(JsonSchema)]` on it again";
}
