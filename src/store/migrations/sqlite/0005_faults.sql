-- How often handling a job ended in a fault of ours, not of another system. After some it is dead: kept, and not tried again
-- before somebody asks for its subject anew.
ALTER TABLE jobs ADD COLUMN faults BIGINT NOT NULL DEFAULT 0;
