from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_kinds_drafts_choices")]

    operations = [
        migrations.RemoveIndex(model_name="message", name="outbox_queue"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["-urgent", "due_at", "id"],
                condition=models.Q(("state", "queued")),
                name="outbox_queue",
            ),
        ),
    ]
