-- The ledger: what GitHub told us at the moment when it happened. GitHub moves approvals to newer commits and forgets who
-- pushed; these rows do not. Each is written with the delivery that brought it. Never changed.
CREATE TABLE seen_reviews (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery BIGINT NOT NULL REFERENCES deliveries (seq),
    repository_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    pull_request BIGINT NOT NULL,
    review TEXT NOT NULL,
    state TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    submitted_at BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    account_login TEXT NOT NULL,
    account_kind TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX seen_reviews_of_pull_request ON seen_reviews (repository_id, pull_request, seq);
CREATE INDEX seen_reviews_by_name ON seen_reviews (repository, delivery);

CREATE TABLE seen_pushes (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery BIGINT NOT NULL REFERENCES deliveries (seq),
    repository_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    pull_request BIGINT NOT NULL,
    before_sha TEXT,
    after_sha TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    account_login TEXT NOT NULL,
    account_kind TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX seen_pushes_of_pull_request ON seen_pushes (repository_id, pull_request, seq);
CREATE INDEX seen_pushes_by_name ON seen_pushes (repository, delivery);

CREATE TABLE seen_base_changes (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery BIGINT NOT NULL REFERENCES deliveries (seq),
    repository_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    pull_request BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX seen_base_changes_of_pull_request ON seen_base_changes (repository_id, pull_request, seq);
CREATE INDEX seen_base_changes_by_name ON seen_base_changes (repository, delivery);

CREATE TRIGGER seen_reviews_are_not_changed BEFORE UPDATE OR DELETE ON seen_reviews FOR EACH ROW EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_reviews_are_not_emptied BEFORE TRUNCATE ON seen_reviews EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_pushes_are_not_changed BEFORE UPDATE OR DELETE ON seen_pushes FOR EACH ROW EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_pushes_are_not_emptied BEFORE TRUNCATE ON seen_pushes EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_base_changes_are_not_changed BEFORE UPDATE OR DELETE ON seen_base_changes FOR EACH ROW EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_base_changes_are_not_emptied BEFORE TRUNCATE ON seen_base_changes EXECUTE FUNCTION refuse('the ledger is only appended to');

-- Answers that cannot change, such as the comparison of two commits. Only a way to ask less; any row may be thrown away.
CREATE TABLE kept_answers (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    kept_at TEXT NOT NULL DEFAULT CAST(CURRENT_TIMESTAMP AS TEXT),
    UNIQUE (repository, question)
);
