-- The tree over the audit trail (RFC 6962): its hashes in hexadecimal, each at its place, and the entry that brought it.
CREATE TABLE audit_hashes (
    place BIGINT PRIMARY KEY,
    entry BIGINT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_hashes_of_entry ON audit_hashes (entry);

-- Checkpoints: how many entries there were, their root, signed with this key. The note is what may leave this database.
CREATE TABLE audit_checkpoints (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size BIGINT NOT NULL,
    public_key TEXT NOT NULL,
    note TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (size, public_key)
);

CREATE TRIGGER audit_hashes_are_not_changed BEFORE UPDATE OR DELETE ON audit_hashes FOR EACH ROW EXECUTE FUNCTION refuse('the audit trail is only appended to');
CREATE TRIGGER audit_hashes_are_not_emptied BEFORE TRUNCATE ON audit_hashes EXECUTE FUNCTION refuse('the audit trail is only appended to');
CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE OR DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse('checkpoints are never changed');
CREATE TRIGGER audit_checkpoints_are_not_emptied BEFORE TRUNCATE ON audit_checkpoints EXECUTE FUNCTION refuse('checkpoints are never changed');
