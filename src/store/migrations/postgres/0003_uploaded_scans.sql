-- Scans that pipelines sent, one row for each run of a tool in a file. A row is bound to its build and never changed; a
-- later file of the same build stands beside the earlier one. The file itself stays with the pipeline.
CREATE TABLE uploaded_scans (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service TEXT NOT NULL,
    repository TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    build_job TEXT NOT NULL,
    build_number TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    run BIGINT NOT NULL,
    tool TEXT NOT NULL,
    rules BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    findings TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (service, repository, commit_sha, build_job, build_number, file_sha256, run)
);
CREATE INDEX uploaded_scans_of_tool ON uploaded_scans (service, repository, tool, seq);

CREATE TRIGGER uploaded_scans_are_not_changed BEFORE UPDATE OR DELETE ON uploaded_scans FOR EACH ROW EXECUTE FUNCTION refuse('uploaded scans are only appended to');
CREATE TRIGGER uploaded_scans_are_not_emptied BEFORE TRUNCATE ON uploaded_scans EXECUTE FUNCTION refuse('uploaded scans are only appended to');
