-- What is looked for at each verdict is found without a look at what is finished, however much of it there is.
CREATE INDEX tickets_unfinished ON tickets (service, environment) WHERE status IN ('pending', 'approved');
CREATE INDEX approvals_of_commit ON approvals (service, environment, commit_sha, seq);
CREATE INDEX jobs_live ON jobs (kind, subject) WHERE state IN ('ready', 'running');
CREATE INDEX actions_due ON actions (run_at, seq) WHERE state IN ('ready', 'running');
