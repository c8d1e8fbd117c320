-- A log of five migrations, as the library made it before the sixth: `sqlite3 log.db .dump`, and the pragmas that this leaves out.
PRAGMA application_id = 1702055015;
PRAGMA user_version = 5;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE streams (
    stream   INTEGER PRIMARY KEY,
    category TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    slice    INTEGER NOT NULL, -- `StreamId::slice`
    UNIQUE (category, id)
) STRICT;
INSERT INTO streams VALUES(1,'account','1',263);
INSERT INTO streams VALUES(2,'account','2',57);
CREATE TABLE kinds (
    kind     INTEGER PRIMARY KEY,
    category TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    UNIQUE (category, name)
) STRICT;
INSERT INTO kinds VALUES(1,'account','opened');
INSERT INTO kinds VALUES(2,'account','deposited');
CREATE TABLE events (
    position       INTEGER PRIMARY KEY, -- 1, 2, 3 … without a hole, in the order of the commits
    stream         INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    together       INTEGER NOT NULL,    -- of the first event of an append: how many it added to the stream; else 0
    recorded_at    INTEGER NOT NULL,    -- microseconds since 1970-01-01T00:00:00Z
    event_id       BLOB    NOT NULL,
    id             TEXT    NOT NULL,    -- the id of the stream once more, so that a reader of the log needs no join
    payload        TEXT    NOT NULL,
    metadata       TEXT,
    checksum       INTEGER NOT NULL
) STRICT;
INSERT INTO events VALUES(1,1,1,1,1,2,1700000000000000,X'018bcfe5680070008000000000000000','1','{"number":0}',NULL,-2894306706919125764);
INSERT INTO events VALUES(2,1,2,2,1,0,1700000000000000,X'018bcfe5680070008000000000000002','1','{"number":2}','{"actor":"Ada"}',-5113770295005581719);
INSERT INTO events VALUES(3,2,1,1,1,1,1700000000000000,X'018bcfe5680070008000000000000001','2','{"number":1}',NULL,3131979919266606229);
INSERT INTO events VALUES(4,1,3,2,1,1,1700000000000000,X'018bcfe5680070008000000000000003','1','{"number":3}',NULL,-3415945008154066691);
CREATE TABLE keys (
    key      TEXT    NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL,
    outcome  BLOB    NOT NULL,
    event    BLOB,             -- the id of the first event of the append that took the key
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO keys VALUES('pay-4711',X'0707070707070707070707070707070707070707070707070707070707070707',X'70616964',X'018bcfe5680070008000000000000000',592987908041022974);
CREATE TABLE snapshots (
    stream      INTEGER NOT NULL,
    schema      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    payload     BLOB    NOT NULL,
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (stream, schema, version)
) STRICT;
INSERT INTO snapshots VALUES(1,'account 1',2,2,1700000000000000,X'7b2262616c616e6365223a327d',4390588976958610217);
CREATE TABLE incarnations (
    number      INTEGER PRIMARY KEY,
    incarnation BLOB    NOT NULL UNIQUE,
    start       INTEGER NOT NULL, -- the last position that it has in common with the incarnation before
    origin      TEXT    NOT NULL, -- which file it began in; empty for a backup that was not opened yet
    checksum    INTEGER NOT NULL
) STRICT;
INSERT INTO incarnations VALUES(1,X'01a22a2f1181738a9e190e0863f899db',0,'',-1979700159256139656);
INSERT INTO incarnations VALUES(2,X'01a22a2f1192767595d13484a70c4771',3,'674312:1796004057480540735',-2548052933876893063);
CREATE TABLE wal_base (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    salts          BLOB    NOT NULL, -- bytes 16 to 23 of the write-ahead log
    number         INTEGER NOT NULL, -- counts the write-ahead logs; when one is begun, the main file holds the one before
    incarnation    BLOB    NOT NULL, -- the newest
    schema_version INTEGER NOT NULL, -- `PRAGMA schema_version` when the row was written
    checksum       INTEGER NOT NULL
) STRICT;
INSERT INTO wal_base VALUES(1,X'0466859b3dc87c74',2,X'01a22a2f1192767595d13484a70c4771',16,-8841744248611158789);
CREATE UNIQUE INDEX events_of_stream ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (event_id);
CREATE INDEX events_of_kind ON events (kind);
CREATE VIEW log AS
    SELECT position, category, events.id, version, name, schema_version,
           strftime('%Y-%m-%dT%H:%M:%S', recorded_at / 1000000 - (recorded_at % 1000000 < 0), 'unixepoch')
               || printf('.%06dZ', (recorded_at % 1000000 + 1000000) % 1000000) AS recorded_at,
           lower(printf('%s-%s-%s-%s-%s', substr(hex(event_id), 1, 8), substr(hex(event_id), 9, 4),
               substr(hex(event_id), 13, 4), substr(hex(event_id), 17, 4), substr(hex(event_id), 21))) AS event_id,
           payload, metadata
    FROM events JOIN kinds USING (kind);
COMMIT;
