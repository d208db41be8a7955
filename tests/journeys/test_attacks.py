"""Rule 8 in a real browser: whatever people type, nothing of it runs, the policy switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Browser, Page

from members.models import Member
from sessions_app import notes as notes_of
from sessions_app import stored_files, text
from sessions_app.models import (
    Attendance,
    Material,
    MeToo,
    Photo,
    PresentationStep,
    PrivateNote,
    ReadingLink,
    Rsvp,
    Session,
    StuckPoint,
)
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)
from tests.journeys.conftest import Visitor
from tests.sessions_app.test_text import ATTACKS, WRAPPED

# What of a page could run or lead to something that runs. `own` are the site's scripts and styles.
DANGERS = """() => {
  const found = [];
  const harmless = ["http:", "https:", "mailto:"];
  for (const element of document.querySelectorAll("*")) {
    const tag = element.localName;
    const own = tag === "script" && element.src.startsWith(`${location.origin}/static/`);
    if (tag === "script" && !own && element.type !== "application/ld+json") found.push("script");
    if (["iframe", "object", "embed", "base", "applet", "frame", "style"].includes(tag)) found.push(tag);
    if (tag === "meta" && element.httpEquiv.toLowerCase() === "refresh") found.push("refresh");
    for (const attribute of element.attributes) {
      const name = attribute.name.toLowerCase();
      if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(`${tag} ${name}`);
      if (["href", "src", "action", "formaction", "data", "xlink:href", "poster"].includes(name)) {
        let protocol = "";
        try { protocol = new URL(attribute.value, location.href).protocol; } catch { continue; }
        const picture = tag === "img" || (tag === "link" && element.rel === "icon");
        const drawn = picture && attribute.value.startsWith("data:image/svg+xml,");
        if (!harmless.includes(protocol) && protocol !== location.protocol && !drawn)
          found.push(`${tag} ${name} ${attribute.value}`);
      }
    }
  }
  return found;
}"""


@pytest.fixture
def unprotected(browser: Browser, live_server) -> Iterator[Visitor]:
    """A visitor whose browser ignores the Content-Security-Policy: what the page holds, runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    made = Visitor(context, live_server.url, scripted=True)
    made.dialogs = []
    made.page.on("dialog", lambda dialog: (made.dialogs.append(dialog.message), dialog.dismiss()))
    yield made
    context.close()


def dangers_of(page: Page) -> list[str]:
    page.wait_for_load_state("load")
    return page.evaluate(DANGERS)


@pytest.mark.parametrize(
    ("html", "danger"),
    [
        ("<script>alert(1)</script>", ["script"]),
        ("<p onclick='x()'>x</p>", ["p onclick"]),
        ("<a href='jav&#x09;ascript:x()'>x</a>", ["a href jav\tascript:x()"]),
        ("<iframe></iframe>", ["iframe"]),
        ("<img src='data:text/html,x'>", ["img src data:text/html,x"]),
    ],
)
def test_dangers_are_found(unprotected, html, danger):
    unprotected.page.set_content(html)

    assert dangers_of(unprotected.page) == danger


def test_script_that_stands_in_a_page_is_noticed(unprotected):
    unprotected.page.set_content("<script>alert('ran')</script>")

    assert unprotected.dialogs == ["ran"]


def _file(attack: str, session: Session) -> None:
    """A file under this name, if a file can have it."""
    try:
        file = stored_files.keep(f"{attack}.txt", b"text", by=None, now=timezone.now())
    except stored_files.FileRefused:  # nothing but folders and signs that no name may have
        return
    Material.objects.create(session=session, kind="code", file=file)


def _poisoned_session(session: Session, people: list[Member]) -> None:
    """A session in which every attack stands in every place that people write into."""
    now = timezone.now()
    everything = "\n\n".join(ATTACKS)
    for field in ("summary", "agenda", "up_next", "directions", "access_notes"):
        setattr(session, field, everything)
    session.save()
    notes_of.save(
        session_id=session.pk, text=everything, by=people[0].user, base=0, now=now, audience="public"
    )
    for number, attack in enumerate(ATTACKS):
        short = attack[:120]
        reading = ReadingFactory(
            session=session, title=attack[:250], part=short, note=attack[:300], importance=1 + number % 3
        )
        ReadingLink.objects.create(reading=reading, title=attack[:250], url="https://example.org/")
        presenter = PresenterFactory(guest_name=short, bio=attack)
        talk = PresentationFactory(title=attack[:200], abstract=attack, session=session, presenter=presenter)
        PresentationStep.objects.create(presentation=talk, after="accepted", at=now, message=attack)
        Material.objects.create(
            presentation=talk, kind="slides", title=attack[:200], url="https://example.org/"
        )
        _file(short, session)
        Photo.objects.create(
            session=session,
            picture="photos/none.jpg",
            small="photos/none.jpg",
            width=8,
            height=6,
            alternative=attack[:300],
            caption=attack[:300],
            audience="public",
            uploaded_at=now,
        )
        point = StuckPoint.objects.create(
            reading=reading, author=people[number], where=attack[:80], question=attack, asked_at=now
        )
        if number % 2:
            point.answer, point.resolved_at = attack, now
            point.save()
        MeToo.objects.create(point=point, member=people[0], said_at=now)
        PrivateNote.objects.create(reading=reading, member=people[0], text=attack, saved_at=now)
        Rsvp.objects.create(
            session=session,
            member=people[number],
            answer="yes",
            note=attack[:300],
            warm_up=attack[:500],
            answered_at=now,
        )
        Attendance.objects.create(session=session, guest_name=f"{number} {short}"[:120], noted_at=now)


@pytest.fixture
def poisoned(group, transactional_db) -> dict[str, Session]:
    """A group whose every word is an attack: one session to come, one that was held."""
    attack = "</script><script>alert('group')</script>"
    for field in ("tagline", "lead", "about", "city", "area", "cadence", "apply_note", "apply_intro"):
        setattr(group, field, attack)
    group.save()
    people = [MemberFactory(user__name=attack[:120], bio=attack) for attack in ATTACKS]
    Member.objects.filter(pk=people[0].pk).update(role="organiser")
    coming = SessionFactory(
        title=ATTACKS[0], place=ATTACKS[1], address=ATTACKS[1], host=ATTACKS[4], warm_up=ATTACKS[0]
    )
    held = HeldSessionFactory(title=ATTACKS[24], place=ATTACKS[20], host=ATTACKS[0])
    for session in (coming, held):
        _poisoned_session(session, people)
    track = TrackFactory(name=ATTACKS[0][:120], part_of=ATTACKS[1][:120])
    track.sessions.add(coming, held)
    coming.prerequisites.add(held)
    return {"coming": coming, "held": held, "organiser": people[0]}


def test_nothing_that_people_typed_runs_on_any_page(unprotected, poisoned):
    coming, held = poisoned["coming"], poisoned["held"]
    public = [
        "/", "/about/", "/curriculum/", "/sessions/", coming.get_absolute_url(), held.get_absolute_url(),
        "/presentations/", "/search/?q=script", "/search/?q=<script>alert(1)</script>", "/apply/",
    ]  # fmt: skip
    talk = held.presentations.first()
    own = [
        *public, "/next/", "/members/", f"{held.get_absolute_url()}notes/", "/organise/",
        "/organise/sessions/", f"{held.get_absolute_url()}notes/edit/", f"/organise/sessions/{coming.pk}/",
        f"{coming.get_absolute_url()}readiness/", f"{held.get_absolute_url()}photos/", "/next/catch-up/",
        f"/organise/sessions/{coming.pk}/room/", f"/organise/sessions/{held.pk}/door/", "/organise/talks/",
        f"/organise/talks/{talk.pk}/", f"/presentations/{talk.pk}/", "/presentations/propose/",
        "/me/sessions/",
        f"/presenters/{talk.presenters.first().pk}/",
    ]  # fmt: skip
    found = {}
    for address in public:
        found["visitor", address] = dangers_of(unprotected.open(address))
    assert unprotected.open(held.get_absolute_url()).content().count("alert(") > len(ATTACKS)
    unprotected.sign_in(poisoned["organiser"].user)
    for address in own:
        found["organiser", address] = dangers_of(unprotected.open(address))

    assert {page: dangers for page, dangers in found.items() if dangers} == {}
    assert unprotected.dialogs == []
    missing = [fault for fault in unprotected.faults if "/photos/" not in fault]
    assert missing == []  # each page opened, and no script stumbled


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(source=WRAPPED)
def test_wild_markdown_runs_nothing_in_a_browser(unprotected, source):
    page = unprotected.page
    made = text.document(source, name="notes")
    pieces = [text.markdown(source), text.inline(source), text.title(source), made.html]
    page.set_content("".join(f"<div>{piece}</div>" for piece in pieces))

    assert (dangers_of(page), unprotected.dialogs) == ([], [])
