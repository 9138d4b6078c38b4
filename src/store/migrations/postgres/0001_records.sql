-- Deliveries: every webhook that was acknowledged, as it came.
CREATE TABLE deliveries (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (source, delivery_id),
    UNIQUE (source, body_sha256)
);

-- Jobs: something to look at. A second request for what already waits joins it. The owner is the process that has it,
-- by its claim of that number.
CREATE TABLE jobs (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_token BIGINT NOT NULL,
    owner BIGINT,
    claim BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, subject) WHERE state = 'ready';
CREATE UNIQUE INDEX jobs_running ON jobs (kind, subject) WHERE state = 'running';
CREATE INDEX jobs_due ON jobs (run_at, seq) WHERE state IN ('ready', 'running');

-- Tickets: what we know of each ticket now.
CREATE TABLE tickets (
    issue_id TEXT PRIMARY KEY,
    ticket_key TEXT NOT NULL,
    service TEXT,
    environment TEXT,
    status TEXT NOT NULL,
    evaluation BIGINT NOT NULL,
    decision_id TEXT,
    result_sha256 TEXT,
    seen_at BIGINT NOT NULL
);
CREATE INDEX tickets_of_scope ON tickets (service, environment);

-- Policies: the criteria and people files under which decisions were made.
CREATE TABLE policies (
    digest TEXT PRIMARY KEY,
    criteria TEXT NOT NULL,
    people TEXT NOT NULL,
    first_used_at BIGINT NOT NULL
);

-- Decisions, with the facts they were made from. Never changed.
CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    issue_id TEXT NOT NULL,
    ticket_key TEXT NOT NULL,
    evaluation BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    facts TEXT NOT NULL,
    decision TEXT NOT NULL,
    policy_digest TEXT NOT NULL REFERENCES policies (digest),
    decided_at BIGINT NOT NULL,
    UNIQUE (issue_id, evaluation)
);

-- Approvals: changes that may go, or went, to production; the newest of a scope is its baseline. Never changed.
CREATE TABLE approvals (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id TEXT NOT NULL,
    ticket_key TEXT NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    decision_id TEXT,
    approved_by TEXT,
    UNIQUE (issue_id, commit_sha)
);
CREATE INDEX approvals_of_scope ON approvals (service, environment, seq);

-- Actions: what is to be done outside, in the order of each lane.
CREATE TABLE actions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    decision_id TEXT,
    issue_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    waits_for TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_token BIGINT NOT NULL,
    owner BIGINT,
    claim BIGINT,
    last_error TEXT
);
CREATE INDEX actions_live ON actions (lane, seq) WHERE state IN ('ready', 'running');

-- Posts: where our comment and our message about a ticket are.
CREATE TABLE posts (
    issue_id TEXT NOT NULL,
    place TEXT NOT NULL,
    external_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    verdict TEXT NOT NULL,
    action_id TEXT NOT NULL,
    PRIMARY KEY (issue_id, place)
);

-- The audit trail: each entry carries the hash of the one before it.
CREATE TABLE audit_entries (
    seq BIGINT PRIMARY KEY,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
);

-- Says no, in the words of the trigger that calls it.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse('the audit trail is only appended to');
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION refuse('the audit trail is only appended to');
CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE OR DELETE ON decisions FOR EACH ROW EXECUTE FUNCTION refuse('decisions are never changed');
CREATE TRIGGER decisions_are_not_emptied BEFORE TRUNCATE ON decisions EXECUTE FUNCTION refuse('decisions are never changed');
CREATE TRIGGER approvals_are_not_changed BEFORE UPDATE OR DELETE ON approvals FOR EACH ROW EXECUTE FUNCTION refuse('approvals are never changed');
CREATE TRIGGER approvals_are_not_emptied BEFORE TRUNCATE ON approvals EXECUTE FUNCTION refuse('approvals are never changed');
