-- Deployments that others showed us: what went out, and which request of the gate let it through; none, if nothing did.
CREATE TABLE sightings (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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

CREATE TRIGGER sightings_are_not_changed BEFORE UPDATE OR DELETE ON sightings FOR EACH ROW EXECUTE FUNCTION refuse('what was seen is never changed');
CREATE TRIGGER sightings_are_not_emptied BEFORE TRUNCATE ON sightings EXECUTE FUNCTION refuse('what was seen is never changed');
