//! The faults that a broken store can have.

use crate::read_models::ReadModelFault;

/// The one fault of a broken store; its name is what the store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    OfReadModels(ReadModelFault),
    /// Acknowledges a batch without its last event.
    ForgetsTheLastOfABatch,
    /// Acknowledges a single event and stores nothing.
    ForgetsASingleEvent,
    /// Accepts an exact version that is behind.
    AcceptsAStaleVersion,
    TakesAnyForExists,
    IgnoresAssertions,
    RefusesAssertions,
    /// Checks assertions before the append instead of as a part of it: write skew.
    ChecksAssertionsOutside,
    /// Checks versions before the append instead of as a part of it.
    ChecksVersionsOutside,
    /// Loses an append that runs while another one does.
    LosesARacingAppend,
    /// Appends stream after stream until one conflicts.
    HalfAppliesSeveralStreams,
    /// Appends events one by one.
    AppliesABatchEventByEvent,
    StoresWhatItRefuses,
    /// Reports a conflict as an error of the store.
    RefusesWithoutAConflict,
    /// Stores the events and answers that it is busy.
    IsBusyWhenItHasStored,
    /// Refuses events as busy, and answers them as a repeat when they are sent again.
    RemembersWhatItRefusedAsBusy,
    /// Refuses every append as busy after a while.
    StaysBusy,
    /// Reports a wrong actual version in a conflict.
    ReportsTheWrongVersion,
    /// Answers positions one too high.
    AnswersTheWrongPlace,
    /// Answers with another recorded time than it stores.
    AnswersWithItsOwnClock,
    /// Acknowledges an append before readers can see it.
    AnswersBeforeItCanBeRead,
    /// Makes some events visible after later ones, so that readers skip them.
    SkipsWhatIsCommittedOutOfOrder,
    /// Stores a repeat again under other ids.
    IgnoresIdempotence,
    /// Answers a repeat with a conflict.
    AnswersARepeatAsAConflict,
    TakesTooMany,
    TakesTooMuch,
    /// Checks the limit on bytes for each stream on its own.
    CountsBytesByStream,
    /// Does not count metadata towards the limit on bytes.
    CountsPayloadsAlone,
    /// Refuses an append that has more than half of the bytes allowed.
    TakesTooLittle,
    /// Joins category and id into one text.
    JoinsCategoryAndId,
    IgnoresTheLimit,
    /// Reads one event less than the limit.
    ReadsOneTooFew,
    /// Starts a read after its version.
    StartsBehindTheVersion,
    /// Skips every second version.
    VersionsHaveGaps,
    /// Ends a read after one page.
    StopsAfterAPage,
    /// Starts a read of the log at its position instead of after it.
    ReadsThePositionItself,
    /// Ends a filtered read after it has looked at a thousand events.
    StopsASparseFilter,
    /// Counts events towards the limit that the filter does not accept.
    LimitsBeforeItFilters,
    IgnoresCategories,
    /// Ignores the categories of a filter that also has names.
    IgnoresCategoriesWhereNamesAreGiven,
    /// Ignores the names of a filter that also has categories.
    IgnoresNamesWhereCategoriesAreGiven,
    RepeatsAnEvent,
    /// Reads an event that nobody appended.
    InventsAnEvent,
    /// The frontier is above events that are not visible yet.
    TheFrontierRunsAhead,
    /// The frontier never reaches the last event.
    TheFrontierStaysBehind,
    /// Waits for the next change although one has happened since the frontier that the caller saw.
    MissesAChangeThatIsThere,
    TimesGoBack,
    /// Records a single event at the time of its clock, even if the stream's last event is later.
    FollowsTheClockWithOneEvent,
    /// Records several events at the time of its clock, even if the stream's last event is later.
    FollowsTheClockWithSeveralEvents,
    NormalisesJson,
    ForgetsMetadata,
    /// Replaces the ids of events by its own.
    GivesItsOwnIds,
    /// Stores events under other names.
    NamesEventsByType,
    DeliversTwiceAtTheSwitch,
    LosesAtTheSwitch,
    /// Ends a subscription that has caught up.
    EndsBeforeItIsLive,
    /// Starts every subscription at the end of the log.
    SubscribesFromNow,
    /// Drops events when the subscriber is slow.
    DropsWhenTheSubscriberIsSlow,
    /// Shares new events among its subscribers, and skips batches that have too many bytes to share.
    SkipsWhatHasTooManyBytesToShare,
    /// Shares new events among its subscribers, and skips batches that have too many events to share.
    SkipsWhatIsTooManyToShare,
    /// Appends the streams that do not conflict, and drops the others.
    TakesAMixtureForARepeat,
    /// Stores a batch in another order.
    ReordersABatch,
    /// Accepts an exact version that the stream has not reached.
    AcceptsAVersionAhead,
    TakesNoStreamForAny,
    TakesExistsForAny,
    TakesExactZeroForExists,
    RefusesAnAppendOfNothing,
    /// Stores a marker event for each assertion.
    AssertionsMakeStreams,
    /// Makes the last stream of an append visible later than the others.
    HalfVisible,
    ReportsOneViolation,
    /// Reports a conflict without saying that ids are taken.
    ReportsWithoutTakenIds,
    /// Answers the streams of an append in reverse order.
    SwapsAnswers,
    /// Stores the new events of an append of which some are stored already.
    TopsUpAPartialDuplicate,
    /// Does not mark the answer to a repeat as repeated.
    AnswersARepeatAsNew,
    /// Answers a repeat with the current version of the stream.
    AnswersARepeatWhereTheStreamIsNow,
    /// Takes a part of an earlier append, or two earlier appends together, for a repeat.
    TakesAPartForARepeat,
    /// Takes known ids for a repeat, whatever their streams and versions.
    TakesAnyPlaceForARepeat,
    /// Checks the assertions of a repeat again.
    ChecksTheAssertionsOfARepeat,
    TakesAStreamTwice,
    TakesAnIdTwice,
    /// Reads every stream whose id begins with the id asked for.
    MixesStreamsWithACommonPrefix,
    /// Starts every read at the first event.
    ReadsFromTheFirst,
    ReadsForwardOnly,
    /// Reads the first event for the last one.
    ReadsTheFirstForTheLast,
    /// Reads the last event when asked for a version after it.
    ReadsTheLastPastTheEnd,
    /// Passes a visitor further events after it asked to stop.
    ShowsAVisitorEverything,
    /// Answers for an unknown stream with an error.
    AnUnknownStreamIsAnError,
    /// Collects a log in memory before it gives the first event.
    CollectsBeforeItReads,
    /// Gives all events of a stream the position of the first one.
    AStreamIsNotInLogOrder,
    IgnoresNames,
    /// Accepts events whose name begins with a name of the filter.
    FiltersByPrefix,
    /// Reads the log stream by stream.
    SortsByStream,
    TheFrontierStartsAhead,
    TheFrontierMovesBack,
    /// Polls instead of waiting for a wake-up.
    Polls,
    /// Reports a change when nothing has changed.
    NoChangeIsAChange,
    KeepsDroppedReaders,
    /// Reads times in milliseconds.
    RoundsTimes,
    /// Reads every time as the epoch.
    KnowsNoTime,
    /// Reads numbers as floats.
    ReadsNumbersAsFloats,
    RoundsFloats,
    /// Replaces characters outside of ASCII by question marks.
    KeepsAsciiOnly,
    /// Takes bytes for characters.
    TakesTextForBytes,
    CutsLongPayloads,
    CutsLongMetadata,
    CutsLongNames,
    FlattensDeepPayloads,
    TakesAbsentForEmpty,
    ForgetsTheSchemaVersion,
    /// Starts every subscription at the start of the log.
    SubscribesFromTheStart,
    /// Starts a subscription at its position instead of after it.
    DeliversThePositionItself,
    /// Buffers events for subscribers in memory without a limit.
    FeedsFromMemory,
    /// Delivers events to the first subscriber only.
    TellsOneSubscriber,
    KeepsDroppedSubscriptions,
    /// Ignores the filter of a subscription.
    SubscribesWithoutTheFilter,
    FindsAnySchema,
    FindsAnyStream,
    FindsTheOldestSnapshot,
    /// Finds the snapshot that was stored last, even if another has a higher version.
    FindsTheSnapshotStoredLast,
    /// Finds the newest snapshot whatever version it is asked for.
    FindsSnapshotsBeyondTheVersion,
    /// Finds the newest snapshot whatever position it is asked for.
    FindsSnapshotsBeyondThePosition,
    /// Finds the newest snapshot whatever time it is asked for.
    FindsSnapshotsBeyondTheTime,
    /// Finds no snapshot exactly at the version, position or time asked for.
    FindsSnapshotsBeforeThePoint,
    /// Keeps a snapshot of a version without an event, and finds it once the event is appended.
    KeepsSnapshotsWithoutEvents,
    /// Drops a snapshot of a version without an event, and reports success.
    IgnoresSnapshotsWithoutEvents,
    /// Keeps a snapshot without checking its position and time.
    TrustsTheSnapshot,
    /// Replaces the position and time of a snapshot by those of the event at its version.
    CorrectsTheSnapshot,
    /// Keeps one snapshot for each stream, whatever the schema.
    KeepsOneSnapshotAStream,
    KeepsTheNewestSnapshotAlone,
    /// Replaces the snapshot of the same version.
    OverwritesSnapshots,
    /// Refuses a snapshot of a version that already has one.
    RefusesASnapshotAgain,
    LosesSnapshots,
    ForgetsThePositionOfASnapshot,
    /// Treats the state of a snapshot as text.
    TakesAStateForText,
    /// Stores an event for each snapshot.
    ASnapshotIsAnEvent,
    TurnsNanIntoNull,
    /// Encodes an event that does not decode.
    EncodesWhatDoesNotDecode,
    /// Cuts long payloads instead of refusing them.
    CutsWhatIsTooLong,
    /// Removes a NUL from a payload instead of refusing it.
    RemovesNul,
    /// Flattens deep payloads instead of refusing them.
    FlattensWhatIsTooDeep,
    /// Encodes an empty text.
    ForgetsTheText,
    /// Cuts long metadata instead of refusing it.
    CutsLongMetadataAsItEncodes,
    /// Removes a NUL from metadata instead of refusing it.
    RemovesNulFromMetadata,
    /// Cuts long names instead of refusing them.
    CutsLongNamesAsItTakesThem,
    /// Turns names into lower case.
    LowersCase,
    ForgetsWhenReopened,
    /// Has forgotten event ids when opened again.
    StartsAgainWhenReopened,
    /// Declares several processes, and has no address to join.
    CannotBeJoined,
    /// Offers snapshots that it does not declare.
    PretendsToKeepSnapshots,
    /// Declares snapshots that it does not offer.
    HidesItsSnapshots,
    /// Offers snapshots by `snapshots()`, and not by `capabilities()`.
    HidesTheCapabilityOfSnapshots,
    /// Gives each handle a log of its own.
    EachHandleHasItsOwnLog,
    /// Takes a huge version for `Any`, as if the number had become negative.
    TakesAHugeVersionForAny,
    /// Takes a huge position for the start.
    TakesAHugePositionForTheStart,
    /// Finds nothing, instead of an error, for a filter with a text that no event can have.
    FindsNothingForABadFilter,
    /// Finds and keeps nothing, instead of an error, for a schema with a bad name.
    IgnoresASchemaWithABadName,
    CountsNoReaders,
    /// Starts every visit at the first event of the stream.
    VisitsFromTheFirst,
    IgnoresSlices,
    /// Treats the last slice of a range as excluded.
    TakesSlicesToBeExclusive,
    /// Leaves the last event of a page out.
    LosesTheLastOfAPage,
    /// Ends a page at its last event, although it has looked further.
    TellsOfItsEventsAlone,
    /// Ends each page at the frontier, although it has not looked that far.
    EndsEachPageAtTheFrontier,
    /// Ends a page one position above the last one it has looked at.
    EndsAPageAheadOfIt,
    /// Puts everything into one page.
    PutsAllIntoOnePage,
    /// Loses the event behind a payload that is more than 32 KiB long.
    LosesTheEventBehindALargeOne,
    /// Tells with every second page a frontier that is no newer than the page.
    TellsOlderFrontiers,
    /// Reads pages forward alone.
    ReadsPagesForwardOnly,
    /// Starts a backward read at its position instead of below it.
    ReadsBackwardFromThePositionItself,
    /// Ends a backward page below the last position it has looked at.
    SkipsBetweenPagesBackward,
    /// Gives a frontier without an incarnation.
    HasNoIncarnation,
    /// Names no incarnation in its answers to appends.
    AnswersNoIncarnation,
    /// Names an incarnation of each answer's own.
    AnswersAnotherIncarnation,
    /// Gives each page a new incarnation.
    GivesEachPageAnIncarnation,
    /// Reads from a checkpoint of any log.
    TakesAnyCheckpoint,
    /// Subscribes from a checkpoint of any log.
    SubscribesFromAnyCheckpoint,
    /// Refuses a position without an incarnation.
    TakesNoBarePosition,
    /// Waits for a change although the checkpoint is of another log.
    WaitsWithAnotherLog,
    /// Appends without the keys.
    IgnoresKeys,
    /// Ignores the keys of a request without events.
    IgnoresKeysWithoutEvents,
    /// Drops the keys of a request that it resolves.
    IgnoresKeysWhenResolved,
    /// Answers stored events as a repeat, whatever keys come with them.
    IgnoresTheKeysOfARepeat,
    /// Holds keys without declaring that.
    PretendsToHoldKeys,
    /// Answers a repeat with its own keys as if another request had taken them.
    TakesARepeatForATakenKey,
    /// Answers a taken key with the outcome of the second request.
    GivesTheOutcomeOfNow,
    /// Reports every command under a taken key as the same one.
    TakesEachDigestForTheSame,
    /// Reports the first taken key alone.
    ReportsOneTakenKey,
    /// Checks versions before keys.
    ConflictsBeforeItLooksAtKeys,
    /// Takes the keys of a request that it refuses.
    TakesTheKeysOfWhatItRefuses,
    /// Checks keys before the append instead of as a part of it.
    ChecksKeysOutside,
    /// Takes the keys of a request one by one, and the first ones although a later one is taken.
    TakesKeysOneByOne,
    /// Refuses a key, with no word on its outcome, while another request with it is under way.
    RefusesAKeyInFlight,
    /// Locks the keys of a request in the order in which it names them, so that two requests deadlock.
    LocksKeysInTheOrderOfTheRequest,
    /// Locks the streams of a request with keys in the order in which it names them, so that two requests deadlock.
    LocksStreamsInTheOrderOfTheRequest,
    /// Accepts a key that is in a request twice.
    TakesAKeyTwice,
    /// Drops the keys of a request that are above the limit.
    TakesTooManyKeys,
    /// Does not count outcomes towards the limit on bytes.
    CountsNoOutcomes,
    CutsLongKeys,
    /// Turns keys into lower case.
    LowersKeys,
    /// Removes the spaces around keys.
    TrimsKeys,
    CutsLongOutcomes,
    /// Treats the bytes of an outcome as text.
    TakesOutcomesForText,
}
