from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Make the table of the shared cache (settings.CACHES); does nothing where it is there already."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
