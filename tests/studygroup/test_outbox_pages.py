"""The outbox's pages: the list and its filters, one mail, editing it, several at once; who may see them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from outbox import kinds
from outbox.kinds import Kind
from outbox.models import Message, MessageStep
from studygroup import outbox_list
from tests.factories import ApplicationFactory, MemberFactory, PresenterFactory, SessionFactory
from tests.mails import write_text
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
State, Why = Message.State, Message.Why
TOKEN = "pLx9_7-quiteLong-secret"
LIST = "/organise/outbox/"
OTHERS = {
    State.SENDING: {"leased_until": NOW},
    State.SENT: {"sent_at": NOW},
    State.HELD: {"held_because": Why.DISCARDED},
}


@pytest.fixture(autouse=True)
def kind(monkeypatch) -> Kind:
    """A kind of mail that is outdated as soon as its source says so."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds._kinds["pages_test"] = Kind(
        "pages_test",
        "A test comes",
        "Tests",
        "You get this because you read tests.",
        outdated=lambda message, now: "The day has passed." if "yesterday" in message.source else "",
    )
    kinds._kinds["other"] = Kind("other", "Another", "Tests", "You get this because you read tests.")
    return kinds._kinds["pages_test"]


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def write(n=1, state=State.DRAFT, *, text="Come along.", subject="A fact", secrets=(), **fields) -> Message:
    with transaction.atomic():
        message = write_text(
            kind=fields.pop("kind", "pages_test"),
            about=fields.pop("about", f"thing:{n}"),
            to=fields.pop("to", f"reader{n}@example.org"),
            parts=(subject, text),
            now=NOW,
            secrets=secrets,
        )
    moment = NOW - timedelta(minutes=n)
    fields = {"created_at": moment} | OTHERS.get(state, {}) | fields
    Message.objects.filter(pk=message.pk).update(state=state, **fields)
    message.refresh_from_db()
    return message


def listed(page) -> list[int]:
    """The mails of a list, in its order."""
    return [int(pk) for pk in re.findall(r'id="mail_(\d+)"', page.text)]


def link(page, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page.text)
    return unescape(found[1]) if found else ""


# --- The list ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", [*outbox_list.STATES, ""])
def test_list_by_state_shows_those_and_counts_all(group, desk, state):
    mails = {str(one): write(n, one) for n, one in enumerate(State)}
    mails["bounced"] = write(9, State.SENT, bounced_at=NOW)
    MessageStep.objects.create(message=mails["bounced"], what="bounced", at=NOW)
    page = desk.get(LIST, {"state": state})
    shown = {
        "": list(mails),
        "queued": ["queued", "sending"],
        "sent": ["sent", "bounced"],
    }.get(state, [state])
    assert listed(page) == [mails[one].pk for one in shown]
    for label, count in [("Drafts", 1), ("On their way", 2), ("Sent", 2), ("Failed", 1), ("Came back", 1)]:
        assert f">{label}, {count}</a>" in page.text


def test_list_is_narrowed_by_kind_day_and_person(group, desk):
    member = MemberFactory(user__name="Zoë Ruiz", user__email="zoe@example.org")
    applicant = ApplicationFactory(name="Zoltan Kis", email="kis@example.org")
    guest = PresenterFactory(guest_name="Professor Zomer", email="")
    mails = [
        write(1, kind="other"),
        write(2, recipient=f"user:{member.user_id}"),
        write(3, to="zoe@example.org"),
        write(4, recipient=f"application:{applicant.pk}"),
        write(5, recipient=f"presenter:{guest.pk}"),
        write(6, created_at=NOW - timedelta(days=11)),
    ]
    asked = {
        "kind=other": [0],
        "q=Zoë": [1, 2],
        "q=kis%40example.org": [3],
        "q=zo": [1, 2, 3, 4],
        "q=READER6%40example.org": [5],
        f"person=user:{member.user_id}": [1, 2],
        f"person=application:{applicant.pk}": [3],
        "person=user:999999": [],
        f"since={NOW - timedelta(days=8):%Y-%m-%d}": [0, 1, 2, 3, 4],
        "state=sent&q=zo": [],
        "thread=thing:4": [3],
    }
    found = {query: listed(desk.get(f"{LIST}?{query}")) for query in asked}
    assert found == {query: [mails[n].pk for n in numbers] for query, numbers in asked.items()}


@pytest.mark.parametrize(
    "query",
    [
        "state=x", "kind=%00", "since=tomorrow", "person=user:x", "q=%00", "q='\\&|!:*", "after=x",
        "before=~1", "after=9999999999999999999999", "since=0001-01-01", f"q={'x' * 300}",
        "person=user:999999999999999999",
    ],
)  # fmt: skip
def test_list_takes_any_query(group, desk, query):
    write()
    assert desk.get(f"{LIST}?{query}").status_code == 200


def test_day_that_is_none_is_said(group, desk):
    assert "Write the day as 2026-03-31; it is left out now." in desk.get(f"{LIST}?since=soon").text


def test_pages_follow_one_another_there_and_back(group, desk, monkeypatch):
    monkeypatch.setattr(outbox_list, "PAGE", 2)
    mails = [write(n, State.SENT, created_at=NOW if n < 3 else NOW - timedelta(hours=n)).pk for n in range(5)]
    newest = sorted(mails[:3], reverse=True) + mails[3:]
    first = desk.get(f"{LIST}?state=sent")
    second = desk.get(link(first, "next"))
    third = desk.get(link(second, "next"))
    assert [listed(page) for page in (first, second, third)] == [newest[:2], newest[2:4], newest[4:]]
    assert (link(first, "prev"), link(third, "next")) == ("", "")
    back = desk.get(link(third, "prev"))
    assert listed(back) == newest[2:4]
    assert listed(desk.get(link(back, "prev"))) == newest[:2]
    assert parse_qs(urlsplit(link(second, "prev")).query)["state"] == ["sent"]


def test_counts_stop_at_more_than_a_hundred(group, desk):
    one = write()
    Message.objects.bulk_create(
        Message(kind="k", about=f"{n}", to="a@example.org", subject="S", source="s", text="t", html="h",
                state="draft", message_id=f"<{n}>", created_at=NOW, due_at=NOW)
        for n in range(100)
    )  # fmt: skip
    assert ">Drafts, more than 100</a>" in desk.get(LIST).text
    one.delete()
    assert ">Drafts, 100</a>" in desk.get(LIST).text


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_lists_cost_a_fixed_number_of_queries(group, desk, rows):
    session = SessionFactory()
    for n in range(rows):
        member = MemberFactory(state="alumni", left_at=NOW)
        write(2 * n, recipient=f"user:{member.user_id}", thread=f"session:{session.pk}", secrets=[TOKEN])
        write(2 * n + 1, State.SENT, recipient=f"application:{ApplicationFactory().pk}")
    addresses = [LIST, f"{LIST}?state=draft", f"{LIST}?q=a", f"{LIST}?person=user:{member.user_id}"]
    costs = dict.fromkeys(addresses, 8)
    assert queries_of(desk, costs) == costs


# --- Drafts ------------------------------------------------------------------------------------------
def test_drafts_stand_first_by_what_caused_them(group, desk):
    together = [write(n, subject="Session 18", thread="session:18").pk for n in range(3)]
    alone = [write(n, subject=f"For {n}", kind="pages_test").pk for n in (5, 6)]
    write(7, State.SENT)
    groups, more = outbox_list.drafts()
    assert [(each.title, each.count, each.picks) for each in groups] == [
        ("Session 18", 3, ",".join(map(str, together))),
        ("A test comes", 2, ",".join(map(str, alone))),
    ]
    assert not more
    page = desk.get(LIST).text
    assert page.index("Waiting to be released") < page.index("All mails")
    assert "state=draft&amp;kind=pages_test&amp;thread=session%3A18" in page


def test_several_are_looked_at_before_anything_happens(group, desk):
    drafts, sent = [write(n, to=f"r{n // 2}@example.org") for n in range(3)], write(9, State.SENT)
    picks = ",".join(str(mail.pk) for mail in [*drafts, sent])
    page = desk.post("/organise/outbox/together/", {"do": "release", "pick": picks})
    assert page.status_code == 200
    assert "Release three mails" in page.text
    assert "Two people get mail at once" in page.text
    assert "To be left as they are" in page.text
    assert {mail.state for mail in Message.objects.filter(pk__in=[each.pk for each in drafts])} == {"draft"}


@pytest.fixture
def quiet(group):
    """Quiet hours from an hour ago to three hours on, whatever the time is now."""
    clock = timezone.now().astimezone(ZoneInfo(group.time_zone))
    group.quiet_from, group.quiet_until = ((clock + timedelta(hours=n)).time() for n in (-1, 3))
    group.save()
    return f"when the quiet hours end, at {group.quiet_until:%H:%M}"


@pytest.mark.parametrize(
    ("urgent", "when"), [((False, False), "{}"), ((True, False), "at once, or {}"), ((True, True), "at once")]
)
def test_release_during_quiet_hours_says_when_mails_go(quiet, desk, urgent, when):
    mails = [write(n, urgent=is_urgent) for n, is_urgent in enumerate(urgent)]
    picks, seen = (",".join(f"{mail.pk}{end}" for mail in mails) for end in ("", ":0"))
    looked = desk.post("/organise/outbox/together/", {"do": "release", "pick": picks})
    assert f"Two people get mail {when.format(quiet)};" in looked.text
    done = desk.post("/organise/outbox/together/confirm/", {"do": "release", "seen": seen}, follow=True)
    assert f"2 mails are released and go out {when.format(quiet)}." in done.text


def test_single_release_during_quiet_hours_says_when_it_goes(quiet, desk):
    found = {}
    for n, urgent in enumerate((False, True)):
        page = desk.post(f"{LIST}{write(n, urgent=urgent).pk}/release/", follow=True)
        found[urgent] = page.context["messages"]._loaded_data[0].message
    assert found == {
        False: f"The mail is released and goes out {quiet}.",
        True: "The mail is released and goes out at once.",
    }


def test_list_of_one_event_names_it(group, desk):
    session = SessionFactory(number=18, title="Trees")
    page = desk.get(f"{LIST}?thread=session:{session.pk}").text
    link = f'<a href="{reverse("organise:session", args=[session.pk])}" dir="auto">Session 18: Trees</a>'
    assert f"Mails about {link}" in page


def test_several_are_released_and_each_outcome_is_told(group, organiser, desk):
    good, old, sent = write(1), write(2, text="It was yesterday."), write(3, State.SENT)
    seen = ",".join(f"{mail.pk}:0" for mail in (good, old, sent))
    page = desk.post(
        "/organise/outbox/together/confirm/",
        {"do": "release", "seen": seen, "query": "state=draft&x=//evil.example"},
        follow=True,
    )
    assert page.redirect_chain == [(f"{LIST}?state=draft", 302)]
    assert "One mail is released and goes out at once." in page.text
    assert "One mail is held back: The day has passed." in page.text
    assert "One mail is left as it stood: It is sent." in page.text
    assert list(MessageStep.objects.values_list("message", "what", "by")) == [
        (good.pk, "released", f"user:{organiser.pk}"),
        (old.pk, "held", f"user:{organiser.pk}"),
    ]


def test_several_released_twice_are_sent_once_and_it_is_said(group, desk):
    mail = write()
    data = {"do": "release", "seen": f"{mail.pk}:0"}
    desk.post("/organise/outbox/together/confirm/", data)
    again = desk.post("/organise/outbox/together/confirm/", data, follow=True)
    assert "This mail is queued. Nothing was changed." in again.text
    assert mail.steps.count() == 1


def test_several_are_discarded(group, desk):
    mails = [write(n) for n in range(2)]
    seen = ",".join(f"{mail.pk}:0" for mail in mails)
    page = desk.post("/organise/outbox/together/confirm/", {"do": "discard", "seen": seen}, follow=True)
    assert "2 mails are discarded." in page.text
    assert {mail.held_because for mail in Message.objects.all()} == {Why.DISCARDED}


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/organise/outbox/together/", {"do": "release"}),
        ("/organise/outbox/together/", {"do": "drop", "pick": "1"}),
        ("/organise/outbox/together/", {"do": "release", "pick": "x,99999999999999999999"}),
        ("/organise/outbox/together/confirm/", {"do": "release", "seen": "1:x"}),
        ("/organise/outbox/together/confirm/", {"do": "release", "seen": "1:0"}),
        ("/organise/outbox/together/confirm/", {}),
    ],
)
def test_nothing_usable_is_told_and_changes_nothing(group, desk, address, data):
    page = desk.post(address, data, follow=True)
    assert page.status_code == 200
    assert 'class="note note-stop"' in page.text


# --- One mail ----------------------------------------------------------------------------------------
ACTIONS = {
    State.DRAFT: ["release", "edit", "discard"],
    State.QUEUED: ["discard"],
    State.SENDING: [],
    State.SENT: [],
    State.FAILED: ["retry", "edit", "discard"],
    State.HELD: ["restore", "edit"],
}


@pytest.mark.parametrize("state", list(State))
def test_mail_offers_what_its_state_allows(group, desk, state):
    mail = write(1, state)
    page = desk.get(f"{LIST}{mail.pk}/").text
    assert (
        re.findall(rf"/organise/outbox/{mail.pk}/(release|retry|restore|edit|discard)/", page)
        == ACTIONS[state]
    )
    assert page.count("btn-primary") == (state in (State.DRAFT, State.FAILED, State.HELD))


def test_mail_says_why_it_came_and_what_happened(group, organiser, desk):
    session = SessionFactory(number=18, title="Trees")
    member = MemberFactory(user__name="Zoë Ruiz")
    mail = write(
        1,
        State.FAILED,
        about=f"session:{session.pk}:announced",
        recipient=f"user:{member.user_id}",
        error="554 No such reader",
        attempts=3,
        calendar="BEGIN:VCALENDAR",
    )
    desk.post(f"{LIST}{mail.pk}/retry/")
    page = desk.get(f"{LIST}{mail.pk}/").text
    assert "You get this because you read tests." in page
    assert f'href="{reverse("organise:session", args=[session.pk])}" dir="auto">Session 18: Trees</a>' in page
    assert f'href="{reverse("organise:member", args=[member.pk])}" dir="auto">Zoë Ruiz</a>' in page
    assert "Queued again, by <bdi>Orla Quinn</bdi>" in page
    assert "The mail server said: 554 No such reader" in page
    assert "With an invitation that calendars understand" in page


@pytest.mark.parametrize(
    ("verb", "state", "told", "after"),
    [
        ("release", State.DRAFT, "The mail is released and goes out at once.", State.QUEUED),
        ("discard", State.QUEUED, "The mail is discarded. It can be taken back.", State.HELD),
        ("restore", State.HELD, "The mail is a draft again.", State.DRAFT),
        ("retry", State.FAILED, "The mail is queued again.", State.QUEUED),
        ("release", State.SENT, "This mail is sent. Nothing was changed.", State.SENT),
        ("discard", State.SENDING, "This mail is being sent. Nothing was changed.", State.SENDING),
        ("restore", State.DRAFT, "This mail waits to be released. Nothing was changed.", State.DRAFT),
        ("retry", State.SENT, "This mail is sent, not failed. Nothing was changed.", State.SENT),
    ],
)
def test_action_is_done_once_and_told(group, desk, verb, state, told, after):
    mail = write(1, state)
    page = desk.post(f"{LIST}{mail.pk}/{verb}/", follow=True)
    assert told in page.text
    mail.refresh_from_db()
    assert mail.state == after


def test_release_of_what_somebody_edited_meanwhile_is_refused(group, desk):
    mail = write(version=3)
    page = desk.post(f"{LIST}{mail.pk}/release/", {"seen": "2"}, follow=True)
    assert "Somebody edited it meanwhile; read it again." in page.text
    mail.refresh_from_db()
    assert mail.state == State.DRAFT


def test_outdated_draft_says_so_and_is_held_when_released(group, desk):
    mail = write(text="It was yesterday.")
    assert "The day has passed. If you release the mail" in desk.get(f"{LIST}{mail.pk}/").text
    page = desk.post(f"{LIST}{mail.pk}/release/", follow=True)
    assert "The mail is held back: The day has passed." in page.text


@pytest.mark.parametrize("steps", [1, 3, 120])
def test_one_mail_costs_a_fixed_number_of_queries(group, organiser, desk, steps):
    mail = write(1, about=f"session:{SessionFactory().pk}", recipient=f"user:{organiser.pk}")
    for _ in range(steps):
        mail.steps.create(what="edited", by=f"user:{organiser.pk}", at=NOW)
    costs = {f"{LIST}{mail.pk}/": 8, f"{LIST}{mail.pk}/edit/": 6, f"{LIST}{mail.pk}/as-seen/": 5}
    assert queries_of(desk, costs) == costs


def test_frame_has_a_policy_of_its_own_and_links_open_outside_it(group, desk):
    mail = write(text="See https://example.org/x")
    answer = desk.get(f"{LIST}{mail.pk}/as-seen/")
    policy = answer.headers["Content-Security-Policy"]
    *others, style = sorted(policy.split("; "), key=lambda part: part.startswith("style-src"))
    assert re.fullmatch(r"style-src 'sha256-[\w+/]{43}='", style)
    assert set(others) == {
        "default-src 'none'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    }
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<a target="_blank" rel="noopener noreferrer" href="https://example.org/x"' in answer.text
    page = desk.get(f"{LIST}{mail.pk}/")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"] + policy
    assert page.headers["X-Frame-Options"] == "DENY"


# --- Editing -----------------------------------------------------------------------------------------
def change(client, mail, version=0, address="edit/", **data):
    typed = {"subject": "New", "source": "Other *words*.", "version": version} | data
    return client.post(f"{LIST}{mail.pk}/{address}", typed)


def test_edit_saves_and_shows_the_mail(group, desk):
    mail = write()
    assert change(desk, mail).headers["Location"] == f"{LIST}{mail.pk}/"
    mail.refresh_from_db()
    assert (mail.subject, mail.source, mail.version) == ("New", "Other *words*.\n", 1)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"subject": ""}, "Write a subject; the reader sees it first."),
        ({"source": ""}, "Write something; an empty mail says nothing."),
        ({"source": "x" * 50_001}, "Shorten the text"),
        ({"subject": "x" * 251}, "Shorten the subject"),
        ({"version": "x"}, "it no longer knows with which version you began"),
    ],
)
def test_edit_that_says_too_little_or_too_much_keeps_what_was_typed(group, desk, typed, sentence):
    mail = write()
    page = change(desk, mail, **({"source": "What I typed."} | typed))
    assert (page.status_code, sentence in page.text) == (422, True)
    assert ("What I typed." in page.text) == ("source" not in typed)
    mail.refresh_from_db()
    assert mail.version == 0


def test_edit_of_what_somebody_else_changed_shows_both(group, desk, organiser, client_of):
    mail, other = write(), MemberFactory(role="organiser", user__name="Max Adler").user
    change(client_of(other), mail, source="Theirs alone.")
    page = change(desk, mail, source="Mine alone.")
    assert page.status_code == 409
    assert "<bdi>Max Adler</bdi> saved first" in page.text
    assert "Theirs alone." in page.text
    assert "Mine alone.</textarea>" in page.text
    assert change(desk, mail, version=1, source="Mine alone.").status_code == 302
    mail.refresh_from_db()
    assert mail.source == "Mine alone.\n"


def test_edit_of_a_mail_that_left_meanwhile_is_told(group, desk):
    mail = write(1, State.SENDING)
    assert desk.get(f"{LIST}{mail.pk}/edit/").headers["Location"] == f"{LIST}{mail.pk}/"
    page = change(desk, mail)
    assert (page.status_code, "so its words stay. Nothing was changed." in page.text) == (409, True)


def test_preview_shows_the_mail_and_keeps_nothing(group, desk):
    mail = write()
    whole = change(desk, mail, address="edit/preview/")
    part = desk.post(
        f"{LIST}{mail.pk}/edit/preview/",
        {"subject": "New", "source": "Other *words*.", "version": 0},
        headers={"HX-Request": "true"},
    )
    for page in (whole, part):
        assert page.status_code == 200
        assert "<p>Other <em>words</em>.</p>" in page.text
        assert "You get this because you read tests." in page.text
    assert ("<html" in whole.text, "<html" in part.text) == (True, False)
    assert change(desk, mail, address="edit/preview/", source="").status_code == 422
    mail.refresh_from_db()
    assert mail.version == 0


# --- Safety ------------------------------------------------------------------------------------------
def every_page(mail: Message) -> list[str]:
    return [
        LIST,
        f"{LIST}?state=draft",
        f"{LIST}{mail.pk}/",
        f"{LIST}{mail.pk}/as-seen/",
        f"{LIST}{mail.pk}/edit/",
    ]


def test_pages_are_the_organisers_alone(group, member, client, client_of):
    mail = write()
    reviewer = MemberFactory(role="reviewer").user
    posts = [
        f"{LIST}{mail.pk}/{verb}/" for verb in ("release", "discard", "restore", "retry", "edit/preview")
    ]
    posts += [f"{LIST}together/", f"{LIST}together/confirm/", f"{LIST}{mail.pk}/edit/"]
    for address in every_page(mail):
        assert client.get(address).status_code == 302
        assert [client_of(user).get(address).status_code for user in (member.user, reviewer)] == [403, 403]
    for address in posts:
        assert client.post(address).headers["Location"].startswith("/accounts/login/")
        assert [client_of(user).post(address).status_code for user in (member.user, reviewer)] == [403, 403]
    mail.refresh_from_db()
    assert mail.state == State.DRAFT


def test_reading_changes_nothing(group, desk):
    mail = write()
    before = Message.objects.values().get()
    for address in [*every_page(mail), f"{LIST}together/", f"{LIST}{mail.pk}/edit/preview/"]:
        desk.get(address)
    assert Message.objects.values().get() == before
    for verb in ("release", "discard", "restore", "retry"):
        assert desk.get(f"{LIST}{mail.pk}/{verb}/").status_code == 405


@pytest.mark.parametrize("leaves", [True, False])
def test_private_links_are_readable_only_where_mail_stays_here(group, organiser, desk, settings, leaves):
    settings.MAIL_LEAVES_HERE = leaves
    organiser.is_staff = organiser.is_superuser = True
    organiser.save()
    member = MemberFactory()
    application = ApplicationFactory()
    Message.objects.all().delete()
    guest = PresenterFactory(guest_name="Guest", email="guest@example.org", member=None)
    mail = write(
        text=f"Open https://example.org/in/{TOKEN}/ now",
        secrets=[TOKEN],
        recipient=f"user:{member.user_id}",
    )
    admin = [
        desk.get(reverse("admin:outbox_message_changelist")),
        desk.get(reverse("admin:outbox_message_change", args=[mail.pk])),
    ]
    write(4, subject=f"Code {TOKEN}", secrets=[TOKEN], recipient=f"user:{member.user_id}")
    for n, key in enumerate((f"application:{application.pk}", f"presenter:{guest.pk}"), start=2):
        write(n, subject=f"Code {TOKEN}", secrets=[TOKEN], recipient=key)
    conflict = {"subject": "S", "source": "PRIVATE-LINK-1", "version": 7}
    pages = [
        *map(desk.get, every_page(mail)),
        desk.post(f"{LIST}together/", {"do": "release", "pick": str(mail.pk)}),
        desk.post(f"{LIST}{mail.pk}/edit/", conflict),
        desk.post(f"{LIST}{mail.pk}/edit/", {"subject": "S", "source": "Lost.", "version": 0}),
        desk.post(
            f"{LIST}{mail.pk}/edit/preview/", {"subject": "S", "source": "PRIVATE-LINK-1", "version": 0}
        ),
        desk.get(reverse("organise:member", args=[member.pk])),
        desk.get(reverse("organise:application", args=[application.pk])),
        desk.get(reverse("organise:presenter", args=[guest.pk])),
        *admin[1:],
    ]
    assert admin[0].status_code == 200
    assert TOKEN not in admin[0].text
    assert [page.status_code for page in pages if page.status_code not in (200, 409, 422)] == []
    readable = [page.request["PATH_INFO"] for page in pages if TOKEN in page.text]
    assert (readable == []) == leaves, readable
    if leaves:
        # The page before a release tells subjects alone.
        assert sum("PRIVATE-LINK-1" in page.text for page in pages) == len(pages) - 1


def test_lost_link_is_named_beside_the_text(group, desk, settings):
    settings.MAIL_LEAVES_HERE = True
    mail = write(text=f"Open https://example.org/in/{TOKEN}/ now", secrets=[TOKEN])
    page = change(desk, mail, source="Nothing of it.")
    assert (page.status_code, "Put PRIVATE-LINK-1 back" in page.text) == (422, True)
    assert change(desk, mail, source="<https://example.org/in/PRIVATE-LINK-1/>").status_code == 302
    mail.refresh_from_db()
    assert mail.text.startswith(f"https://example.org/in/{TOKEN}/")


def test_what_people_typed_is_shown_and_not_run(group, desk):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    mail = write(text=f"{evil} [x](javascript:alert(1))", subject=f"{evil} subject")
    pages = [*map(desk.get, every_page(mail)), change(desk, mail, address="edit/preview/", source=evil)]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert 'href="javascript' not in page.text
    assert all("&lt;script&gt;alert(1)" in page.text for page in pages)


# --- A person's page ---------------------------------------------------------------------------------
def test_persons_pages_list_what_was_written_to_them(group, desk):
    member = MemberFactory(user__email="zoe@example.org")
    application = ApplicationFactory(email="kis@example.org")
    guest = PresenterFactory(guest_name="Guest", email="guest@example.org", member=None)
    Message.objects.all().delete()
    people = [
        ("organise:member", member.pk, f"user:{member.user_id}", "zoe@example.org"),
        ("organise:application", application.pk, f"application:{application.pk}", "kis@example.org"),
        ("organise:presenter", guest.pk, f"presenter:{guest.pk}", "guest@example.org"),
    ]
    for n, (_, _, key, address) in enumerate(people):
        write(10 * n, recipient=key, subject=f"By key {n}")
        write(10 * n + 1, to=address, subject=f"By address {n}")
    for n, (page, pk, key, _) in enumerate(people):
        text = desk.get(reverse(page, args=[pk])).text
        assert re.findall(r'dir="auto">(By \w+ \d)</a>', text) == [f"By key {n}", f"By address {n}"]
        assert f'href="{LIST}?person={key.replace(":", "%3A")}"' in text


def test_persons_page_lists_twenty_and_says_that_there_are_more(group, desk):
    member = MemberFactory()
    for n in range(21):
        write(n, recipient=f"user:{member.user_id}", subject=f"Mail {n}")
    page = desk.get(reverse("organise:member", args=[member.pk])).text
    assert len(re.findall(r">Mail \d+</a>", page)) == 20
    assert "There are more." in page


def test_dashboard_names_drafts_failed_and_returned_mails(group, desk):
    write(1, created_at=NOW - timedelta(days=3))
    write(2)
    write(3, State.FAILED)
    write(4, State.SENT, bounced_at=NOW)
    page = desk.get("/organise/").text
    assert "Two mails wait to be released" in page
    assert "The oldest was written three days ago" in page
    assert "One mail has failed" in page
    assert "One mail has come back" in page


def test_edit_of_drafts_that_are_alike_changes_them_together_and_names_those_that_differ(group, desk):
    first, second, third = (
        write(n, text=text, about=f"session:18:{n}")
        for n, text in ((1, "Dear A,\n\non Mnday."), (2, "Dear B,\n\non Mnday."), (3, "Another day."))
    )
    page = desk.get(f"{LIST}{first.pk}/edit/")
    assert "Change the 2 other drafts like it, too" in page.text
    typed = {"subject": "A fact", "source": "Dear A,\n\non Monday.", "version": 0}
    answer = desk.post(f"{LIST}{first.pk}/edit/", typed | {"together": "on"}, follow=True)
    assert "2 mails are changed." in answer.text
    assert f"Not changed, since they differ in that place: {third.to}." in answer.text
    texts = Message.objects.order_by("to").values_list("source", flat=True)
    assert list(texts) == ["Dear A,\n\non Monday.\n", "Dear B,\n\non Monday.\n", "Another day.\n"]
    desk.post(f"{LIST}{second.pk}/edit/", typed | {"source": "Alone.", "version": 1})
    assert list(texts.all()) == ["Dear A,\n\non Monday.\n", "Alone.\n", "Another day.\n"]
