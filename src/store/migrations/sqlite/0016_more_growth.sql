-- What is looked for among everything that was ever done has an index, so that a hundred thousand past tickets cost nothing.
CREATE INDEX actions_of_ticket ON actions (issue_id, kind);
CREATE INDEX tickets_by_time ON tickets (seen_at, issue_id);
CREATE INDEX approvals_by_time ON approvals (approved_at);
