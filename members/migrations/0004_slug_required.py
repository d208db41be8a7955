from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0003_slugs_scores_and_tally")]
    operations = [
        migrations.AlterField(
            model_name="member",
            name="slug",
            field=models.SlugField(allow_unicode=True, max_length=140, unique=True),
        ),
    ]
