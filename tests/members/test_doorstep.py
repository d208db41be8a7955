"""The door: the same page and the same work for known and unknown addresses, and no request is lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members import doorstep, seats
from members.forms.fields import stamp
from members.models import Application, Group, Knock, Member, User
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory
from tests.members.test_applying import ANSWERS, NOW

PASSWORD = "a long passphrase"
APPLICATION = {
    "name": "Łukasz",
    "current_role": "Nurse",
    "experience": "Ward statistics.",
    "interest": "Reading with others.",
    "links": "",
    "talk": "",
}
# Whose address was typed; "nobody" is the unknown one.
ADDRESSES = {
    "nobody": "nobody@example.org",
    "applicant": "applied@example.org",
    "one who withdrew": "withdrew@example.org",
    "member without a password": "mira@example.org",
    "member with a password": "toomas@example.org",
    "member who left": "former@example.org",
    "closed account": "closed@example.org",
}


@pytest.fixture
def everybody(group) -> None:
    """The people behind ADDRESSES."""
    ApplicationFactory(email="applied@example.org")
    ApplicationFactory(email="withdrew@example.org", state=State.WITHDRAWN)
    for email, password in (("mira", None), ("toomas", PASSWORD), ("former", None), ("closed", PASSWORD)):
        user = User.objects.create_user(f"{email}@example.org", email.title(), password)
        seats.add_member(user=user, now=NOW)
    Member.objects.filter(user__email="former@example.org").update(state="alumni", left_at=NOW)
    User.objects.filter(email="closed@example.org").update(is_active=False)


def typed(address: str) -> dict:
    return APPLICATION | {"email": address, "opened": stamp(timezone.now() - timedelta(minutes=1))}


def ask_for_a_code(client: Client, address: str):
    return client.post("/accounts/login/code/", {"email": address})


def in_the_middle_of_a_code(then):
    def request(client: Client, address: str):
        ask_for_a_code(client, address)
        return then(client)

    return request


REQUESTS = {
    "apply": lambda client, address: client.post("/apply/", typed(address)),
    "apply, and what follows": lambda client, address: client.post("/apply/", typed(address), follow=True),
    "lost link": lambda client, address: client.post("/apply/lost/", {"email": address}, follow=True),
    "sign-in code": ask_for_a_code,
    "page for the code": in_the_middle_of_a_code(lambda client: client.get("/accounts/login/code/confirm/")),
    "wrong code": in_the_middle_of_a_code(
        lambda client: client.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    ),
    "sign-in page meanwhile": in_the_middle_of_a_code(lambda client: client.get("/accounts/login/")),
    "password reset": lambda client, address: client.post(
        "/accounts/password/reset/", {"email": address}, follow=True
    ),
    "wrong password": lambda client, address: client.post(
        "/accounts/login/", {"login": address, "password": "wrong"}
    ),
    "wrong password at the admin": lambda client, address: client.post(
        "/admin/login/", {"username": address, "password": "wrong"}
    ),
}


def shape(sql: str) -> str:
    """A statement without its values."""
    sql = re.sub(r"'(?:[^']|'')*'(::\w+)?", "?", sql)
    return re.sub(r"\b(s\d+_x)?\d+\b", "?", sql)


def seen(response, address: str) -> tuple:
    """All that somebody outside sees, but for what differs at every request."""
    body = re.sub(r'(csrfmiddlewaretoken"|"opened") value="[^"]*"', "", response.text)
    return (
        response.status_code,
        getattr(response, "redirect_chain", response.headers.get("Location")),
        sorted(response.cookies),
        body.replace(address, "ADDRESS"),
    )


@pytest.mark.parametrize("what", REQUESTS)
def test_every_address_is_shown_the_same_at_the_same_cost(everybody, what):
    request, answers = REQUESTS[what], {}
    request(Client(), "warm@example.org")  # the network's count exists from the second request on
    for who, address in ADDRESSES.items():
        with CaptureQueriesContext(connection) as queries:
            response = request(Client(), address)
        answers[who] = (*seen(response, address), [shape(query["sql"]) for query in queries])
    assert {who for who, answer in answers.items() if answer != answers["nobody"]} == set()


class CountedHasher(MD5PasswordHasher):
    """Counts how often a password is hashed: with the real hasher, nearly all of a sign-in's time."""

    algorithm = "counted"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings) -> type[CountedHasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountedHasher"]
    return CountedHasher


@pytest.mark.parametrize("who", ADDRESSES)
def test_wrong_password_is_hashed_once_for_every_address(hashes, everybody, client, who):
    before = hashes.count
    client.post("/accounts/login/", {"login": ADDRESSES[who], "password": "wrong"})
    assert hashes.count - before == 1


def test_right_password_is_hashed_once_and_opens_the_admin(group, client, hashes):
    """The admin has no sign-in of its own, which could tell what the site's does not."""
    root = User.objects.create_superuser("root@example.org", "Root", PASSWORD)
    EmailAddress.objects.create(user=root, email=root.email, verified=True, primary=True)
    page = client.get("/admin/", follow=True).redirect_chain[-1][0]
    before = hashes.count
    answer = client.post(page, {"login": "ROOT@example.org", "password": PASSWORD})
    assert (answer.status_code, hashes.count - before) == (302, 1)
    assert client.get("/admin/").status_code == 200


def test_only_the_known_are_mailed(everybody, outbox, work):
    for address in ADDRESSES.values():
        ask_for_a_code(Client(), address)
        REQUESTS["password reset"](Client(), address)
        REQUESTS["lost link"](Client(), address)
    assert work() == 3 * len(ADDRESSES)
    assert {who: outbox.kinds(address) for who, address in ADDRESSES.items()} == {
        "nobody": [],
        "applicant": ["your_link"],
        "one who withdrew": ["your_link"],
        "member without a password": ["login_code", "password_reset_key"],
        "member with a password": ["login_code", "password_reset_key"],
        "member who left": ["login_code", "password_reset_key"],
        "closed account": [],
    }
    assert Knock.objects.count() == 0


def knock_of(email: str, **changes) -> Knock:
    payload = {"email": email, "answers": ANSWERS, "strengths": [], "at": NOW.isoformat()} | changes
    return doorstep.knock(Knock.Kind.APPLY, payload, now=NOW)


def test_answer_is_dated_by_the_request_not_by_the_worker(group):
    knock_of("a@example.org")
    assert doorstep.answer_waiting(now=NOW + timedelta(hours=5)) == 1
    assert Application.objects.get().applied_at == NOW


def test_knock_that_fails_is_tried_again_later_and_holds_nobody_up(db, outbox):
    failing = knock_of("a@example.org", answers={})
    GroupFactory()
    knock_of("b@example.org")

    assert doorstep.answer_waiting(now=NOW) == 1

    failing.refresh_from_db()
    assert (failing.attempts, failing.due_at) == (1, NOW + timedelta(minutes=4))
    assert list(Application.objects.values_list("email", flat=True)) == ["b@example.org"]
    assert doorstep.answer_waiting(now=NOW + timedelta(minutes=3)) == 0
    Knock.objects.update(payload=failing.payload | {"answers": ANSWERS})
    assert doorstep.answer_waiting(now=NOW + timedelta(minutes=4)) == 1
    assert (Application.objects.count(), Knock.objects.count()) == (2, 0)
    assert outbox.kinds() == ["confirm_address", "confirm_address"]


def test_knock_that_always_fails_stays_for_somebody_to_look_at(group):
    failing = knock_of("a@example.org", answers={})
    for day in range(10):
        assert doorstep.answer_waiting(now=NOW + timedelta(days=day)) == 0
    failing.refresh_from_db()
    assert (failing.attempts, failing.payload["email"]) == (doorstep.MOST_ATTEMPTS, "a@example.org")


def test_failing_answer_leaves_nothing_half_done(group):
    """The mail of a sign-in page that cannot be written whole is not written at all."""
    payload = {"known": True, "kind": "login_code", "about": "x", "to": "a@example.org", "user": None}
    doorstep.knock(Knock.Kind.MAIL, payload, now=NOW)  # no "values"
    assert doorstep.answer_waiting(now=NOW) == 0
    assert (Message.objects.count(), Knock.objects.count()) == (0, 1)


def answer(barrier: Barrier | None = None) -> int:
    """One worker's look, in a thread of its own; waiting for somebody else's lock is an error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        if barrier:
            barrier.wait(timeout=10)
        return doorstep.answer_waiting(now=NOW)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_workers_answer_each_knock_once():
    GroupFactory()
    payload = {"known": True, "kind": "login_code", "to": "a@example.org", "user": None}
    payload["values"] = {"code": "ABC123"}
    for number in range(40):
        doorstep.knock(Knock.Kind.MAIL, payload | {"about": f"sign-in:{number}"}, now=NOW)
    barrier = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(answer, [barrier] * 4))
    assert (sum(counts), Message.objects.count(), Knock.objects.count()) == (40, 40, 0)


@pytest.mark.django_db(transaction=True)
def test_worker_leaves_alone_what_another_answers_and_does_not_wait():
    GroupFactory()
    knock_of("a@example.org")
    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Knock.objects.select_for_update().get()
        assert pool.submit(answer).result(timeout=10) == 0
    assert doorstep.answer_waiting(now=NOW) == 1


@pytest.mark.django_db(transaction=True)
def test_worker_killed_in_the_middle_leaves_the_knock():
    """The server rolls back what a lost connection was doing; the next worker finds all as it was."""
    GroupFactory()
    knock_of("a@example.org")

    with pytest.raises(DatabaseError):
        answer_and_be_killed()
    connection.close()

    assert (Application.objects.count(), Knock.objects.count()) == (0, 1)
    assert doorstep.answer_waiting(now=NOW) == 1
    assert list(Application.objects.values_list("email", flat=True)) == ["a@example.org"]


def answer_and_be_killed() -> None:
    with transaction.atomic():
        assert doorstep.answer_waiting(now=NOW) == 1
        assert Application.objects.count() == 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [process] = cursor.fetchone()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(kill, process).result(timeout=10)


def kill(process: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [process])
    connection.close()


def test_application_taken_in_before_the_list_closed_is_answered(group):
    doorstep.ask_for_seat(group, email="late@example.org", answers=ANSWERS, strengths=[], now=NOW)
    Group.objects.update(waiting_list_open=False)

    assert doorstep.answer_waiting(now=NOW) == 1

    assert Application.objects.get().email == "late@example.org"


def test_failed_knock_is_forgotten_after_a_month(group):
    kept = Knock.objects.create(kind="link", payload={}, at=NOW, due_at=NOW, attempts=doorstep.MOST_ATTEMPTS)
    waiting = Knock.objects.create(kind="link", payload={}, at=NOW, due_at=NOW)

    assert doorstep.forget_failed(now=NOW + timedelta(days=30)) == 0
    assert doorstep.forget_failed(now=NOW + timedelta(days=31)) == 1

    assert list(Knock.objects.all()) == [waiting]
    assert kept.pk != waiting.pk
