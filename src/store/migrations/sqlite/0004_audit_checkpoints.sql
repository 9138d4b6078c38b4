-- The tree over the audit trail (RFC 6962): its hashes in hexadecimal, each at its place, and the entry that brought it.
CREATE TABLE audit_hashes (
    place BIGINT PRIMARY KEY,
    entry BIGINT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_hashes_of_entry ON audit_hashes (entry);

-- Checkpoints: how many entries there were, their root, signed with this key. The note is what may leave this database.
CREATE TABLE audit_checkpoints (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    size BIGINT NOT NULL,
    public_key TEXT NOT NULL,
    note TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (size, public_key)
);

CREATE TRIGGER audit_hashes_are_not_updated BEFORE UPDATE ON audit_hashes BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_hashes_are_not_deleted BEFORE DELETE ON audit_hashes BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END;
CREATE TRIGGER audit_checkpoints_are_not_updated BEFORE UPDATE ON audit_checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER audit_checkpoints_are_not_deleted BEFORE DELETE ON audit_checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
