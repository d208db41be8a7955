"""An announced session gets another date or place: who hears of it, in which words, and how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.models.application import State
from outbox.models import Message
from sessions_app import changes, guests, planning, schedule
from sessions_app.models import Rsvp, Session
from sessions_app.planning import Plan
from tests.factories import (
    ApplicationFactory,
    GroupFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.filled import form_of, sentences, url_of
from tests.sessions_app.test_planning import values
from tests.sessions_app.test_public_pages import text_of

NOW = datetime(2027, 1, 2, 9, 0, tzinfo=UTC)
START = datetime(2027, 1, 20, 16, 30, tzinfo=UTC)  # 18:30 in Tallinn
PLACED = {"place": "Lantern Hall", "address": "1 Pikk, Tallinn", "online_url": "https://meet.example.org/a"}


def announced(**changes) -> Session:
    return SessionFactory(
        **{
            "number": 7,
            "title": "Neural *nets*",
            "starts_at": START,
            "ends_at": START + timedelta(hours=2),
            "announced_at": NOW - timedelta(days=9),
            **PLACED,
            **changes,
        }
    )


def save(session: Session, *, now=NOW, **changed) -> Session:
    same = {name: getattr(session, name) for name in values()}
    plan = Plan(values={**same, **changed})
    return planning.save_session(
        session_id=session.pk, seen=planning.stored(session).version, plan=plan, now=now
    )


def words_of(mail: Message) -> str:
    """The mail without the lines that say why it came."""
    return mail.text.partition("\n-- \n")[0]


def mails_to(address: str) -> list[Message]:
    return list(Message.objects.filter(to=address, kind="session_changed").order_by("pk"))


# --- What the mail says --------------------------------------------------------------------------------
def test_another_date_and_place_is_one_mail_that_says_both(group, member):
    session = announced()

    saved = save(
        session,
        starts_at=START + timedelta(days=7, hours=1),
        ends_at=START + timedelta(days=7, hours=3),
        place="Kumu <i>café</i>",
        address="",
    )

    (mail,) = mails_to(member.user.email)
    assert saved.told == 1
    assert mail.about == f"session:{session.pk}:1"
    assert mail.subject == "Session 7 is now on Wednesday 27 January, 19:30"
    assert (
        words_of(mail)
        == f"""Dear Mira Tamm,

session 7, Neural nets, has changed.

Date and time
was: Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time)
now: Wednesday 27 January 2027, 19:30 to 21:30 (Tallinn time)

Place
was: Lantern Hall
now: Kumu <i>café</i>

Address
was: 1 Pikk, Tallinn
now: not said

So it is on Wednesday 27 January 2027, 19:30 to 21:30 (Tallinn time), Kumu <i>café</i>. Join from afar: \
https://meet.example.org/a

If you have said whether you come, your answer stays. If it no longer fits, please answer again:

{settings.SITE_URL}/sessions/7/

Tuesday Readers
"""
    )
    assert "Kumu &lt;i&gt;café&lt;/i&gt;" in mail.html


@pytest.mark.parametrize(
    ("changed", "subject", "lines"),
    [
        (
            {"ends_at": START + timedelta(hours=3)},
            "Session 7 is now on Wednesday 20 January, 18:30",
            [
                "was: Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time)",
                "now: Wednesday 20 January 2027, 18:30 to 21:30 (Tallinn time)",
            ],
        ),
        (
            {"time_zone": "America/New_York"},
            "Session 7 is now on Wednesday 20 January, 11:30",
            [
                "was: Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time)",
                "now: Wednesday 20 January 2027, 11:30 to 13:30 (New York time)",
            ],
        ),
        (
            {"ends_at": START + timedelta(hours=8)},
            "Session 7 is now on Wednesday 20 January, 18:30",
            [
                "was: Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time)",
                "now: Wednesday 20 January 2027, 18:30 to Thursday 21 January 2027, 02:30 (Tallinn time)",
            ],
        ),
        (
            {"hours_known": False},
            "Session 7 is now on Wednesday 20 January",
            [
                "was: Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time)",
                "now: Wednesday 20 January 2027",
            ],
        ),
        (
            {"place": ""},
            "Session 7 on Wednesday 20 January has another place",
            ["was: Lantern Hall", "now: not said"],
        ),
        (
            {"address": "2 Pikk, Tallinn"},
            "Session 7 on Wednesday 20 January has another address",
            ["was: 1 Pikk, Tallinn", "now: 2 Pikk, Tallinn"],
        ),
        (
            {"online_url": "https://meet.example.org/b"},
            "Session 7 on Wednesday 20 January has another link to join from afar",
            ["was: https://meet.example.org/a", "now: https://meet.example.org/b"],
        ),
    ],
)
def test_each_change_has_its_words(group, member, changed, subject, lines):
    save(announced(), **changed)

    (mail,) = mails_to(member.user.email)
    told = [line for line in mail.text.splitlines() if line.startswith(("was: ", "now: "))]
    assert (mail.subject, told) == (subject, lines)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {
            "title": "Other",
            "summary": "Other",
            "agenda": "Other",
            "directions": "Other",
            "access_notes": "Other",
            "chairs": 3,
            "host": "Other",
            "warm_up": "Other?",
            "number": 8,
        },
    ],
)
def test_other_changes_are_no_news(group, member, changed):
    session = announced()

    saved = save(session, **changed)

    session.refresh_from_db()
    assert (saved.told, Message.objects.count()) == (0, 0)
    assert (session.sequence, session.changed_at) == (0, None)


# --- Who hears of it -----------------------------------------------------------------------------------
def test_active_members_hear_and_others_do_not(group, member):
    MemberFactory(state="on_leave", user__email="leave@example.org")
    MemberFactory(state="alumni", left_at=NOW, user__email="gone@example.org")
    MemberFactory(user__email="second@example.org")

    save(announced(), place="Kumu")

    told = Message.objects.values_list("kind", "to").order_by("to")
    assert list(told) == [("session_changed", "mira@example.org"), ("session_changed", "second@example.org")]


def on_leave(session: Session, address: str, answer: str = ""):
    """Somebody on leave, and what they said to the session."""
    away = MemberFactory(state="on_leave", user__email=address)
    if answer:
        Rsvp.objects.create(session=session, member=away, answer=answer, answered_at=NOW)
    return away


def announce_anew(session: Session) -> None:
    """As a session that was called off and is taken up again; the answers stay on record."""
    Session.objects.filter(pk=session.pk).update(state="draft", announced_at=None)
    schedule.announce(session_id=session.pk, now=NOW)


STEPS = {
    "session_announced": announce_anew,
    "session_changed": lambda session: save(session, place="Kumu"),
    "session_cancelled": lambda session: schedule.cancel(session_id=session.pk, now=NOW),
}


def addresses_of(kind: str) -> list[str]:
    return list(Message.objects.filter(kind=kind).order_by("to").values_list("to", flat=True))


@pytest.mark.parametrize("kind", STEPS)
def test_members_on_leave_who_may_come_hear_like_active_ones(group, member, kind):
    session = announced()
    on_leave(session, "yes@example.org", "yes")
    on_leave(session, "maybe@example.org", "maybe")
    on_leave(session, "no@example.org", "no")
    on_leave(session, "silent@example.org")
    on_leave(SessionFactory(), "elsewhere@example.org", "yes")
    gone = MemberFactory(state="alumni", left_at=NOW, user__email="gone@example.org")
    Rsvp.objects.create(session=session, member=gone, answer="yes", answered_at=NOW)

    STEPS[kind](session)

    assert addresses_of(kind) == ["maybe@example.org", "mira@example.org", "yes@example.org"]


def presented(session: Session, *people, state: str = "scheduled") -> None:
    """One talk of the session for each of these, who are members or a guest's address."""
    for person in people:
        given = {"email": person} if isinstance(person, str) else {"guest_name": "", "member": person}
        PresentationFactory(session=session, presenter=PresenterFactory(**given), state=state)


@pytest.mark.parametrize("kind", STEPS)
def test_presenters_hear_also_without_a_seat_and_each_once(group, member, kind):
    session = announced()
    away = on_leave(session, "leave@example.org", "no")
    gone = MemberFactory(state="alumni", left_at=NOW, user__email="gone@example.org")
    barred = MemberFactory(state="on_leave", user__email="barred@example.org", user__is_active=False)
    presented(session, member, away, gone, barred, "ana@example.net", "MIRA@example.org", "")
    presented(session, "declined@example.net", state="declined")
    presented(SessionFactory(), "elsewhere@example.net")
    PresentationFactory(
        session=session, presenter=PresenterFactory(guest_name="", email="erased@example.net")
    )

    STEPS[kind](session)

    assert addresses_of(kind) == [
        "ana@example.net",
        "gone@example.org",
        "leave@example.org",
        "mira@example.org",
    ]


@pytest.mark.parametrize("kind", STEPS)
def test_barred_account_hears_nothing(group, member, kind):
    MemberFactory(user__email="barred@example.org", user__is_active=False)
    STEPS[kind](announced())
    assert addresses_of(kind) == ["mira@example.org"]


@pytest.mark.parametrize("kind", ["session_changed", "session_cancelled"])
def test_presenter_with_a_guest_chair_hears_once(group, organiser, kind):
    session = announced()
    guest_of(session, organiser, "ada@example.org")
    presented(session, "Ada@example.org")

    STEPS[kind](session)

    assert addresses_of(kind) == ["ada@example.org", "orla@example.org"]


def test_only_presenters_who_sign_in_hear_of_the_link(group, member):
    session = announced()
    gone = MemberFactory(state="alumni", left_at=NOW, user__email="gone@example.org")
    presented(session, on_leave(session, "leave@example.org"), gone, "ana@example.net")

    by_link = save(session, online_url="https://meet.example.org/b")
    with_place = save(Session.objects.get(), online_url="https://meet.example.org/c", place="Kumu")

    told = {mail.to: "https://meet" in mail.text for mail in Message.objects.filter(about__endswith=":2")}
    assert (by_link.told, with_place.told) == (2, 4)
    assert told == {
        "mira@example.org": True,
        "leave@example.org": True,
        "gone@example.org": False,
        "ana@example.net": False,
    }


def test_presenter_who_does_not_sign_in_reads_what_fits_a_guest(group):
    session = announced(directions="Ring twice.")
    presented(session, "ana@example.net")

    announce_anew(session)
    save(Session.objects.get(), place="Kumu", online_url="")

    first, second, again = Message.objects.order_by("pk")
    assert first.text.splitlines()[6:9] == [
        "You present in it. Its page:",
        "",
        f"{settings.SITE_URL}/sessions/7/",
    ]
    assert second.text.splitlines()[4:13] == [
        "Place",
        "was: Lantern Hall",
        "now: Kumu",
        "",
        "So it is on Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time), Kumu, 1 Pikk, Tallinn.",
        "",
        "You present in it. If the change does not suit you, please tell us. Its page:",
        "",
        f"{settings.SITE_URL}/sessions/7/",
    ]
    assert again.kind == "session_announced"  # the first one waits still, and tells the old place
    for mail in (first, second, again):
        assert [word in mail.text for word in ("meet.example.org", "Ring twice")] == [False, False]


def test_announcing_asks_no_more_of_the_database_for_more_talks(group, member):
    counts = []
    for talks in (1, 3):
        session = announced(number=talks, state="draft", announced_at=None)
        guest = PresenterFactory(email="ana@example.net")
        for _ in range(talks):
            PresentationFactory(session=session, presenter=guest)
        with CaptureQueriesContext(connection) as queries:
            schedule.announce(session_id=session.pk, now=NOW)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def guest_of(session: Session, organiser, address: str, comes: bool | None = None):
    """Somebody from the shortlist with a chair, and what they said to it."""
    application = ApplicationFactory(name="Ada Lund", email=address, state=State.SHORTLISTED)
    chair = guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    if comes is not None:
        secret = Message.objects.get(kind="guest_chair", to=address).secrets[0]
        guests.answer(token=secret, comes=comes, now=NOW)
    return chair


def test_guest_hears_of_place_and_never_of_the_link(group, organiser):
    session = announced()
    chair = guest_of(session, organiser, "ada@example.org")

    saved = save(session, place="Kumu", online_url="https://meet.example.org/b")

    (mail,) = mails_to("ada@example.org")
    assert saved.told == 2  # the organiser is a member
    assert mail.about == f"application:{chair.application_id}:guest_chair:{chair.pk}:1"
    assert mail.subject == "Session 7 on Wednesday 20 January has another place"
    assert words_of(mail) == (
        """Dear Ada Lund,

session 7, Neural nets, has changed.

Place
was: Lantern Hall
now: Kumu

So it is on Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time), Kumu, 1 Pikk, Tallinn.

Your chair is kept. If you cannot come any more, please say so on your guest’s page; its address \
stands in the mail that offered you the chair.

Tuesday Readers
"""
    )
    chair.refresh_from_db()
    assert chair.state == "offered"


def test_guest_without_a_chair_hears_nothing_and_nobody_of_the_link_alone(group, organiser):
    session = announced()
    guest_of(session, organiser, "no@example.org", comes=False)
    guest_of(session, organiser, "yes@example.org", comes=True)

    by_link = save(session, online_url="https://meet.example.org/b")
    by_place = save(Session.objects.get(), place="Kumu")

    assert (by_link.told, by_place.told) == (1, 2)
    assert (len(mails_to("no@example.org")), len(mails_to("yes@example.org"))) == (0, 1)


# --- When ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["draft", "held", "cancelled"])
def test_session_that_is_not_announced_writes_to_nobody(group, member, state):
    session = announced(state=state)

    saved = save(session, place="Kumu", starts_at=START + timedelta(hours=1))

    assert (saved.told, saved.sequence, Message.objects.count()) == (0, 0, 0)


def test_two_changes_write_twice_and_count(group, member):
    session = announced()

    save(session, place="Kumu")
    save(Session.objects.get(), place="Lantern Hall", now=NOW + timedelta(seconds=1))

    session.refresh_from_db()
    assert [mail.about for mail in mails_to(member.user.email)] == [
        f"session:{session.pk}:1",
        f"session:{session.pk}:2",
    ]
    assert (session.sequence, session.changed_at) == (2, NOW + timedelta(seconds=1))


def test_answers_stay_after_a_change(group, member):
    session = announced()
    Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=NOW)

    save(session, starts_at=START + timedelta(hours=1))

    assert list(Rsvp.objects.values_list("member", "answer")) == [(member.pk, "yes")]


def test_session_to_come_cannot_be_moved_into_the_past(group, member):
    session = announced()

    with pytest.raises(changes.MovedIntoThePast, match="Choose a date to come; Session 7 is announced"):
        save(session, starts_at=NOW - timedelta(days=2), ends_at=NOW, title="Other")

    assert (Session.objects.get().title, Message.objects.count()) == ("Neural *nets*", 0)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        # What began an hour ago is corrected: over already, or going on until later.
        (timedelta(hours=-1), timedelta(hours=-3), 0),
        (timedelta(hours=-1), timedelta(minutes=-30), 1),
        # What was over is taken for another day in the past, and for one to come.
        (timedelta(days=-3), timedelta(days=-4), 0),
        (timedelta(days=-3), timedelta(days=4), 1),
    ],
)
def test_record_of_what_has_begun_may_be_corrected(group, member, was, becomes, told):
    session = announced(starts_at=NOW + was, ends_at=NOW + was + timedelta(hours=2))

    saved = save(session, starts_at=NOW + becomes, ends_at=NOW + becomes + timedelta(hours=2))

    assert (saved.told, saved.sequence, Message.objects.count()) == (told, told, told)


def test_cancelled_session_keeps_its_moment_and_counts_until_taken_up(group, member):
    session = announced()
    save(session, place="Kumu")
    Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=NOW)

    cancelled = schedule.cancel(session_id=session.pk, now=NOW)
    session.refresh_from_db()
    counted = [(session.cancelled_at, session.sequence)]
    schedule.reopen(session_id=cancelled.pk)
    session.refresh_from_db()
    counted.append((session.cancelled_at, session.sequence))

    # A calendar that was told of the cancellation takes what is announced again for newer.
    assert counted == [(NOW, 2), (None, 3)]
    assert Rsvp.objects.count() == 1


def test_draft_that_is_cancelled_was_in_no_calendar(group):
    session = announced(state="draft", announced_at=None)

    schedule.cancel(session_id=session.pk, now=NOW)
    schedule.reopen(session_id=session.pk)

    session.refresh_from_db()
    assert (session.sequence, session.cancelled_at) == (0, None)


# --- Two at once ---------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_saves_at_once_write_one_mail():
    GroupFactory()
    MemberFactory()
    session = announced()
    seen = planning.stored(session).version
    barrier = Barrier(2)

    def move(place: str):
        same = {name: getattr(session, name) for name in values()}
        try:
            barrier.wait()
            return planning.save_session(
                session_id=session.pk, seen=seen, plan=Plan(values={**same, "place": place}), now=NOW
            )
        except planning.Changed as changed:
            return changed
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(move, ["Kumu", "Fotografiska"]))

    assert sorted(type(result).__name__ for result in results) == ["Changed", "Session"]
    assert (Message.objects.count(), Session.objects.get().sequence) == (1, 1)


# --- On the page ---------------------------------------------------------------------------------------
def test_page_says_before_and_after_how_many_hear_of_it(as_organiser):
    MemberFactory()
    session = SessionFactory(number=7, place="Lantern Hall")
    page = as_organiser.get(url_of(session))
    data = form_of(page)

    moved = as_organiser.post(url_of(session), data | {"place": "Kumu"}, follow=True)
    same = as_organiser.post(url_of(session), form_of(moved) | {"title": "Renamed"}, follow=True)

    assert (
        "Saving another date, time, place or link writes to 2 members and to presenters and guests besides. "
        "Other changes send no mail."
    ) in text_of(page)
    assert "Session 7 is saved. 2 mails say what has changed. The mails are on their way." in text_of(moved)
    assert "Session 7 is saved. No mail was sent." in text_of(same)
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "days", "words"),
    [
        ("draft", 5, "Only organisers see a draft."),
        ("announced", -5, "Saving sends no mail."),
        ("held", -5, "Saving sends no mail."),
    ],
)
def test_page_of_a_session_that_writes_to_nobody_says_so(as_organiser, state, days, words):
    session = SessionFactory(state=state, starts_at=timezone.now() + timedelta(days=days))

    page = text_of(as_organiser.get(url_of(session)))

    assert words in page
    assert "writes to" not in page


def test_date_in_the_past_is_refused_at_the_field_and_stays_typed(as_organiser):
    noon = (timezone.now() + timedelta(days=12)).replace(hour=12)  # it ends on the day it starts
    session = SessionFactory(number=7, starts_at=noon)
    data = form_of(as_organiser.get(url_of(session))) | {"date": "2020-02-03", "title": "Typed"}

    page = as_organiser.post(url_of(session), data)

    assert page.status_code == 422
    assert [(problem.label, problem.sentence) for problem in page.context["problems"]] == [
        ("Date", "Choose a date to come; Session 7 is announced. To call it off, cancel it.")
    ]
    assert 'value="2020-02-03"' in text_of(page)
    assert sentences(page) == [page.context["problems"][0].sentence]
    session.refresh_from_db()
    assert session.title != "Typed"


def test_form_left_open_across_anothers_move_sends_nothing(as_organiser):
    session = SessionFactory(number=7, place="Lantern Hall")
    data = form_of(as_organiser.get(url_of(session))) | {"place": "Kumu"}
    Session.objects.update(place="Fotografiska")

    page = as_organiser.post(url_of(session), data)

    assert (page.status_code, Message.objects.count()) == (409, 0)
