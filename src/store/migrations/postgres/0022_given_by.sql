-- By which decision an approval was given: an action that is tried again must not give twice what was taken back meanwhile.
ALTER TABLE approval_marks ADD COLUMN decision_id TEXT;
