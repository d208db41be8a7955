"""The directory of members follows an index of their names."""

from django.db import migrations

CREATE = "CREATE INDEX members_user_by_name ON members_user (name, id);"
DROP = "DROP INDEX members_user_by_name;"


class Migration(migrations.Migration):
    dependencies = [
        ("studygroup", "0005_more_is_public"),
        ("members", "0006_group_prepares"),
    ]
    operations = [migrations.RunSQL(CREATE, DROP)]
