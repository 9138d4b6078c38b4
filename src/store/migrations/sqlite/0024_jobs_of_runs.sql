-- Which job of the run was let through: a job that somebody starts again in the same run is another deployment.
ALTER TABLE gate_uses ADD COLUMN job TEXT;
