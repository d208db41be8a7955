"""Mail scanners open every address in a mail before anybody reads it. That changes nothing (rule 4)."""

from __future__ import annotations

import re

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import resolve

from outbox.models import Message

# What follows a # a program keeps to itself.
ADDRESS = re.compile(re.escape(settings.SITE_URL) + r"(/[^\s\"'<>#]*)")
# What belongs to the visit itself, not to the group.
NOT_OURS = {"django_session"}


def snapshot() -> dict[str, list]:
    """Every row of every table that a model knows."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if model._meta.managed and table not in NOT_OURS:
                cursor.execute(f'SELECT t::text FROM "{table}" AS t ORDER BY 1')
                found[table] = cursor.fetchall()
    return found


def test_addresses_in_mails_change_nothing_when_programs_open_them(db):
    call_command("load_demo", verbosity=0)
    messages = list(Message.objects.all())
    paths = {path for mail in messages for path in ADDRESS.findall(f"{mail.text} {mail.html}")}
    before = snapshot()

    first = {path: Client().get(path).status_code for path in sorted(paths)}
    for _ in range(3):
        for path in paths:
            Client().get(path)
            Client().head(path)
    again = {path: Client().get(path).status_code for path in sorted(paths)}

    assert len(paths) > 20
    names = {resolve(path.partition("?")[0]).view_name for path in paths}
    assert {"invitation", "application", "application_confirm", "next", "talk"} <= names
    assert snapshot() == before
    assert again == first
    assert set(first.values()) <= {200, 302, 404, 410}
    opened = [path for path, status in first.items() if path.startswith("/invitation/") and status == 200]
    assert opened != []
