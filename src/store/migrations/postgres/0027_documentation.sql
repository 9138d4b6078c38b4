-- What the documentation of an emergency said when every part of it was there. The trail holds its SHA-256.
CREATE TABLE emergency_documentation (
    emergency TEXT PRIMARY KEY REFERENCES emergencies (id),
    texts TEXT NOT NULL,
    documented_at BIGINT NOT NULL
);
CREATE TRIGGER emergency_documentation_is_not_changed BEFORE UPDATE OR DELETE ON emergency_documentation FOR EACH ROW EXECUTE FUNCTION refuse('the documentation of an emergency is never changed');
CREATE TRIGGER emergency_documentation_is_not_emptied BEFORE TRUNCATE ON emergency_documentation EXECUTE FUNCTION refuse('the documentation of an emergency is never changed');
