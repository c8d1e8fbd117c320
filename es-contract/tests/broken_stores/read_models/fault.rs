//! The faults of read models.

/// A fault of a store about its read models; its name is what the store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadModelFault {
    /// Offers read models that it does not declare.
    PretendsToKeepThem,
    /// Declares read models that it does not offer.
    HidesThem,
    /// Offers read models by `read_models()`, and not by `capabilities()`.
    HidesTheCapability,
    /// Lists no read model that has handled nothing.
    ListsWhatHasMovedAlone,
    ListsByVersionBeforeName,
    /// Grants every claim of what is neither paused nor stopped.
    IgnoresLeases,
    /// Takes owners whose names differ in case and spaces for one.
    TakesOwnersThatLookAlikeForOne,
    /// Grants an owner its claim again, with the epoch that it has.
    KeepsTheEpochOfTheSameOwner,
    /// Checks whether a read model can be claimed before it claims it, instead of as a part of it.
    ChecksLeasesOutside,
    LeasesAreNeverOver,
    /// Reads the clock of the program instead of that of the store.
    LeasesFollowTheClientsClock,
    /// Holds a lease until its end, although the clock was put back.
    HoldsALeaseThatLiesTooFarAhead,
    /// Takes a lease of more than a thousand years for none.
    ForgetsLongLeases,
    /// Keeps the lease for an hour when its owner gives it back.
    KeepsALeaseThatIsGivenBack,
    /// Does not set the lease by a step.
    KeepsTheLeaseOfTheClaim,
    /// Fences a step when the lease is over, although nobody else has claimed.
    FencesAStepAfterItsLease,
    ChecksNoEpoch,
    ChecksNoPosition,
    /// Checks neither epoch nor position.
    ChecksNoClaim,
    /// Checks epoch and position before the step instead of as a part of it.
    ChecksClaimsOutside,
    WritesRowsOfAFencedStep,
    /// Makes the read model of a step that nobody claimed.
    TakesAStepWithoutAClaim,
    MovesTheCheckpointWithoutRows,
    /// Moves the checkpoint, and writes the rows in a transaction of their own.
    MovesTheCheckpointBeforeTheRows,
    /// Writes the rows, and moves the checkpoint in a transaction of its own.
    WritesRowsBeforeTheCheckpoint,
    KeepsTheFirstStateOfARow,
    ForgetsTheIncarnation,
    /// Keeps the failure after a step without one.
    KeepsAnOldFailure,
    CutsFailures,
    /// Takes a read model that tries again for one that catches up.
    ForgetsRetrying,
    /// Takes a read model for complete while it is live alone.
    CompleteIsLive,
    /// Writes the first 500 rows of a step.
    WritesFiveHundredRows,
    /// Counts the event at the position, too.
    CountsTheEventItself,
    CountsTheWholeLog,
    /// Takes a step of the claim from before a pause.
    PauseKeepsTheClaim,
    ClaimsWhatIsPaused,
    ClaimsWhatHasStopped,
    IgnoresResume,
    IgnoresRetry,
    RebuildKeepsRows,
    RebuildKeepsTheCheckpoint,
    /// Rebuilds all versions of the name.
    RebuildsEveryVersion,
    /// Lets a paused read model go on when it is rebuilt.
    RebuildEndsAPause,
    /// Counts epochs from 1 again after a rebuild.
    RebuildStartsEpochsAnew,
    /// Ends the claim by a request that changes nothing.
    EveryRequestEndsTheClaim,
    /// Answers a request to an unknown read model as if it were done.
    IgnoresARequestToNobody,
    /// Makes a read model that something is asked of.
    MakesWhatItIsAskedOf,
    /// Gives rows in the order of their keys instead of that of the caller.
    GivesRowsInTheOrderOfKeys,
    LeavesMissingRowsOut,
    NormalisesStates,
    OrdersRowsByInsertion,
    /// Orders rows as people do, whatever the case of their keys.
    OrdersRowsWithoutCase,
    /// Gives the row at the key that a page begins after.
    PagesFromTheKeyItself,
    IgnoresTheLimitOfAPage,
    /// Takes the largest limit for a negative one, and gives no rows.
    TakesAHugeLimitForNone,
    LowersKeys,
    TrimsKeys,
    /// Reads the rows of the lowest version of the name.
    MixesVersions,
    /// Reads the rows of a read model whose name and version, written one after the other, are the same.
    JoinsNameAndVersion,
    /// Reads the rows of a read model whose name differs in case alone.
    LowersNames,
    /// Replaces the name of a bad owner by another one.
    TakesAnyOwner,
    /// Takes a step without its bad rows.
    LeavesBadRowsOut,
    /// Writes the good rows of a step that it refuses.
    WritesGoodRowsBeforeItRefuses,
    /// Takes the first of two rows with one key.
    TakesTheFirstOfTwoRows,
    /// Takes a step back as a step that does not move.
    TakesAStepBack,
    CutsLongStates,
    /// Counts epochs from 1 again when it was closed and opened.
    StartsEpochsAnewWhenReopened,
}
