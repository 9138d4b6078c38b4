-- What the documentation of an emergency said when every part of it was there. The trail holds its SHA-256.
CREATE TABLE emergency_documentation (
    emergency TEXT PRIMARY KEY REFERENCES emergencies (id),
    texts TEXT NOT NULL,
    documented_at BIGINT NOT NULL
);
CREATE TRIGGER emergency_documentation_is_not_updated BEFORE UPDATE ON emergency_documentation BEGIN SELECT RAISE(ABORT, 'the documentation of an emergency is never changed'); END;
CREATE TRIGGER emergency_documentation_is_not_deleted BEFORE DELETE ON emergency_documentation BEGIN SELECT RAISE(ABORT, 'the documentation of an emergency is never changed'); END;
