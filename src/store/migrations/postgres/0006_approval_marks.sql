-- What became of each approval, the newest mark last: given, or voided because what was approved is not what stands in the
-- ticket any more. An approval without a mark stands.
CREATE TABLE approval_marks (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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

CREATE TRIGGER marks_are_not_changed BEFORE UPDATE OR DELETE ON approval_marks FOR EACH ROW EXECUTE FUNCTION refuse('marks of approvals are never changed');
CREATE TRIGGER marks_are_not_emptied BEFORE TRUNCATE ON approval_marks EXECUTE FUNCTION refuse('marks of approvals are never changed');
