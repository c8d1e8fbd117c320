-- The incarnations of the log. A file that was copied or restored begins a new one when it is opened at its new place.

CREATE TABLE incarnations (
    number      INTEGER PRIMARY KEY,
    incarnation BLOB    NOT NULL UNIQUE,
    start       INTEGER NOT NULL, -- the last position that it has in common with the incarnation before
    origin      TEXT    NOT NULL  -- which file it began in; empty for a backup that was not opened yet
) STRICT;

-- The write-ahead log that this row is in: tells a write-ahead log of this file from one that was left beside a restored file.
CREATE TABLE wal_base (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    salts          BLOB    NOT NULL, -- bytes 16 to 23 of the write-ahead log
    number         INTEGER NOT NULL, -- counts the write-ahead logs; when one is begun, the main file holds the one before
    incarnation    BLOB    NOT NULL, -- the newest
    schema_version INTEGER NOT NULL  -- `PRAGMA schema_version` when the row was written
) STRICT;
