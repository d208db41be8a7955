"""Whether the time of an answer tells which addresses are known (docs/design.md, rule 2). It must not.

    .venv/bin/python -m bench.doorstep                             all, 200 tries of each kind of address
    .venv/bin/python -m bench.doorstep "wrong password" "apply"    these only
    TRIES=20 .venv/bin/python -m bench.doorstep                    a first look

Asks the site, in this process, with the real password hasher and real commits in a database of its own (made
beside the one that DATABASE_URL names, or the embedded one, and dropped afterwards). In each round every kind
of address has one try, in random order. Every try has an address, a network and a browser of its own, so the
limits stand as they always do and are never reached.

Prints the median and the middle half of each kind in milliseconds, and how far the median is from that of the
unknown addresses, with the interval of that difference (bootstrap over the rounds). A difference counts when
it is more than LARGEST of the median and its interval leaves out zero; then this ends with 1. There are ten
comparisons, so each interval is one of 99.5 %: about one run in twenty raises a false alarm.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studygroup.settings")
os.environ["LOG_LEVEL"] = "ERROR"

LARGEST = 0.05
RESAMPLES = 4000
OUTSIDE = 0.0025  # of the drawn differences, at each end of the interval
WARM = 10  # tries of each kind that are not counted
PASSWORD = "a long passphrase"
STATIC = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
KINDS = {
    "apply": ("unknown", "applied"),
    "lost link": ("unknown", "applied"),
    "sign-in code": ("unknown", "member", "member with a password"),
    "page for the code": ("unknown", "member", "member with a password"),
    "password reset": ("unknown", "member", "member with a password"),
    "wrong password": ("unknown", "member", "member with a password"),
}


def fill(count: int) -> None:
    """A group, applicants, and members with and without a password, `count` of each, by their addresses."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password

    from members.models import Member, User
    from tests.factories import ApplicationFactory, GroupFactory, StrengthFactory

    GroupFactory()
    StrengthFactory.create_batch(5)
    encoded = make_password(PASSWORD)
    for number in range(count):
        ApplicationFactory(email=address_of("applied", number))
        for who in ("member", "member with a password"):
            user = User(email=address_of(who, number), name=f"Person {number}")
            user.password = encoded if "password" in who else make_password(None)
            user.save()
            Member.objects.create(user=user, joined_at=user.date_joined)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def address_of(who: str, number: int) -> str:
    """One address of a kind; all are of one length, so that not even that differs."""
    return f"{who.replace(' ', '-'):x<24}{number:04}@example.org"


def requests() -> dict[str, tuple[Callable, Callable]]:
    """What is asked, with what comes before it untimed."""
    from django.utils import timezone

    from members.forms.fields import stamp

    opened = stamp(timezone.now() - timedelta(minutes=1))
    answers = {"name": "N", "current_role": "x", "experience": "x " * 500, "interest": "x " * 500}
    code = ("/accounts/login/code/", "email")
    return {
        "apply": (
            nothing,
            lambda client, to: client.post("/apply/", answers | {"email": to, "opened": opened}),
        ),
        "lost link": (nothing, lambda client, to: client.post("/apply/lost/", {"email": to})),
        "sign-in code": (nothing, lambda client, to: client.post(code[0], {code[1]: to})),
        "page for the code": (
            lambda client, to: client.post(code[0], {code[1]: to}),
            lambda client, to: client.get("/accounts/login/code/confirm/"),
        ),
        "password reset": (
            nothing,
            lambda client, to: client.post("/accounts/password/reset/", {"email": to}),
        ),
        "wrong password": (
            nothing,
            lambda client, to: client.post("/accounts/login/", {"login": to, "password": "wrong"}),
        ),
    }


def nothing(client, to: str) -> None:
    pass


def measure(what: str, tries: int) -> dict[str, list[float]]:
    """Milliseconds of each try, by the kind of address. Stops when an answer is not the one to measure."""
    from django.test import Client

    before, ask = requests()[what]
    kinds = KINDS[what]
    rounds = [
        (who, number) for number in reversed(range(tries + WARM)) for who in random.sample(kinds, len(kinds))
    ]
    times: dict[str, list[float]] = {who: [] for who in kinds}
    expected = 200 if what in ("wrong password", "page for the code") else 302
    gc.disable()
    for turn, (who, number) in enumerate(rounds):
        client = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR=f"10.{turn // 250}.{turn % 250}.{len(what)}")
        to = address_of(who, number)
        before(client, to)
        start = time.perf_counter()
        answer = ask(client, to)
        took = (time.perf_counter() - start) * 1000
        assert answer.status_code == expected, f"{what}: {answer.status_code}\n{answer.text[:2000]}"
        if number < tries:
            times[who].append(took)
        if turn % 50 == 0:
            gc.collect()
    gc.enable()
    return times


def difference(known: list[float], unknown: list[float]) -> tuple[float, float, float]:
    """How far apart the medians are, as a share of the unknown one, with its interval."""
    base = statistics.median(unknown)
    drawn = []
    for _ in range(RESAMPLES):
        rounds = random.choices(range(len(unknown)), k=len(unknown))
        drawn.append(
            statistics.median(known[one] for one in rounds)
            - statistics.median(unknown[one] for one in rounds)
        )
    drawn.sort()
    low, high = drawn[int(RESAMPLES * OUTSIDE)], drawn[-1 - int(RESAMPLES * OUTSIDE)]
    return (statistics.median(known) - base) / base, low / base, high / base


def report(what: str, times: dict[str, list[float]]) -> bool:
    """Print one line for each kind of address. Returns whether one tells itself apart."""
    tells = False
    for who, taken in times.items():
        first, middle, third = statistics.quantiles(taken, n=4)
        line = f"{what:18} {who:24} {middle:8.2f} ms  {first:8.2f} – {third:8.2f}"
        if who != "unknown":
            apart, low, high = difference(taken, times["unknown"])
            differs = abs(apart) > LARGEST and not low <= 0 <= high
            line += f"  {apart:+7.1%}  [{low:+.1%}, {high:+.1%}]" + ("  DIFFERS" if differs else "")
            tells = tells or differs
        print(line, flush=True)
    return tells


def main() -> int:
    """Measure everything. Returns the exit status."""
    django.setup()
    from django.core.cache import cache
    from django.db import connection
    from django.test import override_settings

    tries = int(os.environ.get("TRIES", "200"))
    old = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_doorstep_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, serialize=False)
    tells = False
    try:
        fill(tries + WARM)
        with override_settings(STORAGES=STATIC):
            for what in sys.argv[1:] or KINDS:
                cache.clear()  # the counts of one request are not those of the next
                tells = report(what, measure(what, tries)) or tells
    finally:
        connection.creation.destroy_test_db(old, verbosity=0)
    print("Some addresses tell themselves apart." if tells else "Known and unknown addresses cost the same.")
    return int(tells)


if __name__ == "__main__":
    sys.exit(main())
