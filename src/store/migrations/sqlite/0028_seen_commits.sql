-- Who first pushed a commit, to whatever branch. GitHub tells it once, with the push, and of no commit before its pull request
-- was opened otherwise. Never changed.
CREATE TABLE seen_commits (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
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

CREATE TRIGGER seen_commits_are_not_updated BEFORE UPDATE ON seen_commits BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END;
CREATE TRIGGER seen_commits_are_not_deleted BEFORE DELETE ON seen_commits BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END;
