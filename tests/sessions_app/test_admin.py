"""The records in the admin: all there, searchable, the state changed by the verbs alone."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.models import User
from outbox.models import Message
from sessions_app.models import (
    ArchiveTally,
    ArchiveUpload,
    Attendance,
    CalendarLink,
    GuestChair,
    ImportedFile,
    MeToo,
    Notes,
    NotesDraft,
    NotesRevision,
    Photo,
    PresentationStep,
    PresenterLink,
    PrivateNote,
    Progress,
    ReadingLink,
    Session,
    Slot,
    StoredFile,
    StuckPoint,
)
from tests.factories import MemberFactory, SessionFactory
from tests.sessions_app.test_query_counts import fill

# Who has read what is nobody else’s to see, the organisers’ included; the tally is the triggers' alone.
NOT_SHOWN = (ArchiveTally, Progress)
BY_VERB_ALONE = (
    ArchiveUpload, Attendance, CalendarLink, GuestChair, ImportedFile, MeToo, Notes, NotesDraft,
    NotesRevision, Photo, PresentationStep, PresenterLink, PrivateNote, ReadingLink, StoredFile, StuckPoint,
)  # fmt: skip
MODELS = [model for model in apps.get_app_config("sessions_app").get_models() if model not in NOT_SHOWN]


@pytest.fixture
def as_superuser(group, client_of):
    return client_of(User.objects.create_superuser("root@example.org", "Root", "irrelevant"))


def test_every_model_but_two_is_registered_and_searchable():
    assert {model.__name__ for model in MODELS if not admin.site.is_registered(model)} == set()
    assert [model.__name__ for model in MODELS if not admin.site.get_model_admin(model).search_fields] == []
    assert not any(map(admin.site.is_registered, NOT_SHOWN))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_list_search_and_form_open(as_superuser, member, model):
    fill(2, member)
    address = f"admin:sessions_app_{model._meta.model_name}"

    assert as_superuser.get(reverse(f"{address}_changelist"), {"q": "1"}).status_code == 200
    # What is made by its verb alone is only looked at here.
    added = 403 if model in BY_VERB_ALONE else 200
    assert as_superuser.get(reverse(f"{address}_add")).status_code == added
    assert as_superuser.get(reverse(f"{address}_change", args=[model.objects.first().pk])).status_code == 200


def test_lists_ask_the_same_number_of_questions_at_3_and_at_40_rows(as_superuser, member):
    """All lists in one test: what takes the time is making the rows."""

    def asked() -> dict[str, int]:
        counts = {}
        for model in MODELS:
            address = reverse(f"admin:sessions_app_{model._meta.model_name}_changelist")
            with CaptureQueriesContext(connection) as queries:
                assert as_superuser.get(address).status_code == 200
            counts[model.__name__] = len(queries)
        return counts

    asked()  # what the first visit alone asks
    fill(3, member)
    few = asked()
    fill(37, member)

    assert asked() == few
    assert {name: count for name, count in few.items() if count > 12} == {}


def test_state_cannot_be_typed(as_superuser):
    session = SessionFactory(state="draft")
    page = as_superuser.get(reverse("admin:sessions_app_session_change", args=[session.pk]))

    assert "state" not in page.context["adminform"].form.fields


@pytest.mark.parametrize(
    ("action", "state", "days", "after"),
    [
        ("announce", "draft", 5, "announced"),
        ("hold", "announced", -5, "held"),
        ("cancel", "announced", 5, "cancelled"),
        ("reopen", "cancelled", 5, "draft"),
    ],
)
def test_action_takes_the_step(as_superuser, action, state, days, after):
    session = SessionFactory(state=state, starts_at=timezone.now() + timedelta(days=days))

    page = as_superuser.post(
        reverse("admin:sessions_app_session_changelist"),
        {"action": action, "_selected_action": [session.pk]},
        follow=True,
    )

    session.refresh_from_db()
    assert session.state == after
    assert "1 session " in page.content.decode()


def test_action_that_is_refused_says_so_and_does_the_rest(as_superuser):
    MemberFactory()
    draft, held = SessionFactory(number=1, state="draft"), SessionFactory(number=2, state="held")

    page = as_superuser.post(
        reverse("admin:sessions_app_session_changelist"),
        {"action": "announce", "_selected_action": [draft.pk, held.pk]},
        follow=True,
    )

    assert dict(Session.objects.values_list("number", "state")) == {1: "announced", 2: "held"}
    assert "Session 2 is held. Nothing was changed." in page.content.decode()
    assert Message.objects.count() == 1


def test_plain_organisers_may_not_open_the_admin(as_organiser):
    assert as_organiser.get(reverse("admin:sessions_app_session_changelist")).status_code == 302
    assert Slot.objects.count() == 0
