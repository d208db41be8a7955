"""The demonstration: its facts are the archive's, its sentences our own, its people where they belong."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest
import yaml
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from members.models import Acknowledgement, Application, Group, Invitation, Member, Review, Strength, User
from members.models.application import State
from outbox.models import Message
from sessions_app.models import Material, Presentation, Reading, Resource, Rsvp, Session, Track
from sessions_app.models import Path as StudyPath
from studygroup.group_file import load
from studygroup.management.commands import load_demo
from tests.factories import GroupFactory, UserFactory
from tests.studygroup.test_group_file import everything

ROOT = Path(__file__).resolve().parent.parent.parent
GROUP_FILE = ROOT / "demonstration/group.yaml"
ARCHIVE = Path(os.environ.get("STUDYGROUP_SHARED", ROOT.parent / "shared")) / "archive"
needs_archive = pytest.mark.skipif(
    not (ARCHIVE / "facts.yaml").is_file(),
    reason=f"the archive's facts are not in {ARCHIVE}; STUDYGROUP_SHARED may name another folder",
)


# --- Facts -----------------------------------------------------------------------------------------------
@pytest.fixture
def facts() -> dict:
    return yaml.safe_load((ARCHIVE / "facts.yaml").read_text())


@pytest.fixture
def loaded(db) -> None:
    load(GROUP_FILE, now=timezone.now())


def people(rows) -> list[dict]:
    return [{"name": row.name, "url": row.url or None} for row in rows]


@needs_archive
def test_group_is_as_the_archive_tells(facts, loaded):
    told, group = facts["group"], Group.objects.get()

    assert (group.name, group.city, group.area) == (told["name"], told["city"], told["area"])
    assert (group.organiser_name, group.organiser_url) == (
        told["organiser"]["name"],
        told["organiser"]["url"],
    )
    assert (group.repository_url, group.waiting_list_open) == (facts["meta"]["source"], True)
    assert [path.name for path in StudyPath.objects.all()] == told["paths"]
    assert [s.name.lower() for s in Strength.objects.all()] == told["member_strengths"]
    assert people(Acknowledgement.objects.all()) == [
        {"name": thanks["name"], "url": thanks["url"]} for thanks in facts["acknowledgements"]
    ]
    assert [thanks.role for thanks in Acknowledgement.objects.all()] == ["", "founder of untapt"]
    assert {thanks.reason for thanks in Acknowledgement.objects.all()} == {
        "hosting and subsidising every session"
    }


@needs_archive
def test_sessions_are_as_the_archive_tells(facts, loaded):
    held = Session.objects.filter(state="held").order_by("number")

    assert [(s.number, f"{s.local_start:%Y-%m-%d}", s.title, s.notes_url) for s in held] == [
        (told["number"], told["date"], told["title"], told["notes_url"]) for told in facts["sessions"]
    ]
    assert held.count() == 17
    host = facts["group"]["host"]
    assert {(s.place, s.host, s.host_url, s.hours_known) for s in held} == {
        ("midtown Manhattan", host["name"], host["url"], False)
    }


@needs_archive
def test_tracks_are_as_the_archive_tells(facts, loaded):
    leaders = Track.leaders.through.objects.order_by("pk").select_related("presenter")

    assert [
        {
            "name": track.name,
            **({"parent": track.part_of} if track.part_of else {}),
            "leaders": people(row.presenter for row in leaders.filter(track=track)),
            "sources": [{"title": s.title, "url": s.url, "authors": s.authors} for s in track.sources.all()],
            "sessions": [session.number for session in track.sessions.order_by("number")],
        }
        for track in Track.objects.all()
    ] == facts["tracks"]
    assert {track.path.name for track in Track.objects.all()} == {"Theory"}


@needs_archive
def test_presentations_are_as_the_archive_tells(facts, loaded):
    talks = list(Presentation.objects.order_by("pk"))
    entries = [
        (
            [{"name": name, "url": url}],
            [([s.number for s in talk.sessions.order_by("number")], talk.url or None) for talk in given],
        )
        for (name, url), given in groupby(
            talks, key=lambda t: (t.presenters.get().name, t.presenters.get().url or None)
        )
    ]

    assert entries == [
        (told["presenters"], [(talk["sessions"], talk.get("url")) for talk in told["talks"]])
        for told in facts["presentations"]
    ]
    assert (len(entries), len(talks), sum(talk.sessions.count() for talk in talks)) == (14, 20, 21)
    # A topic is a label in our words; one word of five letters or more must be in the title, too.
    topics = [talk["topic"] for told in facts["presentations"] for talk in told["talks"]]
    for talk, topic in zip(talks, topics, strict=True):
        title = talk.title.lower().replace("regularisation", "regularization")
        assert any(word in title for word in re.findall(r"\w{5,}|gans", topic.lower())), (talk.title, topic)


@needs_archive
def test_resources_are_as_the_archive_tells(facts, loaded):
    resources = list(Resource.objects.all())

    for row, told in zip(resources, facts["resources"], strict=True):
        assert row.kind in [told["kind"], *told.get("kind_also", [])]
    assert [(r.title, r.url, r.hours, r.author, r.recommended) for r in resources] == [
        (told["title"], told["url"], told.get("hours"), told.get("author", ""), told["recommended"])
        for told in facts["resources"]
    ]
    assert len(resources) == 7


@needs_archive
def test_preparation_is_as_the_archive_tells(facts, loaded):
    rows = Reading.objects.filter(session__state="held").order_by("session__number", "position", "pk")
    told = [(number, item) for number, session in facts["session_facts"].items() for item in session["prep"]]

    for row, (_, item) in zip(rows, told, strict=True):
        assert row.kind in [item["kind"], *item.get("kind_also", [])], row.title
        assert (item.get("start") or "") in row.part
    parents = {}  # the url of the last item of a session that is not nested
    expected = []
    for number, item in told:
        if "sub" not in item:
            parents[number] = item["url"]
        expected.append((number, item["url"], item["optional"], parents[number] if "sub" in item else None))
    assert [
        (row.session.number, row.url, not row.is_required, row.parent and row.parent.url) for row in rows
    ] == expected
    assert len(expected) == 36
    assert {row.minutes for row in rows} == {None}


@needs_archive
def test_up_next_and_materials_are_as_the_archive_tells(facts, loaded):
    for number, told in facts["session_facts"].items():
        session = Session.objects.get(number=number)
        links = [item["url"] for item in told["up_next"] if item["url"]]
        assert re.findall(r"\]\((.*?)\)", session.up_next) == links
        items = len(re.findall(r"^ *(?:-|\d\.) ", session.up_next, re.M))
        assert items == (len(told["up_next"]) if len(told["up_next"]) > 1 else 0)

        materials = Material.objects.filter(session=session) | Material.objects.filter(
            presentation__sessions=session
        )
        mine = Counter((m.kind, m.url) for m in materials)
        theirs = Counter(("slides", s["url"]) for s in told["slides"] if s["url"])
        theirs += Counter((link["kind"], link["url"]) for link in told["links_to"])
        extra = {8: {("slides", SLIDES_OF_SESSION_8): 1}}  # an empty link in the source; the file is there
        assert mine == theirs + Counter(extra.get(number, {}))


SLIDES_OF_SESSION_8 = (
    "https://github.com/the-deep-learners/study-group/blob/master/"
    "slides/2017-02-07__katya_vasilaky__ridge_regression.pdf"
)


# --- Our own words ---------------------------------------------------------------------------------------
PROSE = {
    "tagline", "lead", "about", "cadence", "apply_note", "apply_intro", "interest_label", "reason", "role",
    "hint", "summary", "description", "agenda", "directions", "up_next", "note", "part", "abstract", "low",
    "high",
}  # fmt: skip


def words(text: str) -> list[str]:
    text = re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)  # an address is a fact
    return re.findall(r"[\w'’]+", text.lower())


def prose(node, name: str = "") -> list[str]:
    """The sentences of a file: the values of its prose fields, and the titles of things we named."""
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in prose(value, key)]
    if isinstance(node, list):
        return [text for value in node for text in prose(value, name)]
    return [node] if name in PROSE else []


@needs_archive
def test_no_sentence_is_copied():
    source = [ARCHIVE / "group-README.md", *ARCHIVE.glob("weekly-work/*/README.md")]
    runs = set()
    for file in source:
        all_words = words(file.read_text())
        runs |= {tuple(all_words[i : i + 8]) for i in range(len(all_words) - 7)}
    texts = prose(yaml.safe_load(GROUP_FILE.read_text()))

    copied = [
        " ".join(mine[i : i + 8])
        for mine in map(words, texts)
        for i in range(len(mine) - 7)
        if tuple(mine[i : i + 8]) in runs
    ]

    assert len(source) == 9
    assert len(texts) > 60
    assert copied == []
    assert [text for text in texts if "!" in text] == []


# --- load_demo -------------------------------------------------------------------------------------------
def test_demonstration_is_a_living_group(db, capsys):
    call_command("load_demo")

    assert Counter(Member.objects.values_list("state", flat=True)) == {
        "active": 18,
        "on_leave": 1,
        "alumni": 6,
    }
    assert Member.objects.active().filter(role="organiser").count() == 2
    assert Application.objects.count_by_state() == {
        State.UNCONFIRMED: 2,
        State.WAITING: 11,
        State.SHORTLISTED: 3,
        State.INVITED: 1,
        State.DORMANT: 1,
        State.JOINED: 2,
        State.DECLINED: 2,
        State.WITHDRAWN: 2,
    }
    assert Invitation.objects.open().get().expires_at > timezone.now() + timedelta(days=13)
    for email in ("organiser@example.org", "owen.achterberg@example.org"):
        assert Application.objects.unreviewed_by(User.objects.get(email=email)).count() >= 5
    assert Review.objects.exclude(scores__isnull=False).count() == 0
    session = Session.objects.upcoming(now=timezone.now()).get()
    assert (session.number, Counter(Rsvp.objects.values_list("answer", flat=True))) == (
        18,
        {"yes": 13, "maybe": 2, "no": 1},
    )
    zone = session.zone
    assert session.local_start.date() == timezone.now().astimezone(zone).date() + timedelta(days=12)
    assert [p.presenters.get().member.name for p in session.presentations.order_by("slots__position")] == [
        "Greta Sundström",
        "Farid Noury",
    ]
    newcomer = Member.objects.get(user__email="member@example.org")
    assert (newcomer.progress.count(), newcomer.rsvps.count()) == (2, 0)
    assert sum(not member.user.email.endswith("@example.org") for member in Member.objects.all()) == 0


def test_demonstration_can_be_entered(db, client, capsys):
    call_command("load_demo")

    printed = capsys.readouterr().out
    for email, staff in (("organiser@example.org", True), ("member@example.org", False)):
        assert f"{email}  study-group-demo" in printed
        user = User.objects.get(email=email)
        assert client.login(username=email, password="study-group-demo")
        assert (user.is_staff, user.is_superuser) == (staff, staff)
        assert EmailAddress.objects.filter(user=user, verified=True, primary=True).exists()
    assert Application.objects.get(email="gulnara.a@example.org").get_absolute_url() in printed


def test_demonstration_leaves_two_mails_to_send(db, capsys):
    call_command("load_demo")

    unsent = Message.objects.exclude(state="sent").order_by("kind")
    assert list(unsent.values_list("kind", "state")) == [
        ("confirm_address", "queued"),
        ("invitation", "draft"),
    ]
    sent = Message.objects.filter(state="sent")
    assert sent.count() > 40
    assert not any(message.sent_at > timezone.now() for message in sent)


def test_demonstration_sends_nothing_where_mail_leaves(db, capsys, settings):
    settings.MAIL_LEAVES_HERE = True

    call_command("load_demo")

    assert Message.objects.waiting().count() == 0


def test_history_of_every_application_is_in_order(db, capsys):
    call_command("load_demo")

    for application in Application.objects.all():
        changes = list(application.changes.order_by("pk"))
        assert [c.at for c in changes] == sorted(c.at for c in changes)
        assert changes[0].at == application.applied_at
        assert changes[-1].after == application.state
        assert all(change.at <= timezone.now() for change in changes)
        assert application.applied_at > timezone.now() - timedelta(
            days=43 if application.is_open and application.state != State.DORMANT else 231
        )


def test_load_demo_twice_changes_nothing_people_did(db, capsys):
    call_command("load_demo")
    Group.objects.update(tagline="Changed by a visitor")
    Session.objects.filter(number=18).update(state="cancelled")
    User.objects.get(email="member@example.org").delete()
    before = everything()
    capsys.readouterr()

    call_command("load_demo")

    assert everything() == before
    assert capsys.readouterr().out.splitlines() == [
        "The demonstration is loaded already; nothing was changed.",
        f"  Sign in at {settings.SITE_URL}/accounts/login/",
        "    organiser@example.org  study-group-demo  (organiser, may open /admin/)",
        f"  The private page of Gulnara Abdrakhmanova, who has applied: {settings.SITE_URL}"
        + Application.objects.get(email="gulnara.a@example.org").get_absolute_url(),
        "  Its next session is over. Plan another one, or load the demonstration afresh into an empty "
        "database.",
    ]


REFUSED = "This database holds a group or accounts of its own; the demonstration was not loaded.\n"


@pytest.mark.parametrize(
    "foreign",
    [
        lambda: GroupFactory(name="Tuesday Readers"),
        lambda: UserFactory(email="somebody@example.org"),
        lambda: load(GROUP_FILE, now=timezone.now()),  # the real group, with its own file and no people
        lambda: (GroupFactory(name="Tuesday Readers"), UserFactory(email="organiser@example.org")),
    ],
)
def test_foreign_database_gets_nothing(db, capsys, foreign):
    foreign()
    before = everything()

    call_command("load_demo")

    assert everything() == before
    assert capsys.readouterr().out == REFUSED


def test_public_address_gets_no_known_passwords(db, capsys, settings):
    settings.HTTPS = True

    call_command("load_demo")

    assert User.objects.count() == 0
    assert "was not loaded" in capsys.readouterr().out

    call_command("load_demo", public=True)

    assert User.objects.count() == 25


def test_changed_password_is_not_printed(db, capsys):
    call_command("load_demo")
    user = User.objects.get(email="organiser@example.org")
    user.set_password("something else entirely")
    user.save()
    capsys.readouterr()

    call_command("load_demo")

    assert "organiser@example.org  with the password that you gave it" in capsys.readouterr().out


def test_names_agree():
    file = yaml.safe_load(GROUP_FILE.read_text())

    assert file["group"]["name"] == load_demo.NAME
    assert load_demo.read_people()["applicant"] in {
        a["email"] for a in load_demo.read_people()["applications"]
    }
