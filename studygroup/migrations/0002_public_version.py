"""The word that changes whenever something public does (studygroup.page_cache)."""

from django.db import migrations

# Every table that a public page reads. Not among them: applications, reviews, mail, ticks and answers.
TABLES = [
    "members_user",
    "members_group",
    "members_strength",
    "members_acknowledgement",
    "members_member",
    "members_member_strengths",
    "members_invitation",
    "sessions_app_session",
    "sessions_app_path",
    "sessions_app_track",
    "sessions_app_track_leaders",
    "sessions_app_track_sessions",
    "sessions_app_source",
    "sessions_app_resource",
    "sessions_app_presenter",
    "sessions_app_presentation",
    "sessions_app_appearance",
    "sessions_app_slot",
    "sessions_app_material",
    "sessions_app_reading",
]

# Of a person, pages show the name; signing in writes to the same row.
COLUMNS = {"members_user": "OF name"}

# Deferred to the commit, so that the one row is locked last and briefly: locking it at the first write would
# let two transactions wait for each other. The setting is local to the transaction: one change each is enough.
CREATE = """
CREATE TABLE studygroup_public_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version text NOT NULL
);
INSERT INTO studygroup_public_version (version) VALUES (md5(random()::text || clock_timestamp()::text));

CREATE FUNCTION studygroup_change_public_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('studygroup.public_version_changed', true) IS DISTINCT FROM txid_current()::text THEN
        UPDATE studygroup_public_version SET version = md5(random()::text || clock_timestamp()::text);
        PERFORM set_config('studygroup.public_version_changed', txid_current()::text, true);
    END IF;
    RETURN NULL;
END;
$$;
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER studygroup_public_version AFTER INSERT OR UPDATE {columns} OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studygroup_change_public_version();
"""
DROP = """
DROP FUNCTION studygroup_change_public_version() CASCADE;
DROP TABLE studygroup_public_version;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("studygroup", "0001_cache_table"),
        ("members", "0001_initial"),
        ("sessions_app", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL(
            CREATE + "".join(TRIGGER.format(table=table, columns=COLUMNS.get(table, "")) for table in TABLES),
            DROP,
        ),
    ]
