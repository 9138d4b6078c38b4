-- Terraform plans that pipelines sent: what was judged of each, never a value of it.
CREATE TABLE gate_plans (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL REFERENCES gate_requests (id),
    digest TEXT NOT NULL,
    risk TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX gate_plans_of_request ON gate_plans (request_id, seq);

CREATE TRIGGER gate_plans_are_not_updated BEFORE UPDATE ON gate_plans BEGIN SELECT RAISE(ABORT, 'plans that were judged are never changed'); END;
CREATE TRIGGER gate_plans_are_not_deleted BEFORE DELETE ON gate_plans BEGIN SELECT RAISE(ABORT, 'plans that were judged are never changed'); END;
