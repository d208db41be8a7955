"""The organisers’ form as a browser fills and sends it."""

from django.forms import FileField

from sessions_app.models import Appearance, Presentation, Presenter, Session, Slot
from tests.factories import (
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)

NEW = "/organise/sessions/new/"
BASE = {
    "number": "18",
    "title": "Curiosity",
    "date": "2027-01-20",
    "starts": "18:30",
    "ends": "21:00",
    "time_zone": "Europe/Tallinn",
}


def rows(prefix: str, *forms: dict) -> dict:
    """What a browser posts for a list."""
    data = {f"{prefix}-TOTAL_FORMS": str(len(forms)), f"{prefix}-INITIAL_FORMS": "0"}
    for index, form in enumerate(forms):
        data |= {f"{prefix}-{index}-{name}": str(value) for name, value in form.items()}
    return data


def reading(title: str = "", **values) -> dict:
    return {"kind": "article", "title": title, "importance": "1", **values}


def posted(*, readings=(), talks=(), **values) -> dict:
    """A filled form, as a browser sends it."""
    return {**BASE, **rows("readings", *readings), **rows("talks", *talks), **values}


def form_of(page) -> dict:
    """What a browser would send of a page that it was shown, unchanged."""
    editor = page.context["editor"]
    data = {"seen": editor.seen}
    for form in [editor.form, *editor.readings.forms, *editor.talks.forms]:
        for field in form:
            value = None if isinstance(field.field, FileField) else field.value()
            if value not in (None, False, "", []):
                shown = (
                    field.field.widget.format_value(value) if not isinstance(value, (bool, list)) else None
                )
                if isinstance(value, list):
                    data[field.html_name] = [str(item) for item in value]
                elif isinstance(value, bool):
                    data[field.html_name] = "on"
                else:
                    data[field.html_name] = shown[0] if isinstance(shown, list) else str(shown)
    for name in ("readings", "talks"):
        formset = getattr(editor, name)
        data |= {
            f"{name}-TOTAL_FORMS": str(formset.total_form_count()),
            f"{name}-INITIAL_FORMS": str(formset.initial_form_count()),
        }
    return data


def url_of(session: Session) -> str:
    return f"/organise/sessions/{session.pk}/"


def sentences(page) -> list[str]:
    return [problem.sentence for problem in page.context["problems"]]


def full_session() -> Session:
    session = SessionFactory(number=5, title="Nets", summary="S", agenda="A", up_next="U", directions="D")
    session.tracks.add(TrackFactory())
    top = ReadingFactory(session=session, title="Top", position=1, note="N", part="P")
    ReadingFactory(session=session, title="Part", parent=top, position=2, minutes=None)
    ReadingFactory(session=session, title="Other", position=3)
    talk = PresentationFactory(title="Talk", session=session, presenter=PresenterFactory(guest_name="Bo"))
    Appearance.objects.create(
        presentation=talk, presenter=PresenterFactory(guest_name="", member=MemberFactory()), position=1
    )
    return session


def contents(session: Session) -> list:
    """Everything of a session, for comparing."""
    return [
        list(Session.objects.filter(pk=session.pk).values()),
        list(session.tracks.values_list("pk", flat=True)),
        list(session.readings.order_by("pk").values()),
        list(Presentation.objects.order_by("pk").values()),
        list(Slot.objects.order_by("pk").values("presentation", "session")),
        list(Appearance.objects.order_by("presentation", "position").values("presentation", "presenter")),
        list(Presenter.objects.order_by("pk").values()),
    ]
