"""Notes and further links of readings are on public pages: they change the public version, too."""

from django.db import migrations

TABLES = ["sessions_app_notes", "sessions_app_notesrevision", "sessions_app_readinglink"]
TRIGGER = """
CREATE CONSTRAINT TRIGGER studygroup_public_version AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION studygroup_change_public_version();
"""
DROP = "DROP TRIGGER studygroup_public_version ON {table};"


class Migration(migrations.Migration):
    dependencies = [
        ("studygroup", "0002_public_version"),
        ("sessions_app", "0003_notes_and_links"),
    ]
    operations = [
        migrations.RunSQL(
            "".join(TRIGGER.format(table=table) for table in TABLES),
            "".join(DROP.format(table=table) for table in TABLES),
        ),
    ]
