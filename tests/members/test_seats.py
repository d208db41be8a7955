"""The seat ledger: every change of a seat writes one line with the numbers after it, which the page tells."""

import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from members import admissions, applying, invitations, keeping, membership, offers, seats
from members.errors import GroupFull, Refused
from members.models import Application, Group, Invitation, Member, SeatChange
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, MemberFactory, UserFactory
from tests.mails import release_all
from tests.members.test_races import invitation_token
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
TODAY = datetime.now(UTC)  # for what a page does, which reads the clock
MAY = date(2026, 5, 1)
PAGE = "/organise/seats/"
Kind = SeatChange.Kind


def lines() -> list[tuple]:
    """The ledger, the oldest first: kind, capacity, taken, held."""
    return list(SeatChange.objects.order_by("pk").values_list("kind", "capacity", "taken", "held"))


def invite(organiser, *, now: datetime = NOW, **more) -> Invitation:
    application = ApplicationFactory(state=State.SHORTLISTED, **more)
    return admissions.invite(application_id=application.pk, by=organiser, now=now)


# --- One line for each change --------------------------------------------------------------------------
def test_accepting_moves_a_seat_from_held_to_taken(organiser):
    invitation = invite(organiser)
    member = invitations.accept(token=invitation_token(invitation), now=NOW)
    assert lines() == [("held", 20, 1, 1), ("taken", 20, 2, 0)]
    line = SeatChange.objects.get(kind=Kind.TAKEN)
    assert (line.member, line.application, line.actor) == (member, invitation.application, None)


@pytest.mark.parametrize(
    ("verb", "note", "by_organiser"),
    [
        (lambda i, o: invitations.decline(token=invitation_token(i), now=NOW), "Declined", False),
        (lambda i, o: invitations.lapse_overdue(now=i.expires_at), "Lapsed", False),
        (lambda i, o: applying.withdraw(application_id=i.application_id, now=NOW), "Withdrawn", False),
        (
            lambda i, o: invitations.revoke(invitation_id=i.pk, by=o, now=NOW, reason="R"),
            "Taken back",
            True,
        ),
        (
            lambda i, o: admissions.decline(application_id=i.application_id, by=o, reason="R", now=NOW),
            "Declined by an organiser",
            True,
        ),
        (lambda i, o: keeping.erase(application_id=i.application_id, now=NOW), "Erased", False),
    ],
    ids=["decline", "lapse", "withdraw", "revoke", "declined", "erase"],
)
def test_an_invitation_that_ends_gives_its_seat_back(organiser, verb, note, by_organiser):
    invitation = invite(organiser)
    release_all()
    verb(invitation, organiser)
    assert lines() == [("held", 20, 1, 1), ("released", 20, 1, 0)]
    line = SeatChange.objects.get(kind=Kind.RELEASED)
    assert (line.note, line.actor) == (note, organiser if by_organiser else None)


def test_leave_return_and_departure_write_a_line_each(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=MAY, by=member.user, now=NOW)
    membership.come_back(member_id=member.pk, by=member.user, now=NOW)
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    membership.seat_again(member_id=member.pk, by=organiser, now=NOW)
    membership.go_on_leave(member_id=member.pk, until=MAY, by=organiser, now=NOW)
    membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="R")
    assert lines() == [
        ("lent", 20, 1, 0),
        ("returned", 20, 2, 0),
        ("left", 20, 1, 0),
        ("taken", 20, 2, 0),
        ("lent", 20, 1, 0),
        ("removed", 20, 1, 0),
    ]
    assert SeatChange.objects.get(kind=Kind.REMOVED).note == "While on leave"


def test_number_of_seats_and_a_member_without_application_write_a_line_each(organiser):
    seats.set_capacity(capacity=5, by=organiser, now=NOW, reason=" A smaller room ")
    user = UserFactory()
    seats.add_member(user=user, now=NOW)
    seats.add_member(user=user, now=NOW)  # sits already
    assert lines() == [("capacity", 5, 1, 0), ("taken", 5, 2, 0)]
    assert list(SeatChange.objects.order_by("pk").values_list("note", flat=True)) == [
        "From 20 to 5: A smaller room",
        "Without an application",
    ]


def test_member_who_accepts_an_invitation_gives_the_second_seat_back(organiser, member):
    invitation = invite(organiser, email=member.user.email)
    invitations.accept(token=invitation_token(invitation), now=NOW)
    assert lines() == [("held", 20, 2, 1), ("released", 20, 2, 0)]


def test_refused_verbs_write_no_line(organiser, member, group):
    with pytest.raises(Refused, match="20 seats already"):
        seats.set_capacity(capacity=20, by=organiser, now=NOW)
    with pytest.raises(Refused, match="from 1 to 500"):
        seats.set_capacity(capacity=0, by=organiser, now=NOW)
    with pytest.raises(Refused, match="set the seats to 20 meanwhile"):
        seats.set_capacity(capacity=9, by=organiser, now=NOW, seen=8)
    with pytest.raises(Refused, match="after today"):
        membership.go_on_leave(member_id=member.pk, until=NOW.date(), by=organiser, now=NOW)
    assert lines() == []


def test_lowered_number_frees_nobody_and_blocks_invitations(organiser, member):
    invitation = invite(organiser)
    group = seats.set_capacity(capacity=1, by=organiser, now=NOW)
    assert seats.count(group) == seats.Seats(capacity=1, taken=2, held=1)
    assert (seats.count(group).free, seats.count(group).over) == (0, 2)
    with pytest.raises(GroupFull):
        invite(organiser)
    invitations.accept(token=invitation_token(invitation), now=NOW)
    assert lines()[-1] == ("taken", 1, 3, 0)


def test_returners_are_seated_by_their_day_while_seats_are_free(organiser, group):
    group.capacity = 2
    group.save()
    late, early = (
        MemberFactory(state=Member.State.ON_LEAVE, leave_until=NOW.date() - timedelta(days=days))
        for days in (1, 9)
    )
    MemberFactory(state=Member.State.ON_LEAVE, leave_until=NOW.date() + timedelta(days=1))

    assert membership.seat_returners(now=NOW) == 1

    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.state, late.state) == (Member.State.ACTIVE, Member.State.ON_LEAVE)
    assert lines() == [("returned", 2, 2, 0)]


# --- Any sequence --------------------------------------------------------------------------------------
MOVES = {
    Kind.HELD: (0, 1),
    Kind.RELEASED: (0, -1),
    Kind.LENT: (-1, 0),
    Kind.RETURNED: (1, 0),
    Kind.CAPACITY: (0, 0),
}


def change_of(line: SeatChange) -> tuple[int, int]:
    """By how much a line changes the seats taken and held, as its words say."""
    if line.kind == Kind.TAKEN:
        return (1, -1) if line.application_id else (1, 0)
    if line.kind in (Kind.LEFT, Kind.REMOVED):
        return (0, 0) if line.note == "While on leave" else (-1, 0)
    return MOVES[line.kind]


def one_step(chance: random.Random, organiser, now: datetime) -> None:
    """Some verb on somebody; what the rules refuse is refused."""
    members = list(Member.objects.exclude(pk=organiser.member.pk).order_by("pk"))
    who = chance.choice(members).pk if members else 0
    shortlisted = list(Application.objects.filter(state=State.SHORTLISTED).order_by("pk"))
    held = list(Invitation.objects.open().order_by("pk"))
    verbs = [
        lambda: ApplicationFactory(state=State.SHORTLISTED, place=chance.randrange(1, 9)),
        lambda: seats.set_capacity(capacity=chance.randrange(3, 9), by=organiser, now=now),
        lambda: seats.add_member(user=UserFactory(), now=now),
        lambda: invitations.lapse_overdue(now=now),
        lambda: offers.offer_free_seats(now=now),
        lambda: membership.seat_returners(now=now),
    ]
    if shortlisted:
        pk = chance.choice(shortlisted).pk
        verbs.append(lambda: admissions.invite(application_id=pk, by=organiser, now=now, reason="R"))
        verbs.append(lambda: applying.withdraw(application_id=pk, now=now))
    if held:
        one = chance.choice(held)
        verbs += [
            lambda: invitations.accept(token=invitation_token(one), now=now),
            lambda: invitations.decline(token=invitation_token(one), now=now),
            lambda: invitations.revoke(invitation_id=one.pk, by=organiser, now=now, reason="R"),
        ]
    if who:
        until = now.date() + timedelta(days=chance.randrange(1, 9))
        verbs += [
            lambda: membership.go_on_leave(member_id=who, until=until, by=organiser, now=now),
            lambda: membership.come_back(member_id=who, by=organiser, now=now),
            lambda: membership.leave_group(member_id=who, by=organiser, now=now),
            lambda: membership.remove(member_id=who, by=organiser, now=now, reason="R"),
            lambda: membership.seat_again(member_id=who, by=organiser, now=now),
        ]
    with suppress(Refused):
        chance.choice(verbs)()


@pytest.mark.parametrize("seed", range(4))
def test_after_any_sequence_the_ledger_explains_the_seats(group, organiser, seed):
    Group.objects.update(capacity=4, automatic_offers=True, invitation_days=5)
    chance, now = random.Random(seed), NOW
    for _ in range(60):
        now += timedelta(hours=chance.randrange(1, 40))
        one_step(chance, organiser, now)

    found = list(SeatChange.objects.order_by("pk"))
    after = seats.count(Group.objects.get())
    assert (found[-1].capacity, found[-1].taken, found[-1].held) == (after.capacity, after.taken, after.held)
    taken, held = 1, 0  # the organiser
    for line in found:
        more_taken, more_held = change_of(line)
        taken, held = taken + more_taken, held + more_held
        assert (line.taken, line.held) == (taken, held), line
    assert len({line.kind for line in found}) >= 6  # the sequence was one worth looking at


# --- The page ------------------------------------------------------------------------------------------
def test_page_tells_who_holds_what_and_what_comes_next(organiser, member, client_of):
    invite(organiser, name="Ada Lund")
    due = MemberFactory(user__name="Nia Due")
    membership.go_on_leave(member_id=due.pk, until=MAY, by=organiser, now=NOW)
    until = TODAY.date() + timedelta(days=60)
    membership.go_on_leave(member_id=member.pk, until=until, by=organiser, now=TODAY)

    page = client_of(organiser).get(PAGE)

    assert [(row["frees"], row["is_due"]) for row in page.context["coming"]] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert "1 of 20 seats is taken" in page.text
    assert "Holds a seat until Monday 16 March, 20:00" in page.text
    assert "<bdi>Mira Tamm</bdi></a> comes back from leave and takes a seat" in page.text
    assert "<bdi>Ada Lund</bdi></a> lapses unless it is answered, and its seat is given back" in page.text
    assert "<bdi>Nia Due</bdi></a> is due back and gets the next free seat" in page.text
    assert "2 Mar 2026, entered by <bdi>Orla Quinn</bdi>" in page.text
    assert [line.kind for line in page.context["page"]] == ["lent", "lent", "held"]


def test_page_says_how_many_are_too_many(organiser, member, client_of, group):
    client = client_of(organiser)
    done = client.post(f"{PAGE}number/", {"capacity": "1", "seen": "20", "reason": "Moved"}, follow=True)
    assert [str(m) for m in done.context["messages"]] == ["The group has 1 seat now."]
    assert "There is one more person than seats" in done.text
    assert "nobody can be invited until two seats have been given back" in done.text
    assert Member.objects.active().count() == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write how many seats the group has."),
        ("many", "Write the number in figures."),
        ("0", "Choose a number from 1 on."),
        ("501", "Choose a number up to 500."),
    ],
)
def test_page_refuses_a_number_that_is_none(organiser, client_of, typed, sentence):
    page = client_of(organiser).post(f"{PAGE}number/", {"capacity": typed, "reason": "Kept"})
    assert (page.status_code, sentence in page.text, 'value="Kept"' in page.text) == (422, True, True)
    assert lines() == []


def test_page_takes_an_invitation_back_with_a_reason_that_is_mailed(organiser, client_of):
    invitation = invite(organiser, name="Ada Lund", now=TODAY)
    client, address = client_of(organiser), f"/organise/invitations/{invitation.pk}/revoke/"
    page = client.post(address, {"reason": " "})
    assert (page.status_code, "Give a reason; the invitee reads it." in page.text) == (422, True)
    client.post(address, {"reason": "The room burnt down."})
    assert "The room burnt down." in Message.objects.get(kind="revoked").text
    again = client.post(address, {"reason": "Twice"}, follow=True)
    assert "This invitation was taken back by the organisers." in again.text
    assert lines() == [("held", 20, 1, 1), ("released", 20, 1, 0)]


@pytest.mark.parametrize(("answer", "days"), [("yes", 44), ("no", 14)])
def test_page_answers_a_request_for_another_month(organiser, client_of, answer, days):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=TODAY)
    invitations.ask_more(token=invitation_token(invitation), note="I am <ill>.", now=TODAY)
    client, address = client_of(organiser), f"/organise/invitations/{invitation.pk}/more/"
    assert "I am &lt;ill&gt;." in client.get(PAGE).text
    client.post(address, {"grant": "perhaps"})
    client.post(address, {"grant": answer})
    invitation.refresh_from_db()
    assert invitation.more_granted == (answer == "yes")
    assert invitation.expires_at == TODAY + timedelta(days=days)
    again = client.post(address, {"grant": "yes"}, follow=True)
    assert "no request for more time" in again.text


def test_page_switches_automatic_offers_and_names_the_next(organiser, client_of):
    ApplicationFactory(name="Ada Lund", state=State.SHORTLISTED, place=1)
    client = client_of(organiser)
    assert "off: people choose" in client.get(PAGE).text
    page = client.post(f"{PAGE}automatic/", {"on": "1"}, follow=True).text
    assert "Automatic offers are on now." in page
    assert "Next in the agreed order: " in page
    assert "Ada Lund" in page


def test_erased_people_leave_their_lines_without_their_names(organiser, client_of):
    invitation = invite(organiser, name="Ada Lund")
    keeping.erase(application_id=invitation.application_id, now=NOW)
    page = client_of(organiser).get(PAGE).text
    assert page.count("Somebody since erased") == 2
    assert "Ada Lund" not in page


def test_changes_are_filtered_by_kind_and_paged(organiser, client_of):
    for n in range(45):
        seats.set_capacity(capacity=10 + n, by=organiser, now=NOW + timedelta(minutes=n))
    invite(organiser)
    client = client_of(organiser)
    assert [line.kind for line in client.get(f"{PAGE}?kind=held").context["page"]] == ["held"]
    assert len(client.get(f"{PAGE}?kind=capacity&page=2").context["page"]) == 5
    assert len(client.get(f"{PAGE}?kind=nonsense&page=x").context["page"]) == 40


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(group, organiser, client_of, rows):
    Group.objects.update(capacity=500)
    for _ in range(rows):
        member = seats.add_member(user=UserFactory(), now=NOW)
    membership.go_on_leave(member_id=member.pk, until=MAY, by=organiser, now=NOW)
    invite(organiser)
    assert queries_of(client_of(organiser), {PAGE: 11}) == {PAGE: 11}


def test_pages_of_the_seats_are_closed_to_members(member, client_of):
    client = client_of(member.user)
    for address in (
        "seats/number/",
        "seats/automatic/",
        "invitations/1/revoke/",
        "invitations/1/more/",
    ):
        assert client.post(f"/organise/{address}").status_code == 403
