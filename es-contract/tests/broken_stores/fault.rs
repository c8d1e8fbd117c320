//! The faults.

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
    /// Says that it is busy when it has stored the events.
    IsBusyWhenItHasStored,
    /// Is busy, and remembers the events that it refused: then it answers them as a repeat.
    RemembersWhatItRefusedAsBusy,
    /// Never takes what it once refused as busy.
    StaysBusy,
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
    /// Takes any number of bytes.
    TakesTooMuch,
    /// Counts the bytes of each stream by itself.
    CountsBytesByStream,
    /// Counts the bytes of payloads, and not those of metadata.
    CountsPayloadsAlone,
    /// Refuses an append of half as many bytes as it may have.
    TakesTooLittle,
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
    /// Ignores the categories of a filter that has names, too.
    IgnoresCategoriesWhereNamesAreGiven,
    /// Ignores the names of a filter that has categories, too.
    IgnoresNamesWhereCategoriesAreGiven,
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
    /// Records a single event at the time of its clock, also one before the stream's last event.
    FollowsTheClockWithOneEvent,
    /// Records several events at the time of its clock, also one before the stream's last event.
    FollowsTheClockWithSeveralEvents,
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
    /// Shares new events among its subscribers, and leaves out what has too many bytes for that.
    SkipsWhatHasTooManyBytesToShare,
    /// Shares new events among its subscribers, and leaves out what is too many events for that.
    SkipsWhatIsTooManyToShare,
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
    /// Finds a snapshot of any schema.
    FindsAnySchema,
    /// Finds a snapshot of any stream.
    FindsAnyStream,
    /// Finds the oldest snapshot.
    FindsTheOldestSnapshot,
    /// Finds the snapshot that was stored last, whatever its version.
    FindsTheSnapshotStoredLast,
    /// Finds the newest snapshot whatever version it is asked for.
    FindsSnapshotsBeyondTheVersion,
    /// Finds the newest snapshot whatever position it is asked for.
    FindsSnapshotsBeyondThePosition,
    /// Finds the newest snapshot whatever time it is asked for.
    FindsSnapshotsBeyondTheTime,
    /// Finds no snapshot at the very version, position or time.
    FindsSnapshotsBeforeThePoint,
    /// Keeps a snapshot without an event, and says that it is of one when there is one.
    KeepsSnapshotsWithoutEvents,
    /// Keeps no snapshot without an event, and says nothing.
    IgnoresSnapshotsWithoutEvents,
    /// Keeps a snapshot with whatever position and time it names.
    TrustsTheSnapshot,
    /// Gives a snapshot the position and time of the event of its version, whatever it names.
    CorrectsTheSnapshot,
    /// Keeps one snapshot a stream, whatever its schema.
    KeepsOneSnapshotAStream,
    /// Keeps the newest snapshot alone.
    KeepsTheNewestSnapshotAlone,
    /// Puts a snapshot in the place of that of the same version.
    OverwritesSnapshots,
    /// Refuses a snapshot of a version that has one.
    RefusesASnapshotAgain,
    /// Loses snapshots.
    LosesSnapshots,
    /// Forgets the position of a snapshot.
    ForgetsThePositionOfASnapshot,
    /// Takes the state of a snapshot for text.
    TakesAStateForText,
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
    /// Offers snapshots that it does not declare.
    PretendsToKeepSnapshots,
    /// Declares snapshots that it does not offer.
    HidesItsSnapshots,
    /// Offers snapshots by the accessor alone.
    HidesTheCapabilityOfSnapshots,
    /// Gives each handle a log of its own.
    EachHandleHasItsOwnLog,
    /// Takes a version far ahead for `Any`, as a number that became negative on the way.
    TakesAHugeVersionForAny,
    /// Takes a position far ahead for the start.
    TakesAHugePositionForTheStart,
    /// Finds nothing where a filter asks for what no event can have.
    FindsNothingForABadFilter,
    /// Finds nothing and keeps nothing where the schema of a snapshot has a bad name.
    IgnoresASchemaWithABadName,
    /// Counts no readers.
    CountsNoReaders,
    /// Shows a visitor the stream from its first event on, whatever it asks for.
    VisitsFromTheFirst,
    /// Ignores the slices of a filter.
    IgnoresSlices,
    /// Leaves the last slice of a range out.
    TakesSlicesToBeExclusive,
    /// Leaves the last event of a page out.
    LosesTheLastOfAPage,
    /// Ends a page at its last event, however far it has looked.
    TellsOfItsEventsAlone,
    /// Ends each page at the frontier, however far it has looked.
    EndsEachPageAtTheFrontier,
    /// Ends a page one above where it has looked.
    EndsAPageAheadOfIt,
    /// Puts everything into one page.
    PutsAllIntoOnePage,
    /// Reads pages forward alone.
    ReadsPagesForwardOnly,
    /// Reads backward from the position itself.
    ReadsBackwardFromThePositionItself,
    /// Ends a page backward below where it has looked.
    SkipsBetweenPagesBackward,
    /// Tells nobody of which log its frontier is.
    HasNoIncarnation,
    /// Names no incarnation in its answers to appends.
    AnswersNoIncarnation,
    /// Names an incarnation of each answer's own.
    AnswersAnotherIncarnation,
    /// Gives each page an incarnation of its own.
    GivesEachPageAnIncarnation,
    /// Takes a checkpoint of any log.
    TakesAnyCheckpoint,
    /// Takes a checkpoint of any log to subscribe from.
    SubscribesFromAnyCheckpoint,
    /// Takes no position without its log.
    TakesNoBarePosition,
    /// Waits with a checkpoint of another log.
    WaitsWithAnotherLog,
    /// Appends without the keys.
    IgnoresKeys,
    /// Ignores the keys of a request without events.
    IgnoresKeysWithoutEvents,
    /// A request that is sent again after its answer was lost is sent without its keys.
    IgnoresKeysWhenResolved,
    /// Answers events that are known as a repeat, whatever keys come with them.
    IgnoresTheKeysOfARepeat,
    /// Takes keys that it does not declare.
    PretendsToHoldKeys,
    /// Answers the same append with the same keys as one whose keys are taken.
    TakesARepeatForATakenKey,
    /// Gives who sends a key again the outcome that comes with it now.
    GivesTheOutcomeOfNow,
    /// Takes each command under a key for the same.
    TakesEachDigestForTheSame,
    /// Reports the first taken key alone.
    ReportsOneTakenKey,
    /// Looks at versions before it looks at keys.
    ConflictsBeforeItLooksAtKeys,
    /// Takes the keys of a request that it refuses.
    TakesTheKeysOfWhatItRefuses,
    /// Looks at the keys before the append and not in it.
    ChecksKeysOutside,
    /// Takes a key twice in a request.
    TakesAKeyTwice,
    /// Takes a thousand keys of any number.
    TakesTooManyKeys,
    /// Counts payloads and metadata, and not outcomes.
    CountsNoOutcomes,
    /// Cuts long keys.
    CutsLongKeys,
    /// Takes keys in lower case.
    LowersKeys,
    /// Takes keys without the spaces around them.
    TrimsKeys,
    /// Cuts long outcomes.
    CutsLongOutcomes,
    /// Takes the bytes of an outcome for text.
    TakesOutcomesForText,
}
