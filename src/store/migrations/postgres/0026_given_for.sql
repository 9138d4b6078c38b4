-- For which service and environment an approval was given: the ticket may name others when it is given again.
ALTER TABLE approval_marks ADD COLUMN scope TEXT;
CREATE INDEX given_for_scope ON approval_marks (scope, seq) WHERE mark = 'given';
-- Tickets that are neither waiting nor finished, of which some are deployed at this moment.
CREATE INDEX tickets_aside ON tickets (service, environment) WHERE status = 'other';
