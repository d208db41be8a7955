"""Guest chairs: the room's slack for one session, offered to the shortlist; no seat is taken."""

from datetime import timedelta

import pytest
from django.utils import timezone

from members import applying, keeping, seats
from members.errors import Refused
from members.models import Application
from members.models.application import State
from outbox.models import Message
from sessions_app import guests, schedule
from sessions_app.models import GuestChair, Rsvp, Session
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory, ReadingFactory, SessionFactory
from tests.members.test_races import at_once
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(
        number=18, title="Curiosity", chairs=4, directions="Ring at the *back* door.", place="Lantern Hall"
    )


@pytest.fixture
def guest(group) -> Application:
    return ApplicationFactory(name="Ada Lund", email="ada@example.org", state=State.SHORTLISTED)


def offer(session: Session, application: Application, organiser, now=NOW) -> GuestChair:
    return guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=now)


def token_of(chair: GuestChair) -> str:
    return Message.objects.get(kind="guest_chair", about__endswith=f":guest_chair:{chair.pk}").secrets[0]


# --- Offering ------------------------------------------------------------------------------------------
def test_offer_keeps_a_chair_writes_the_mail_and_takes_no_seat(session, guest, organiser, group, outbox):
    before = seats.count(group)

    chair = offer(session, guest, organiser)

    assert (chair.state, chair.offered_by) == ("offered", organiser)
    assert seats.count(group) == before
    assert outbox.kinds("ada@example.org") == ["guest_chair"]
    assert outbox.link("guest_chair", "ada@example.org") == f"/guest/{token_of(chair)}/"
    assert [str(change.reason) for change in guest.changes.all()] == [
        "Was offered a guest chair at session 18"
    ]
    guest.refresh_from_db()
    assert guest.state == State.SHORTLISTED


def test_slack_is_the_room_less_members_who_may_come_less_chairs_kept(session, guest, organiser, member):
    assert guests.free_chairs(session, capacity=20) == 2  # 4 chairs, two active members
    Rsvp.objects.create(session=session, member=member, answer="no", answered_at=NOW)
    Rsvp.objects.create(session=SessionFactory(), member=organiser.member, answer="no", answered_at=NOW)
    MemberFactory(state="on_leave")
    assert guests.free_chairs(session, capacity=20) == 3
    offer(session, guest, organiser)
    assert guests.free_chairs(session, capacity=20) == 2
    session.chairs = None
    assert guests.free_chairs(session, capacity=20) == 18


def test_offer_without_slack_is_refused(session, guest, organiser):
    Session.objects.update(chairs=1)
    with pytest.raises(guests.NoChairFree, match="no chair to spare at session 18"):
        offer(session, guest, organiser)
    assert GuestChair.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "draft"}, "Session 18 is draft"),
        ({"state": "cancelled"}, "Session 18 is cancelled"),
        ({"starts_at": NOW - timedelta(minutes=1)}, "Session 18 has begun"),
    ],
)
def test_offer_to_a_session_that_takes_nobody_is_refused(session, guest, organiser, change, sentence):
    Session.objects.update(**change)
    with pytest.raises(Refused, match=sentence):
        offer(session, guest, organiser)


def test_offer_to_somebody_not_on_the_shortlist_or_asked_already_is_refused(session, guest, organiser):
    with pytest.raises(Refused, match="This application is Waiting"):
        offer(session, ApplicationFactory(), organiser)
    chair = offer(session, guest, organiser)
    with pytest.raises(Refused, match="Ada Lund has a chair at session 18 already"):
        offer(session, guest, organiser)
    guests.answer(token=token_of(chair), comes=False, now=NOW)
    assert offer(session, guest, organiser).pk != chair.pk


@pytest.mark.django_db(transaction=True)
def test_eight_offers_over_two_chairs_keep_exactly_two(session, organiser):
    Session.objects.update(chairs=3)
    people = ApplicationFactory.create_batch(8, state=State.SHORTLISTED)

    outcomes = at_once([lambda a=a: offer(session, a, organiser) for a in people])

    assert outcomes == {"done": 2, "NoChairFree": 6}
    assert GuestChair.objects.kept().count() == 2


# --- Answering -----------------------------------------------------------------------------------------
def test_guest_says_yes_then_no_and_the_chair_is_free(session, guest, organiser):
    chair = offer(session, guest, organiser)
    token = token_of(chair)
    for comes, state in ((True, "accepted"), (True, "accepted"), (False, "declined")):
        assert guests.answer(token=token, comes=comes, now=NOW).state == state
    assert [change.reason for change in guest.changes.all()][1:] == [
        "Comes to session 18 as a guest",
        "Does not come to session 18 as a guest",
    ]
    assert guests.free_chairs(session, capacity=20) == 3
    with pytest.raises(guests.ChairClosed, match="You have told us that you do not come"):
        guests.answer(token=token, comes=True, now=NOW)


def test_guest_answers_too_late_or_after_leaving_the_list(session, guest, organiser):
    token = token_of(offer(session, guest, organiser))
    with pytest.raises(guests.ChairClosed, match="Session 18 has begun"):
        guests.answer(token=token, comes=True, now=session.starts_at)
    applying.withdraw(application_id=guest.pk, now=NOW)
    with pytest.raises(guests.ChairClosed, match="Your application is closed"):
        guests.answer(token=token, comes=True, now=NOW)
    assert guests.free_chairs(session, capacity=20) == 3


def test_revoked_guest_is_told_once(session, guest, organiser, outbox):
    chair = offer(session, guest, organiser)
    guests.revoke(chair_id=chair.pk, by=organiser, now=NOW)
    with pytest.raises(Refused, match="This chair is free already"):
        guests.revoke(chair_id=chair.pk, by=organiser, now=NOW)
    assert outbox.kinds("ada@example.org") == ["guest_chair", "guest_chair_revoked"]
    with pytest.raises(guests.ChairClosed, match="taken this chair back"):
        guests.answer(token=token_of(chair), comes=True, now=NOW)


def test_cancelled_session_tells_its_guests_and_ends_their_chairs(session, guest, organiser, outbox):
    chair = offer(session, guest, organiser)
    schedule.cancel(session_id=session.pk, now=NOW)
    chair.refresh_from_db()
    assert chair.state == "revoked"
    assert outbox.kinds("ada@example.org") == ["guest_chair", "session_cancelled"]
    assert Message.objects.get(kind="session_cancelled", to="ada@example.org").text.startswith(
        "Dear Ada Lund"
    )


def test_erased_application_takes_its_chair_and_mails_with_it(session, guest, organiser, outbox):
    offer(session, guest, organiser)
    keeping.erase(application_id=guest.pk, now=NOW)
    assert (GuestChair.objects.count(), outbox.kinds("ada@example.org")) == (0, [])
    assert guests.free_chairs(session, capacity=20) == 3


# --- The guest's page ----------------------------------------------------------------------------------
def test_guest_page_shows_directions_after_the_yes_only(session, guest, organiser, client):
    ReadingFactory(session=session, title="The paper", minutes=100)
    address = f"/guest/{token_of(offer(session, guest, organiser))}/"
    page = client.get(address)
    assert "The paper" in page.text
    assert "About 1 h 40 min" in page.text
    assert "Lantern Hall" in page.text
    assert "door" not in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert GuestChair.objects.get().state == "offered"  # a GET changes nothing

    page = client.post(f"{address}answer/", {"comes": "yes"}, follow=True)
    assert "Ring at the <em>back</em> door." in page.text
    client.post(f"{address}answer/", {"comes": "perhaps"})
    assert GuestChair.objects.get().state == "accepted"
    page = client.post(f"{address}answer/", {"comes": "no"}, follow=True)
    assert (page.status_code, "door" in page.text) == (410, False)


def test_unknown_token_is_not_found(group, client):
    assert client.get("/guest/nothing/").status_code == 404
    assert client.post("/guest/nothing/answer/", {"comes": "yes"}).status_code == 404


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_guest_page_costs_a_fixed_number_of_queries(session, guest, organiser, client, rows):
    ReadingFactory.create_batch(rows, session=session)
    address = f"/guest/{token_of(offer(session, guest, organiser))}/"
    assert queries_of(client, {address: 3}) == {address: 3}


# --- The organisers' pages -----------------------------------------------------------------------------
def test_chair_is_offered_and_taken_back_from_the_shortlist(session, guest, organiser, client_of):
    client = client_of(organiser)
    assert "Offer a chair at session 18" in client.get("/organise/shortlist/").text
    address = f"/organise/sessions/{session.pk}/guests/{guest.pk}/"
    done = client.post(address, {"back": "shortlist"})
    assert done.headers["Location"] == f"/organise/shortlist/#candidate-{guest.pk}"
    chair = GuestChair.objects.get()
    for page in ("/organise/shortlist/", "/organise/seats/", f"/organise/sessions/{session.pk}/"):
        text = client.get(page).text
        assert "not answered" in text, page
        assert "Ada Lund" in text, page
    repeated = client.post(address, follow=True)
    assert "Ada Lund has a chair at session 18 already." in repeated.text
    client.post(f"/organise/guests/{chair.pk}/revoke/")
    chair.refresh_from_db()
    assert chair.state == "revoked"
    assert client.post(f"/organise/sessions/{session.pk}/guests/999/").status_code == 404
    assert client.post("/organise/guests/999/revoke/").status_code == 404


def test_without_slack_no_chair_is_offered_on_the_page(session, guest, organiser, client_of):
    Session.objects.update(chairs=1)
    assert "Offer a chair" not in client_of(organiser).get("/organise/shortlist/").text


def test_members_may_not_hand_out_chairs(session, guest, member, client_of):
    client = client_of(member.user)
    assert client.post(f"/organise/sessions/{session.pk}/guests/{guest.pk}/").status_code == 403
    assert client.post("/organise/guests/1/revoke/").status_code == 403


def test_group_without_sessions_has_no_room(db):
    assert guests.next_room(GroupFactory(), now=NOW) is None
