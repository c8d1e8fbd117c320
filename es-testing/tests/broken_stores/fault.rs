//! The faults, and the promises that catch each of them.

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Acknowledges a batch without its last event.
    ForgetsTheLastOfABatch,
    /// Acknowledges a single event and stores nothing.
    ForgetsASingleEvent,
    /// Accepts an exact version that is behind.
    AcceptsAStaleVersion,
    /// Takes `Any` for `Exists`.
    TakesAnyForExists,
    /// Ignores appends without events.
    IgnoresAssertions,
    /// Refuses appends without events.
    RefusesAssertions,
    /// Checks assertions before the append and not in it: write skew.
    ChecksAssertionsOutside,
    /// Checks versions before the append and not in it.
    ChecksVersionsOutside,
    /// Loses what is appended while another append runs.
    LosesARacingAppend,
    /// Appends stream after stream until one conflicts.
    HalfAppliesSeveralStreams,
    /// Appends event after event.
    AppliesABatchEventByEvent,
    /// Stores what it refuses.
    StoresWhatItRefuses,
    /// Reports a conflict as an error of the store.
    RefusesWithoutAConflict,
    /// Reports another version than there is.
    ReportsTheWrongVersion,
    /// Answers positions one too high.
    AnswersTheWrongPlace,
    /// Answers another time than it stores.
    AnswersWithItsOwnClock,
    /// Acknowledges before it can be read.
    AnswersBeforeItCanBeRead,
    /// Shows some events after later ones, so that readers skip them.
    SkipsWhatIsCommittedOutOfOrder,
    /// Stores a repeat again under other ids.
    IgnoresIdempotence,
    /// Answers a repeat with a conflict.
    AnswersARepeatAsAConflict,
    /// Takes any number of events.
    TakesTooMany,
    /// Joins category and id into one text.
    JoinsCategoryAndId,
    /// Ignores the limit of a read.
    IgnoresTheLimit,
    /// Reads one event less than the limit.
    ReadsOneTooFew,
    /// Starts a read behind its version.
    StartsBehindTheVersion,
    /// Counts versions by two.
    VersionsHaveGaps,
    /// Stops after a page.
    StopsAfterAPage,
    /// Reads the event at the position, too.
    ReadsThePositionItself,
    /// Looks at a thousand events and not further.
    StopsASparseFilter,
    /// Counts events that the filter does not accept.
    LimitsBeforeItFilters,
    /// Ignores the categories of a filter.
    IgnoresCategories,
    /// Reads some events twice.
    RepeatsAnEvent,
    /// Reads an event that nobody appended.
    InventsAnEvent,
    /// The frontier runs ahead of what can be read.
    TheFrontierRunsAhead,
    /// The frontier never reaches the last event.
    TheFrontierStaysBehind,
    /// Waits for the next change though there was one.
    MissesAChangeThatIsThere,
    /// Reads times that go back.
    TimesGoBack,
    /// Reads JSON normalised.
    NormalisesJson,
    /// Forgets metadata.
    ForgetsMetadata,
    /// Gives events ids of its own.
    GivesItsOwnIds,
    /// Stores events under other names.
    NamesEventsByType,
    /// Delivers an event twice at the switch to live.
    DeliversTwiceAtTheSwitch,
    /// Loses an event at the switch to live.
    LosesAtTheSwitch,
    /// Ends a subscription when it has caught up.
    EndsBeforeItIsLive,
    /// Subscribes from now, always.
    SubscribesFromNow,
    /// Drops events when the subscriber is slow.
    DropsWhenTheSubscriberIsSlow,
    /// Appends the rest where something conflicts.
    TakesAMixtureForARepeat,
    /// Stores a batch in another order.
    ReordersABatch,
    /// Accepts an exact version that was never reached.
    AcceptsAVersionAhead,
    /// Takes `NoStream` for `Any`.
    TakesNoStreamForAny,
    /// Takes `Exists` for `Any`.
    TakesExistsForAny,
    /// Takes `Exact` of 0 for `Exists`.
    TakesExactZeroForExists,
    /// Refuses an append without streams.
    RefusesAnAppendOfNothing,
    /// Stores a marker where only an assertion is made.
    AssertionsMakeStreams,
    /// Shows the last stream of an append later than the others.
    HalfVisible,
    /// Reports the first violation alone.
    ReportsOneViolation,
    /// Does not report that ids are taken.
    ReportsWithoutTakenIds,
    /// Answers in another order.
    SwapsAnswers,
    /// Stores what is new of a partial duplicate.
    TopsUpAPartialDuplicate,
    /// Does not mark a repeat.
    AnswersARepeatAsNew,
    /// Answers a repeat with the version of now.
    AnswersARepeatWhereTheStreamIsNow,
    /// Takes a part of an append, or two of them, for a repeat.
    TakesAPartForARepeat,
    /// Takes known ids for a repeat, wherever they stand.
    TakesAnyPlaceForARepeat,
    /// Checks the assertions of a repeat.
    ChecksTheAssertionsOfARepeat,
    /// Takes a stream twice in an append.
    TakesAStreamTwice,
    /// Takes an event id twice in an append.
    TakesAnIdTwice,
    /// Reads the streams whose id begins with the id.
    MixesStreamsWithACommonPrefix,
    /// Starts every read at the first event.
    ReadsFromTheFirst,
    /// Ignores the direction.
    ReadsForwardOnly,
    /// Reads the first event for the last one.
    ReadsTheFirstForTheLast,
    /// Reads the last event again past the end.
    ReadsTheLastPastTheEnd,
    /// Shows a visitor more than it wants to see.
    ShowsAVisitorEverything,
    /// Answers for an unknown stream with an error.
    AnUnknownStreamIsAnError,
    /// Collects a log in memory before it gives the first event.
    CollectsBeforeItReads,
    /// Gives the events of a stream the position of the first.
    AStreamIsNotInLogOrder,
    /// Ignores the names of a filter.
    IgnoresNames,
    /// Accepts what begins like a name.
    FiltersByPrefix,
    /// Reads the log stream by stream.
    SortsByStream,
    /// The frontier is one ahead from the start.
    TheFrontierStartsAhead,
    /// The frontier moves back at times.
    TheFrontierMovesBack,
    /// Asks again and again.
    Polls,
    /// Reports changes that there are not.
    NoChangeIsAChange,
    /// Keeps readers that were dropped.
    KeepsDroppedReaders,
    /// Reads times in milliseconds.
    RoundsTimes,
    /// Reads every time as the epoch.
    KnowsNoTime,
    /// Reads numbers as floats.
    ReadsNumbersAsFloats,
    /// Reads floats in single precision.
    RoundsFloats,
    /// Reads question marks for what is not ASCII.
    KeepsAsciiOnly,
    /// Takes text for bytes.
    TakesTextForBytes,
    /// Cuts long payloads.
    CutsLongPayloads,
    /// Cuts long metadata.
    CutsLongMetadata,
    /// Cuts long names.
    CutsLongNames,
    /// Flattens deep payloads.
    FlattensDeepPayloads,
    /// Takes absent metadata for empty.
    TakesAbsentForEmpty,
    /// Forgets the schema version.
    ForgetsTheSchemaVersion,
    /// Subscribes from the start, always.
    SubscribesFromTheStart,
    /// Delivers the event at the position, too.
    DeliversThePositionItself,
    /// Feeds subscribers from memory without a bound.
    FeedsFromMemory,
    /// Serves the first subscriber alone.
    TellsOneSubscriber,
    /// Keeps subscriptions that were dropped.
    KeepsDroppedSubscriptions,
    /// Ignores the filter of a subscription.
    SubscribesWithoutTheFilter,
    /// Loads a snapshot of any schema.
    LoadsAnySchema,
    /// Loads a snapshot of any stream.
    LoadsAnyStream,
    /// Loads the oldest snapshot.
    LoadsTheOldestSnapshot,
    /// Loads a snapshot that is ahead of its stream.
    LoadsWhatIsAhead,
    /// Keeps one snapshot a stream, whatever its schema.
    KeepsOneSnapshotAStream,
    /// Takes an older snapshot for the latest.
    TakesOlderSnapshots,
    /// Loses snapshots.
    LosesSnapshots,
    /// Stores an event with each snapshot.
    ASnapshotIsAnEvent,
    /// Turns NaN into null.
    TurnsNanIntoNull,
    /// Takes what does not decode.
    EncodesWhatDoesNotDecode,
    /// Takes long payloads, cut.
    CutsWhatIsTooLong,
    /// Takes a NUL, removed.
    RemovesNul,
    /// Takes deep payloads, flattened.
    FlattensWhatIsTooDeep,
    /// Encodes an empty text.
    ForgetsTheText,
    /// Takes long metadata, cut.
    CutsLongMetadataAsItEncodes,
    /// Takes a NUL in metadata, removed.
    RemovesNulFromMetadata,
    /// Takes long names, cut.
    CutsLongNamesAsItTakesThem,
    /// Takes names in lower case.
    LowersCase,
    /// Is empty when opened again.
    ForgetsWhenReopened,
    /// Has forgotten event ids when opened again.
    StartsAgainWhenReopened,
    /// Declares several processes and cannot be joined.
    CannotBeJoined,
    /// Takes snapshots that it does not declare.
    PretendsToKeepSnapshots,
    /// Gives each handle a log of its own.
    EachHandleHasItsOwnLog,
    /// Counts no readers.
    CountsNoReaders,
}

/// Each fault, and the promises that must fail for it; together they are all promises.
#[rustfmt::skip]
pub(crate) const CAUGHT: &[(Fault, &[&str])] = &[
    (Fault::ForgetsTheLastOfABatch, &[
        "events_of_one_append_come_back_in_order",
    ]),
    (Fault::ForgetsASingleEvent, &[
        "one_event_comes_back",
    ]),
    (Fault::AcceptsAStaleVersion, &[
        "exact_holds_at_that_version_only",
    ]),
    (Fault::TakesAnyForExists, &[
        "any_holds_whatever_the_stream_holds",
    ]),
    (Fault::IgnoresAssertions, &[
        "an_assertion_guards_the_other_streams",
        "an_assertion_of_no_stream_holds_for_an_absent_stream_only",
    ]),
    (Fault::RefusesAssertions, &[
        "an_assertion_of_any_holds_whatever_the_stream_holds",
    ]),
    (Fault::ChecksAssertionsOutside, &[
        "write_skew_on_existing_streams_lets_one_win",
        "write_skew_on_absent_streams_lets_one_win",
    ]),
    (Fault::ChecksVersionsOutside, &[
        "two_writers_of_one_version_one_wins",
    ]),
    (Fault::LosesARacingAppend, &[
        "twenty_appends_at_once_that_expect_nothing_are_all_stored",
    ]),
    (Fault::HalfAppliesSeveralStreams, &[
        "one_conflict_appends_nothing_anywhere",
    ]),
    (Fault::AppliesABatchEventByEvent, &[
        "a_dropped_append_is_whole_and_can_be_sent_again",
    ]),
    (Fault::StoresWhatItRefuses, &[
        "a_refused_append_leaves_nothing",
    ]),
    (Fault::RefusesWithoutAConflict, &[
        "a_conflict_carries_expected_and_actual",
    ]),
    (Fault::ReportsTheWrongVersion, &[
        "a_conflict_carries_expected_and_actual",
    ]),
    (Fault::AnswersTheWrongPlace, &[
        "the_answer_is_what_is_stored",
    ]),
    (Fault::AnswersWithItsOwnClock, &[
        "the_answer_is_what_is_stored",
    ]),
    (Fault::AnswersBeforeItCanBeRead, &[
        "one_event_comes_back",
    ]),
    (Fault::SkipsWhatIsCommittedOutOfOrder, &[
        "every_subscriber_sees_exactly_the_log",
    ]),
    (Fault::IgnoresIdempotence, &[
        "a_repeat_gets_the_first_answer",
    ]),
    (Fault::AnswersARepeatAsAConflict, &[
        "a_repeat_gets_the_first_answer",
        "a_repeat_stores_nothing",
    ]),
    (Fault::TakesTooMany, &[
        "more_than_a_thousand_events_in_one_append_are_refused",
    ]),
    (Fault::JoinsCategoryAndId, &[
        "ids_with_separators_do_not_mix",
    ]),
    (Fault::IgnoresTheLimit, &[
        "a_read_stops_at_its_limit",
    ]),
    (Fault::ReadsOneTooFew, &[
        "a_read_stops_at_its_limit",
    ]),
    (Fault::StartsBehindTheVersion, &[
        "a_read_starts_at_its_version",
        "any_holds_whatever_the_stream_holds",
    ]),
    (Fault::VersionsHaveGaps, &[
        "versions_have_no_gap",
        "a_stream_goes_on_after_dropped_appends",
    ]),
    (Fault::StopsAfterAPage, &[
        "events_of_one_append_come_back_in_order",
    ]),
    (Fault::ReadsThePositionItself, &[
        "the_log_is_read_from_any_position",
    ]),
    (Fault::StopsASparseFilter, &[
        "a_sparse_filter_still_advances",
        "write_skew_on_existing_streams_lets_one_win",
        "a_slow_subscriber_loses_nothing",
        "a_thousand_events_in_one_append_come_back",
    ]),
    (Fault::LimitsBeforeItFilters, &[
        "a_filter_by_category_gives_its_events",
        "pages_of_any_size_give_the_same_log",
    ]),
    (Fault::IgnoresCategories, &[
        "a_filter_by_category_gives_its_events",
    ]),
    (Fault::RepeatsAnEvent, &[
        "positions_are_unique_and_rise",
    ]),
    (Fault::InventsAnEvent, &[
        "an_empty_store_has_no_events",
    ]),
    (Fault::TheFrontierRunsAhead, &[
        "nothing_appears_below_the_frontier",
    ]),
    (Fault::TheFrontierStaysBehind, &[
        "nothing_appears_below_the_frontier",
        "the_frontier_never_moves_back",
    ]),
    (Fault::MissesAChangeThatIsThere, &[
        "a_change_is_a_frontier_above_the_one_seen",
    ]),
    (Fault::TimesGoBack, &[
        "recorded_times_never_go_back",
    ]),
    (Fault::NormalisesJson, &[
        "escapes_and_nulls_come_back",
    ]),
    (Fault::ForgetsMetadata, &[
        "metadata_absent_differs_from_empty",
    ]),
    (Fault::GivesItsOwnIds, &[
        "every_field_comes_back",
        "one_event_comes_back",
        "events_of_many_appends_come_back_in_order",
    ]),
    (Fault::NamesEventsByType, &[
        "every_field_comes_back",
    ]),
    (Fault::DeliversTwiceAtTheSwitch, &[
        "the_switch_to_live_loses_and_repeats_nothing",
    ]),
    (Fault::LosesAtTheSwitch, &[
        "the_switch_to_live_loses_and_repeats_nothing",
        "writers_that_fail_leave_subscribers_complete",
    ]),
    (Fault::EndsBeforeItIsLive, &[
        "from_the_start_it_gives_everything",
    ]),
    (Fault::SubscribesFromNow, &[
        "from_the_start_it_gives_everything",
    ]),
    (Fault::DropsWhenTheSubscriberIsSlow, &[
        "a_slow_subscriber_loses_nothing",
    ]),
    (Fault::TakesAMixtureForARepeat, &[
        "a_mixture_of_repeated_and_new_conflicts",
        "one_conflict_appends_nothing_anywhere",
    ]),
    (Fault::ReordersABatch, &[
        "events_of_one_append_come_back_in_order",
        "a_refused_append_leaves_nothing",
        "twenty_appends_at_once_that_expect_nothing_are_all_stored",
        "one_append_sent_many_times_at_once_is_stored_once",
        "a_dropped_append_is_whole_and_can_be_sent_again",
        "a_dropped_append_to_several_streams_is_whole",
    ]),
    (Fault::AcceptsAVersionAhead, &[
        "exact_holds_at_that_version_only",
        "an_assertion_of_exact_holds_at_that_version_only",
    ]),
    (Fault::TakesNoStreamForAny, &[
        "no_stream_holds_for_an_absent_stream_only",
        "a_loser_leaves_nothing",
    ]),
    (Fault::TakesExistsForAny, &[
        "exists_holds_for_a_present_stream_only",
        "an_assertion_of_exists_holds_for_a_present_stream_only",
        "a_conflict_carries_expected_and_actual",
    ]),
    (Fault::TakesExactZeroForExists, &[
        "exact_zero_is_no_stream",
        "two_writers_of_one_version_one_wins",
        "sixty_four_writers_keep_every_acknowledged_event",
        "write_skew_on_absent_streams_lets_one_win",
        "no_stream_and_exact_zero_are_the_same_place",
    ]),
    (Fault::RefusesAnAppendOfNothing, &[
        "an_append_of_nothing_answers_nothing",
    ]),
    (Fault::AssertionsMakeStreams, &[
        "more_than_a_thousand_streams_in_one_append_are_refused",
        "an_assertion_of_any_holds_whatever_the_stream_holds",
        "an_assertion_stores_nothing",
    ]),
    (Fault::HalfVisible, &[
        "readers_never_see_half_an_append",
    ]),
    (Fault::ReportsOneViolation, &[
        "every_violated_expectation_is_reported",
    ]),
    (Fault::ReportsWithoutTakenIds, &[
        "a_bad_event_in_the_middle_refuses_all",
        "more_ids_than_before_conflict",
    ]),
    (Fault::SwapsAnswers, &[
        "several_streams_are_appended_together",
        "an_assertion_guards_the_other_streams",
    ]),
    (Fault::TopsUpAPartialDuplicate, &[
        "more_ids_than_before_conflict",
    ]),
    (Fault::AnswersARepeatAsNew, &[
        "a_repeat_gets_the_first_answer",
        "a_repeat_through_another_handle_gets_the_first_answer",
    ]),
    (Fault::AnswersARepeatWhereTheStreamIsNow, &[
        "a_repeat_after_more_events_gets_the_first_answer",
        "a_repeat_with_any_is_found_where_its_first_id_stands",
        "a_repeat_with_exists_is_found_where_its_first_id_stands",
        "several_streams_are_repeated_together",
    ]),
    (Fault::TakesAPartForARepeat, &[
        "the_same_ids_at_another_version_conflict",
        "a_prefix_of_the_ids_conflicts",
        "a_suffix_of_the_ids_conflicts",
        "ids_of_two_appends_in_one_conflict",
    ]),
    (Fault::TakesAnyPlaceForARepeat, &[
        "the_same_ids_in_another_stream_conflict",
        "the_same_ids_in_another_order_conflict",
    ]),
    (Fault::ChecksTheAssertionsOfARepeat, &[
        "a_repeat_does_not_check_its_assertions_again",
    ]),
    (Fault::TakesAStreamTwice, &[
        "a_stream_twice_in_one_append_is_refused",
    ]),
    (Fault::TakesAnIdTwice, &[
        "an_id_twice_in_one_append_is_refused",
        "an_id_twice_in_two_streams_of_one_append_is_refused",
    ]),
    (Fault::MixesStreamsWithACommonPrefix, &[
        "streams_do_not_mix",
    ]),
    (Fault::ReadsFromTheFirst, &[
        "the_log_is_read_from_any_position",
    ]),
    (Fault::ReadsForwardOnly, &[
        "a_read_starts_at_its_version",
        "a_read_backwards_runs_from_newer_to_older",
    ]),
    (Fault::ReadsTheFirstForTheLast, &[
        "a_read_stops_at_its_limit",
        "the_last_event_is_read_backwards_from_the_end",
    ]),
    (Fault::ReadsTheLastPastTheEnd, &[
        "a_read_past_the_end_is_empty",
    ]),
    (Fault::ShowsAVisitorEverything, &[
        "a_visitor_sees_what_a_reader_reads",
    ]),
    (Fault::AnUnknownStreamIsAnError, &[
        "an_unknown_stream_is_empty",
    ]),
    (Fault::CollectsBeforeItReads, &[
        "a_hundred_thousand_events_are_read_in_little_memory",
    ]),
    (Fault::AStreamIsNotInLogOrder, &[
        "versions_have_no_gap",
        "the_order_of_a_stream_is_that_of_the_log",
    ]),
    (Fault::IgnoresNames, &[
        "a_filter_by_name_gives_its_events",
        "every_subscriber_sees_exactly_the_log",
    ]),
    (Fault::FiltersByPrefix, &[
        "a_filter_by_category_and_name_gives_what_meets_both",
    ]),
    (Fault::SortsByStream, &[
        "positions_are_unique_and_rise",
    ]),
    (Fault::TheFrontierStartsAhead, &[
        "an_empty_store_has_no_events",
    ]),
    (Fault::TheFrontierMovesBack, &[
        "the_frontier_never_moves_back",
        "nothing_appears_below_the_frontier",
    ]),
    (Fault::Polls, &[
        "a_declared_wake_up_needs_no_polling",
    ]),
    (Fault::NoChangeIsAChange, &[
        "a_change_is_a_frontier_above_the_one_seen",
    ]),
    (Fault::KeepsDroppedReaders, &[
        "a_reader_dropped_early_is_closed",
    ]),
    (Fault::RoundsTimes, &[
        "the_answer_is_what_is_stored",
        "recorded_times_keep_their_precision",
    ]),
    (Fault::KnowsNoTime, &[
        "recorded_times_never_go_back",
    ]),
    (Fault::ReadsNumbersAsFloats, &[
        "numbers_beyond_2_to_53_come_back",
    ]),
    (Fault::RoundsFloats, &[
        "floats_come_back_bit_for_bit",
    ]),
    (Fault::KeepsAsciiOnly, &[
        "unicode_comes_back",
    ]),
    (Fault::TakesTextForBytes, &[
        "escapes_and_nulls_come_back",
        "binary_looking_text_comes_back",
    ]),
    (Fault::CutsLongPayloads, &[
        "a_payload_at_the_limit_comes_back",
    ]),
    (Fault::CutsLongMetadata, &[
        "metadata_at_the_limit_come_back",
    ]),
    (Fault::CutsLongNames, &[
        "names_at_the_limit_come_back",
    ]),
    (Fault::FlattensDeepPayloads, &[
        "a_payload_as_deep_as_the_limit_comes_back",
    ]),
    (Fault::TakesAbsentForEmpty, &[
        "metadata_absent_differs_from_empty",
    ]),
    (Fault::ForgetsTheSchemaVersion, &[
        "every_field_comes_back",
    ]),
    (Fault::SubscribesFromTheStart, &[
        "from_a_position_it_gives_what_stands_above",
        "from_now_it_gives_what_comes",
        "the_switch_to_live_loses_and_repeats_nothing",
    ]),
    (Fault::DeliversThePositionItself, &[
        "from_a_position_it_gives_what_stands_above",
    ]),
    (Fault::FeedsFromMemory, &[
        "a_stalled_subscriber_is_not_fed_from_memory",
    ]),
    (Fault::TellsOneSubscriber, &[
        "many_subscribers_each_see_the_log",
    ]),
    (Fault::KeepsDroppedSubscriptions, &[
        "a_dropped_subscription_is_closed",
    ]),
    (Fault::SubscribesWithoutTheFilter, &[
        "a_filter_by_category_gives_its_events",
    ]),
    (Fault::LoadsAnySchema, &[
        "a_snapshot_of_another_schema_is_ignored",
    ]),
    (Fault::LoadsAnyStream, &[
        "a_stream_without_a_snapshot_has_none",
    ]),
    (Fault::LoadsTheOldestSnapshot, &[
        "a_newer_snapshot_replaces_an_older_one",
    ]),
    (Fault::LoadsWhatIsAhead, &[
        "a_snapshot_ahead_of_its_stream_is_ignored",
    ]),
    (Fault::KeepsOneSnapshotAStream, &[
        "a_snapshot_of_another_schema_is_ignored",
    ]),
    (Fault::TakesOlderSnapshots, &[
        "an_older_snapshot_is_ignored",
    ]),
    (Fault::LosesSnapshots, &[
        "the_latest_snapshot_is_loaded",
    ]),
    (Fault::ASnapshotIsAnEvent, &[
        "a_snapshot_never_changes_what_is_read",
    ]),
    (Fault::TurnsNanIntoNull, &[
        "nan_and_infinity_are_refused",
    ]),
    (Fault::EncodesWhatDoesNotDecode, &[
        "what_does_not_decode_again_is_refused",
    ]),
    (Fault::CutsWhatIsTooLong, &[
        "a_payload_over_the_limit_is_refused",
    ]),
    (Fault::RemovesNul, &[
        "a_nul_in_json_is_refused",
    ]),
    (Fault::FlattensWhatIsTooDeep, &[
        "a_payload_deeper_than_the_limit_is_refused",
    ]),
    (Fault::ForgetsTheText, &[
        "an_encoded_event_comes_back",
    ]),
    (Fault::CutsLongMetadataAsItEncodes, &[
        "metadata_over_the_limit_are_refused",
    ]),
    (Fault::RemovesNulFromMetadata, &[
        "a_nul_in_json_is_refused",
    ]),
    (Fault::CutsLongNamesAsItTakesThem, &[
        "bad_names_are_refused",
    ]),
    (Fault::LowersCase, &[
        "ids_with_separators_do_not_mix",
    ]),
    (Fault::ForgetsWhenReopened, &[
        "a_reopened_store_holds_the_same_log",
        "a_reopened_store_goes_on",
    ]),
    (Fault::StartsAgainWhenReopened, &[
        "a_reopened_store_goes_on",
    ]),
    (Fault::CannotBeJoined, &[
        "write_skew_between_two_processes_lets_one_win",
    ]),
    (Fault::PretendsToKeepSnapshots, &[
        "undeclared_snapshots_are_refused",
    ]),
    (Fault::EachHandleHasItsOwnLog, &[
        "the_second_handle_reads_what_the_first_appended",
    ]),
    (Fault::CountsNoReaders, &[
        "a_reader_dropped_early_is_closed",
    ]),
];
