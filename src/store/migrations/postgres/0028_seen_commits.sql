-- Who first pushed a commit, to whatever branch. GitHub tells it once, with the push, and of no commit before its pull request
-- was opened otherwise. Never changed.
CREATE TABLE seen_commits (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery BIGINT NOT NULL REFERENCES deliveries (seq),
    repository_id BIGINT NOT NULL,
    repository TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    account_login TEXT NOT NULL,
    account_kind TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX seen_commits_by_sha ON seen_commits (repository_id, commit_sha, seq);
CREATE INDEX seen_commits_by_name ON seen_commits (repository, delivery);

CREATE TRIGGER seen_commits_are_not_changed BEFORE UPDATE OR DELETE ON seen_commits FOR EACH ROW EXECUTE FUNCTION refuse('the ledger is only appended to');
CREATE TRIGGER seen_commits_are_not_emptied BEFORE TRUNCATE ON seen_commits EXECUTE FUNCTION refuse('the ledger is only appended to');
