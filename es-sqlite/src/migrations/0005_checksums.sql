-- A checksum for each row of the incarnations and of the write-ahead log. The tables are made anew, so that a library that does
-- not know the checksum cannot write a row without one. The library fills them in, since SQL cannot compute them.

CREATE TEMP TABLE old_incarnations AS SELECT * FROM incarnations;
CREATE TEMP TABLE old_wal_base AS SELECT * FROM wal_base;
DROP TABLE incarnations;
DROP TABLE wal_base;

CREATE TABLE incarnations (
    number      INTEGER PRIMARY KEY,
    incarnation BLOB    NOT NULL UNIQUE,
    start       INTEGER NOT NULL, -- the last position that it has in common with the incarnation before
    origin      TEXT    NOT NULL, -- which file it began in; empty for a backup that was not opened yet
    checksum    INTEGER NOT NULL
) STRICT;

-- The write-ahead log that this row is in: tells a write-ahead log of this file from one that was left beside a restored file.
CREATE TABLE wal_base (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    salts          BLOB    NOT NULL, -- bytes 16 to 23 of the write-ahead log
    number         INTEGER NOT NULL, -- counts the write-ahead logs; when one is begun, the main file holds the one before
    incarnation    BLOB    NOT NULL, -- the newest
    schema_version INTEGER NOT NULL, -- `PRAGMA schema_version` when the row was written
    checksum       INTEGER NOT NULL
) STRICT;

INSERT INTO incarnations SELECT *, 0 FROM old_incarnations;
INSERT INTO wal_base SELECT *, 0 FROM old_wal_base;
DROP TABLE old_incarnations;
DROP TABLE old_wal_base;
