-- The incarnations of the log. A file that was copied or restored begins a new one when it is opened at its new place.

CREATE TABLE incarnations (
    number      INTEGER PRIMARY KEY,
    incarnation BLOB    NOT NULL UNIQUE,
    start       INTEGER NOT NULL, -- the last position that it has in common with the incarnation before
    origin      TEXT    NOT NULL  -- which file it began in; empty for a backup that was not opened yet
) STRICT;

-- What the write-ahead log was begun on: tells a write-ahead log of this file from one that was left beside a restored file.
CREATE TABLE wal_base (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    salts          BLOB    NOT NULL, -- bytes 16 to 23 of the write-ahead log that this row is in
    position       INTEGER NOT NULL, -- the main file held the events up to here, or more, when that log was begun
    schema_version INTEGER NOT NULL  -- `PRAGMA schema_version` then
) STRICT;
