-- The read models that the store keeps, and their rows.

CREATE TABLE read_models (
    model           INTEGER NOT NULL, -- the number that its rows have
    name            TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    state           TEXT    NOT NULL, -- `building`, `catching-up`, `live`, `retrying`, `paused` or `stopped`
    complete        INTEGER NOT NULL, -- 1 once it has been at the end of the log
    epoch           INTEGER NOT NULL, -- counts the claims and the requests that changed it
    handled         INTEGER NOT NULL, -- the position of the last event that it handled
    handled_in      BLOB,             -- the incarnation of that position
    seen            INTEGER NOT NULL, -- the position up to which it has looked
    seen_in         BLOB,
    owner           TEXT,
    lease           INTEGER,          -- the length of the owner's lease, in microseconds
    lease_end       INTEGER,          -- microseconds since 1970-01-01T00:00:00Z
    failed_category TEXT,             -- the stream, the version and the position of an event that failed
    failed_id       TEXT,
    failed_version  INTEGER,
    failed_position INTEGER,
    attempts        INTEGER,
    error           TEXT,
    checksum        INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE read_model_rows (
    model    INTEGER NOT NULL,
    key      TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
