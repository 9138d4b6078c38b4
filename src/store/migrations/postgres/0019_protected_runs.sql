-- Runs of GitHub Actions that wait at a deployment protection rule: what each asks the gate for, and what GitHub was told.
CREATE TABLE protected_runs (
    repository TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    environment TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    request_id TEXT REFERENCES gate_requests (id),
    seen_at BIGINT NOT NULL,
    reports BIGINT NOT NULL,
    said TEXT NOT NULL,
    answer TEXT,
    PRIMARY KEY (repository, run_id, environment, attempt)
);
CREATE INDEX protected_runs_of_request ON protected_runs (request_id);
