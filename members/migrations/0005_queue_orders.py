"""Indexes for the queue: its orders, the open states in one line, and their words."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0004_slug_required"),
    ]

    operations = [
        # In the row where it fits: following an order and looking at the words of each application, two lookups
        # in a table beside cost more than everything else.
        migrations.RunSQL(
            "ALTER TABLE members_application ALTER COLUMN search SET STORAGE MAIN",
            "ALTER TABLE members_application ALTER COLUMN search SET STORAGE EXTENDED",
        ),
        migrations.RemoveIndex(
            model_name="application",
            name="members_application_queue",
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                fields=["state", "since", "id"], include=("score",), name="members_application_queue"
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["state", "moved_at", "id"], name="members_application_moves"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["moved_at", "id"], name="members_application_moved"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["unconfirmed", "waiting", "shortlisted", "invited", "dormant"])
                ),
                fields=["since", "id"],
                name="members_application_open",
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                condition=models.Q(("spread__gte", 1.5)),
                fields=["state", "since", "id"],
                name="members_application_disputed",
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                condition=models.Q(("lapses", 0), ("place__isnull", False), ("state", "shortlisted")),
                fields=["place", "since", "id"],
                name="members_application_agreed",
            ),
        ),
        migrations.AddIndex(
            model_name="application",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    ("state__in", ["unconfirmed", "waiting", "shortlisted", "invited", "dormant"])
                ),
                fields=["search"],
                name="members_application_words",
            ),
        ),
    ]
