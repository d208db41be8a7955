"""Photos, files, answered questions, prerequisites and head counts are on public pages, too."""

from django.db import migrations

TABLES = [
    "sessions_app_attendance",
    "sessions_app_metoo",
    "sessions_app_photo",
    "sessions_app_session_prerequisites",
    "sessions_app_storedfile",
    "sessions_app_stuckpoint",
]
TRIGGER = """
CREATE CONSTRAINT TRIGGER studygroup_public_version AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studygroup_change_public_version();
"""
DROP = "DROP TRIGGER studygroup_public_version ON {table};"


class Migration(migrations.Migration):
    dependencies = [
        ("studygroup", "0004_search"),
        ("sessions_app", "0005_talks_rooms_and_preparation"),
    ]
    operations = [
        migrations.RunSQL(
            "".join(TRIGGER.format(table=table) for table in TABLES),
            "".join(DROP.format(table=table) for table in TABLES),
        ),
    ]
