-- Deployments that others showed us: what went out, and which request of the gate let it through; none, if nothing did.
CREATE TABLE sightings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    witness TEXT NOT NULL,
    external_id TEXT NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    commit_sha TEXT,
    deployed_at BIGINT NOT NULL,
    request_id TEXT REFERENCES gate_requests (id),
    UNIQUE (witness, external_id)
);
CREATE INDEX sightings_of_request ON sightings (request_id);

CREATE TRIGGER sightings_are_not_updated BEFORE UPDATE ON sightings BEGIN SELECT RAISE(ABORT, 'what was seen is never changed'); END;
CREATE TRIGGER sightings_are_not_deleted BEFORE DELETE ON sightings BEGIN SELECT RAISE(ABORT, 'what was seen is never changed'); END;
