-- The snapshots, several for each stream and schema.

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
