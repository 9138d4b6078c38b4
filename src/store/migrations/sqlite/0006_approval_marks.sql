-- What became of each approval, the newest mark last: given, or voided because what was approved is not what stands in the
-- ticket any more. An approval without a mark stands.
CREATE TABLE approval_marks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    mark TEXT NOT NULL,
    fingerprint TEXT,
    approved_at BIGINT NOT NULL,
    marked_at BIGINT NOT NULL
);
CREATE INDEX marks_of_approval ON approval_marks (issue_id, commit_sha, seq);
-- One approval is voided once.
CREATE UNIQUE INDEX voided_once ON approval_marks (issue_id, commit_sha, approved_at) WHERE mark = 'voided';

CREATE TRIGGER marks_are_not_updated BEFORE UPDATE ON approval_marks BEGIN SELECT RAISE(ABORT, 'marks of approvals are never changed'); END;
CREATE TRIGGER marks_are_not_deleted BEFORE DELETE ON approval_marks BEGIN SELECT RAISE(ABORT, 'marks of approvals are never changed'); END;
