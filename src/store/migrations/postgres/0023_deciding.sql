-- Where people could decide beside Jira, and since when: as the settings said when a service started.
CREATE TABLE deciding_places (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slack TEXT NOT NULL,
    pages TEXT NOT NULL,
    since BIGINT NOT NULL
);

CREATE TRIGGER deciding_places_are_not_changed BEFORE UPDATE OR DELETE ON deciding_places FOR EACH ROW EXECUTE FUNCTION refuse('where people could decide is never changed');
CREATE TRIGGER deciding_places_are_not_emptied BEFORE TRUNCATE ON deciding_places EXECUTE FUNCTION refuse('where people could decide is never changed');
