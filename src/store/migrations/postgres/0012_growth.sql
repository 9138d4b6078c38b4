-- What is looked for at each verdict is found without a look at what is finished, however much of it there is.
CREATE INDEX tickets_unfinished ON tickets (service, environment) WHERE status IN ('pending', 'approved');
CREATE INDEX approvals_of_commit ON approvals (service, environment, commit_sha, seq);
