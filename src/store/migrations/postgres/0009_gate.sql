-- What pipelines asked the gate for. What was asked is never changed; the ticket is filled in once it is found or made.
CREATE TABLE gate_requests (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    system TEXT NOT NULL,
    job TEXT NOT NULL,
    build TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    deployment TEXT NOT NULL,
    words TEXT NOT NULL,
    caller TEXT NOT NULL,
    requester TEXT,
    wanted_ticket TEXT,
    requested_at BIGINT NOT NULL,
    tried_at BIGINT,
    issue_id TEXT,
    ticket_key TEXT,
    unfilled TEXT NOT NULL,
    UNIQUE (system, job, build, attempt, service, environment)
);
CREATE INDEX gate_requests_of_ticket ON gate_requests (issue_id);
CREATE INDEX gate_requests_open ON gate_requests (seq) WHERE issue_id IS NULL;

-- An approval is used by one run, and a run uses one approval.
CREATE TABLE gate_uses (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE REFERENCES gate_requests (id),
    issue_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    UNIQUE (issue_id, commit_sha, approved_at)
);

-- What became of deployments, the newest last.
CREATE TABLE gate_outcomes (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES gate_requests (id),
    issue_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    reported_at BIGINT NOT NULL
);
CREATE INDEX gate_outcomes_of_scope ON gate_outcomes (service, environment, seq);
CREATE INDEX gate_outcomes_of_request ON gate_outcomes (request_id, seq);

CREATE TRIGGER gate_uses_are_not_changed BEFORE UPDATE OR DELETE ON gate_uses FOR EACH ROW EXECUTE FUNCTION refuse('uses of approvals are never changed');
CREATE TRIGGER gate_uses_are_not_emptied BEFORE TRUNCATE ON gate_uses EXECUTE FUNCTION refuse('uses of approvals are never changed');
CREATE TRIGGER gate_outcomes_are_not_changed BEFORE UPDATE OR DELETE ON gate_outcomes FOR EACH ROW EXECUTE FUNCTION refuse('outcomes of deployments are never changed');
CREATE TRIGGER gate_outcomes_are_not_emptied BEFORE TRUNCATE ON gate_outcomes EXECUTE FUNCTION refuse('outcomes of deployments are never changed');
