"""Talks of sessions that were held count as given. By itself: a table with changed rows cannot be altered."""

from django.db import migrations

GIVEN = """
UPDATE sessions_app_presentation AS talk SET state = 'given'
WHERE EXISTS (SELECT FROM sessions_app_slot AS slot WHERE slot.presentation_id = talk.id)
AND NOT EXISTS (
    SELECT FROM sessions_app_slot AS slot JOIN sessions_app_session AS session ON session.id = slot.session_id
    WHERE slot.presentation_id = talk.id AND session.state <> 'held'
);
"""


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0005_talks_rooms_and_preparation")]
    operations = [migrations.RunSQL(GIVEN, migrations.RunSQL.noop)]
