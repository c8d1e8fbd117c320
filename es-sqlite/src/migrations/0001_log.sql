-- The log. A row of `events` holds its own id and a checksum over all that it says, so that a damaged page is found
-- when the event is read.

CREATE TABLE streams (
    stream   INTEGER PRIMARY KEY,
    category TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    slice    INTEGER NOT NULL, -- `StreamId::slice`
    UNIQUE (category, id)
) STRICT;

CREATE TABLE kinds (
    kind     INTEGER PRIMARY KEY,
    category TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    UNIQUE (category, name)
) STRICT;

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

CREATE UNIQUE INDEX events_of_stream ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (event_id);
CREATE INDEX events_of_kind ON events (kind);

-- For people: the log in the words of the code.
CREATE VIEW log AS
    SELECT position, category, events.id, version, name, schema_version,
           strftime('%Y-%m-%dT%H:%M:%S', recorded_at / 1000000 - (recorded_at % 1000000 < 0), 'unixepoch')
               || printf('.%06dZ', (recorded_at % 1000000 + 1000000) % 1000000) AS recorded_at,
           lower(printf('%s-%s-%s-%s-%s', substr(hex(event_id), 1, 8), substr(hex(event_id), 9, 4),
               substr(hex(event_id), 13, 4), substr(hex(event_id), 17, 4), substr(hex(event_id), 21))) AS event_id,
           payload, metadata
    FROM events JOIN kinds USING (kind);
