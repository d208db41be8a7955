"""Leave, return, departure, removal and roles; and that the group keeps somebody who runs it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from members import membership, photos, seats
from members.errors import GroupFull, LastOrganiser, Refused
from members.models import Member, SeatChange
from outbox.models import Choice, Message, MessageStep
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory
from tests.members.test_races import at_once

NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # the third of March in Tallinn
BACK = date(2026, 9, 1)


def ledger() -> list[tuple]:
    """Kind, whose, by whom, note, and the seats taken after it; the oldest first."""
    return [
        (line.kind, line.member_id, line.actor_id, line.note, line.taken)
        for line in SeatChange.objects.order_by("pk")
    ]


def stored(member: Member) -> tuple:
    member = Member.objects.get(pk=member.pk)
    return member.state, member.role, member.leave_until, member.leave_reason, member.left_at


# --- Leave and return -----------------------------------------------------------------------------
def test_leave_lends_the_seat_and_writes_the_ledger(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=organiser, now=NOW, reason=" A baby. ")
    assert stored(member) == ("on_leave", "member", BACK, "A baby.", None)
    assert ledger() == [("lent", member.pk, organiser.pk, "Until 1 September 2026", 1)]
    assert Message.objects.count() == 0


def test_own_leave_names_nobody_else_in_the_ledger(member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=member.user, now=NOW)
    assert ledger() == [("lent", member.pk, None, "Until 1 September 2026", 0)]


@pytest.mark.parametrize("until", [date(2026, 3, 2), date(2026, 3, 3)])
def test_leave_until_today_or_earlier_is_refused_by_the_clock_of_the_group(member, until):
    with pytest.raises(Refused, match="Choose a day of return after today"):
        membership.go_on_leave(member_id=member.pk, until=until, by=member.user, now=NOW)
    assert (stored(member)[0], ledger()) == ("active", [])


def test_leave_from_a_page_that_showed_something_else_changes_nothing(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=organiser, now=NOW)
    with pytest.raises(Refused) as refusal:
        membership.go_on_leave(member_id=member.pk, until=BACK, by=organiser, now=NOW, seen="active")
    assert str(refusal.value) == "Mira Tamm is on leave by now. Nothing was changed."
    assert len(ledger()) == 1


def test_return_takes_a_seat_and_mails(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=member.user, now=NOW, reason="Far away")
    membership.come_back(member_id=member.pk, by=organiser, now=NOW, seen="on_leave")
    assert stored(member) == ("active", "member", None, "", None)
    assert ledger()[1:] == [("returned", member.pk, organiser.pk, "", 2)]
    mail = Message.objects.get()
    assert (mail.kind, mail.to) == ("back_from_leave", "mira@example.org")


def test_return_into_a_full_room_is_refused(group, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=member.user, now=NOW)
    MemberFactory()
    group.capacity = 1
    group.save()
    with pytest.raises(GroupFull):
        membership.come_back(member_id=member.pk, by=member.user, now=NOW)
    assert (stored(member)[:3], Message.objects.count()) == (("on_leave", "member", BACK), 0)


def test_return_of_somebody_who_is_there_is_refused(member):
    with pytest.raises(Refused, match="Mira Tamm has a seat by now"):
        membership.come_back(member_id=member.pk, by=member.user, now=NOW)
    assert ledger() == []


def test_organiser_on_leave_comes_back_as_organiser(organiser):
    membership.go_on_leave(member_id=organiser.member.pk, until=BACK, by=organiser, now=NOW)
    membership.come_back(member_id=organiser.member.pk, by=organiser, now=NOW)
    assert stored(organiser.member)[:2] == ("active", "organiser")


def test_worker_seats_those_whose_day_has_come_in_order_and_skips_who_moved_on(group):
    late, early, later = MemberFactory.create_batch(3)
    for member, day in ((late, 20), (early, 10), (later, 28)):
        membership.go_on_leave(member_id=member.pk, until=date(2026, 3, day), by=member.user, now=NOW)
    group.capacity = 1
    group.save()
    assert membership.seat_returners(now=NOW + timedelta(days=20)) == 1
    assert [stored(member)[0] for member in (late, early, later)] == ["on_leave", "active", "on_leave"]
    assert ledger()[-1] == ("returned", early.pk, None, "", 1)


# --- Departure ------------------------------------------------------------------------------------
def test_leaving_frees_the_seat_and_takes_the_role_along(group, organiser):
    reviewer = MemberFactory(role="reviewer")
    membership.leave_group(member_id=reviewer.pk, by=reviewer.user, now=NOW, reason="Moved to Riga")
    assert stored(reviewer) == ("alumni", "member", None, "Moved to Riga", NOW)
    assert ledger() == [("left", reviewer.pk, None, "", 1)]
    mail = Message.objects.get()
    assert (mail.kind, mail.to, mail.subject) == (
        "left",
        reviewer.user.email,
        "You have left Tuesday Readers",
    )
    assert "Riga" not in mail.text


def test_leaving_from_leave_forgets_the_day_of_return(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=member.user, now=NOW)
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    assert stored(member) == ("alumni", "member", None, "", NOW)


def test_removal_mails_the_reason(organiser, member):
    membership.remove(
        member_id=member.pk, by=organiser, now=NOW, reason="You came to no session & <said> so."
    )
    assert stored(member)[0] == "alumni"
    assert ledger() == [("removed", member.pk, organiser.pk, "", 1)]
    mail = Message.objects.get()
    assert mail.subject == "Your membership of Tuesday Readers has ended"
    assert "\n\nYou came to no session & <said> so.\n\n" in mail.text


def test_removal_without_a_reason_is_refused(organiser, member):
    with pytest.raises(Refused, match="Give a reason"):
        membership.remove(member_id=member.pk, by=organiser, now=NOW, reason=" \n")
    assert stored(member)[0] == "active"


def test_removal_twice_ends_and_mails_once(organiser, member):
    membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="Enough")
    with pytest.raises(Refused, match="Mira Tamm has left the group by now"):
        membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="Enough", seen="active")
    assert (len(ledger()), Message.objects.count()) == (1, 1)


def test_removal_from_a_page_that_showed_another_state_is_refused(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=BACK, by=member.user, now=NOW)
    with pytest.raises(Refused, match="Mira Tamm is on leave by now"):
        membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="Enough", seen="active")
    assert (stored(member)[0], Message.objects.count()) == ("on_leave", 0)


def test_each_departure_is_mailed_however_soon_it_follows(organiser, member):
    membership.leave_group(member_id=member.pk, by=organiser, now=NOW)
    membership.seat_again(member_id=member.pk, by=organiser, now=NOW + timedelta(seconds=1))
    membership.remove(member_id=member.pk, by=organiser, now=NOW + timedelta(seconds=2), reason="Enough")
    assert [mail.kind for mail in Message.objects.order_by("pk")] == ["left", "welcome", "left"]


def test_seat_again_keeps_one_record_and_the_first_day(organiser, member):
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    membership.seat_again(member_id=member.pk, by=organiser, now=NOW + timedelta(days=1))
    again = Member.objects.get(user=member.user)
    assert (again.pk, again.joined_at, stored(again)) == (
        member.pk,
        member.joined_at,
        ("active", "member", None, "", None),
    )
    assert ledger()[-1] == ("taken", member.pk, organiser.pk, "Came back to the group", 2)
    assert Message.objects.latest("pk").kind == "welcome"


def test_seat_again_in_a_full_room_is_refused(group, organiser, member):
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    group.capacity = 1
    group.save()
    with pytest.raises(GroupFull):
        membership.seat_again(member_id=member.pk, by=organiser, now=NOW)
    assert stored(member)[0] == "alumni"


def test_somebody_erased_meanwhile_is_said_so(organiser, member):
    Member.objects.filter(pk=member.pk).delete()
    with pytest.raises(Refused, match="erased meanwhile"):
        membership.come_back(member_id=member.pk, by=organiser, now=NOW)


def test_erased_account_leaves_no_mail_and_no_choice(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=date(2026, 5, 1), by=organiser, now=NOW)
    membership.come_back(member_id=member.pk, by=organiser, now=NOW)
    to_other = MemberFactory()
    membership.go_on_leave(member_id=to_other.pk, until=date(2026, 5, 1), by=organiser, now=NOW)
    membership.come_back(member_id=to_other.pk, by=organiser, now=NOW)
    name = f"user:{member.user_id}"
    Choice.objects.create(recipient=name, kind="circular", how="digest", changed_at=NOW)
    kept = Message.objects.get(recipient=f"user:{to_other.user_id}")
    MessageStep.objects.create(message=kept, what="released", by=name, at=NOW)

    membership.erase(user_ids=[member.user_id], by=organiser, now=NOW, delete=member.user.delete)

    assert list(Message.objects.all()) == [kept]
    assert (Choice.objects.count(), MessageStep.objects.get().by) == (0, "user:0")


def test_erased_membership_leaves_the_account_its_mails(organiser, member):
    membership.go_on_leave(member_id=member.pk, until=date(2026, 5, 1), by=organiser, now=NOW)
    membership.come_back(member_id=member.pk, by=organiser, now=NOW)
    membership.erase(user_ids=[member.user_id], by=organiser, now=NOW, delete=member.delete)
    assert Message.objects.filter(recipient=f"user:{member.user_id}").count() == 1


# --- Roles, and the last organiser ----------------------------------------------------------------
@pytest.mark.parametrize("role", ["reviewer", "organiser"])
def test_role_is_set(organiser, member, role):
    membership.set_role(member_id=member.pk, role=role, by=organiser, now=NOW, seen="member")
    assert stored(member)[:2] == ("active", role)


@pytest.mark.parametrize(
    ("role", "seen", "sentence"),
    [
        ("king", None, "Choose one of the roles."),
        ("member", "member", "Mira Tamm is a member by now. Nothing was changed."),
        ("organiser", "reviewer", "Mira Tamm is a member by now. Nothing was changed."),
    ],
)
def test_role_that_is_unknown_or_stale_is_refused(organiser, member, role, seen, sentence):
    with pytest.raises(Refused) as refusal:
        membership.set_role(member_id=member.pk, role=role, by=organiser, now=NOW, seen=seen)
    assert (str(refusal.value), stored(member)[1]) == (sentence, "member")


def test_role_of_somebody_who_left_is_refused(organiser, member):
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    with pytest.raises(Refused, match="has left the group"):
        membership.set_role(member_id=member.pk, role="organiser", by=organiser, now=NOW)


LAST = "Orla Quinn is the last organiser. Make somebody else an organiser first."


@pytest.mark.parametrize(
    "verb",
    [
        lambda orla: membership.leave_group(member_id=orla.member.pk, by=orla, now=NOW),
        lambda orla: membership.remove(member_id=orla.member.pk, by=orla, now=NOW, reason="Enough"),
        lambda orla: membership.set_role(member_id=orla.member.pk, role="member", by=orla, now=NOW),
        lambda orla: membership.set_role(member_id=orla.member.pk, role="reviewer", by=orla, now=NOW),
        lambda orla: membership.erase(user_ids=[orla.pk], by=orla, now=NOW, delete=orla.delete),
    ],
    ids=["leave", "remove", "member", "reviewer", "erase"],
)
@pytest.mark.parametrize("others", ["nobody", "who left", "closed account"])
def test_last_organiser_stays(organiser, member, verb, others):
    if others == "who left":
        OrganiserFactory(state=Member.State.ALUMNI, left_at=NOW)
    if others == "closed account":
        OrganiserFactory(user__is_active=False)
    with pytest.raises(LastOrganiser) as refusal:
        verb(organiser)
    assert (str(refusal.value), stored(organiser.member)[:2]) == (LAST, ("active", "organiser"))
    assert (ledger(), Message.objects.count()) == ([], 0)


def test_organiser_on_leave_counts_as_another(organiser):
    OrganiserFactory(state=Member.State.ON_LEAVE)
    membership.leave_group(member_id=organiser.member.pk, by=organiser, now=NOW)
    assert stored(organiser.member)[:2] == ("alumni", "member")


def test_organiser_with_a_closed_account_is_not_the_last_one(organiser):
    closed = OrganiserFactory(user__is_active=False)
    membership.set_role(member_id=closed.pk, role="member", by=organiser, now=NOW)
    assert stored(closed)[1] == "member"


# --- Many at once ---------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["role", "leave", "remove", "erase"])
def test_two_organisers_who_end_each_other_leave_exactly_one(way):
    """Fails when Group.objects.locked() no longer locks."""
    GroupFactory()
    for _ in range(20):
        pair = OrganiserFactory.create_batch(2)

        def end(one: Member, other: Member) -> None:
            if way == "role":
                membership.set_role(member_id=other.pk, role="member", by=one.user, now=NOW)
            elif way == "leave":
                membership.leave_group(member_id=one.pk, by=one.user, now=NOW)
            elif way == "remove":
                membership.remove(member_id=other.pk, by=one.user, now=NOW, reason="Enough")
            else:
                membership.erase(user_ids=[other.user_id], by=one.user, now=NOW, delete=other.user.delete)

        outcomes = at_once([partial(end, *pair), partial(end, *reversed(pair))])
        assert outcomes == {"done": 1, "LastOrganiser": 1}
        assert Member.objects.organisers().count() == 1
        Member.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_who_come_back_to_one_seat_do_not_share_it():
    group = GroupFactory(capacity=1)
    for _ in range(20):
        away = MemberFactory.create_batch(2, state="on_leave", leave_until=BACK)
        outcomes = at_once(
            [lambda m=m: membership.come_back(member_id=m.pk, by=m.user, now=NOW) for m in away]
        )
        assert outcomes == {"done": 1, "GroupFull": 1}
        assert seats.count(group).taken == 1
        Member.objects.all().delete()


# --- In the admin ---------------------------------------------------------------------------------
@pytest.fixture
def desk(group, client_of, django_user_model):
    return client_of(django_user_model.objects.create_superuser("root@example.org", "Root"))


def delete(client, model: str, pks: list[int]):
    """What the confirmed bulk deletion answers."""
    return client.post(
        reverse(f"admin:members_{model}_changelist"),
        {"action": "delete_selected", "_selected_action": pks, "post": "yes"},
        follow=True,
    )


def test_admin_does_not_delete_the_last_organiser_alone_or_in_bulk(desk, organiser, member):
    person, record = organiser.pk, organiser.member.pk
    for model, pk, other in (("user", person, member.user_id), ("member", record, member.pk)):
        single = desk.post(reverse(f"admin:members_{model}_delete", args=[pk]), {"post": "yes"})
        assert LAST in single.text
        assert LAST in delete(desk, model, [pk, other]).text
        assert Member.objects.count() == 2


def test_admin_deletes_others_with_their_photos_and_tells_the_ledger(
    desk, organiser, member, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    photos.put(member_id=member.pk, photo=ContentFile(b"x", "photo.jpg"))
    assert len(list(tmp_path.rglob("*.jpg"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete(desk, "user", [member.user_id])
    assert (Member.objects.count(), list(tmp_path.rglob("*.jpg"))) == (1, [])
    assert [line[0:2] + line[3:] for line in ledger()] == [("removed", None, "The record was erased", 1)]


def test_admin_does_not_close_the_account_of_the_last_organiser(desk, organiser, member):
    for user, active in ((organiser, True), (member.user, False)):
        address = reverse("admin:members_user_change", args=[user.pk])
        page = desk.post(address, {"email": user.email, "name": user.name, "time_zone": ""})
        user.refresh_from_db()
        assert user.is_active is active
        assert (LAST in page.text) is active


def test_admin_does_not_set_roles(desk, organiser):
    record = organiser.member
    desk.post(
        reverse("admin:members_member_change", args=[record.pk]),
        {
            "role": "member",
            "slug": record.slug,
            "profile_audience": "members",
            "address_audience": "organisers",
        },
    )
    assert stored(record)[1] == "organiser"
