-- Terraform plans that pipelines sent: what was judged of each, never a value of it.
CREATE TABLE gate_plans (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES gate_requests (id),
    digest TEXT NOT NULL,
    risk TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX gate_plans_of_request ON gate_plans (request_id, seq);

CREATE TRIGGER gate_plans_are_not_changed BEFORE UPDATE OR DELETE ON gate_plans FOR EACH ROW EXECUTE FUNCTION refuse('plans that were judged are never changed');
CREATE TRIGGER gate_plans_are_not_emptied BEFORE TRUNCATE ON gate_plans EXECUTE FUNCTION refuse('plans that were judged are never changed');
