"""The queue of applications at 1,000 and at 100,000 of them (docs/design.md, Budgets; the aim is 1.2 times).

    .venv/bin/python -m bench.queue [ROUNDS]

Makes both groups, each in a database of its own: embedded ones, or, where DATABASE_URL names a server, two
new ones beside the database it names (a second run takes them up again). One process answers for each, in
itself, and every page is asked of both by turns, so that whatever else the machine does meets both alike.
Prints the medians of ROUNDS (40) in milliseconds, their ratio, the queries, and the rows shown at both sizes.
Exits with 1 where a page takes more than 1.2 times as long, or more than 12 queries.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 100_000)
ROUNDS, MOST_TIMES, MOST_QUERIES = 40, 1.2, 12
ME, OTHERS = "me@bench.example", ("second@bench.example", "third@bench.example")
# Closed applications are mostly old, open ones mostly new; (state, share among the old, among the new).
STATES = [
    ("unconfirmed", 1, 9),
    ("waiting", 8, 52),
    ("shortlisted", 3, 7),
    ("invited", 3, 4),
    ("dormant", 20, 10),
    ("joined", 10, 3),
    ("declined", 40, 10),
    ("withdrawn", 15, 5),
]
PAGES = {
    "open, the first page": "",
    "all": "?state=all",
    **{f"state: {state}": f"?state={state}" for state, _, _ in STATES},
    "closed, newest first": "?state=declined&state=withdrawn&state=joined&order=newest",
    "waiting and dormant": "?state=waiting&state=dormant",
    "a strength": "?strength={strength}",
    "score at least 3.5": "?least=3.5",
    "score at least 3.5, all states": "?least=3.5&state=all",
    "text: a frequent word": "?q=data",
    "text: in one of twenty": "?q=cello",
    "text: in sixty": "?q=quipu",
    "text: two words, begun": "?q=dat+stat",
    "text: in none": "?q=zzzzz",
    "not reviewed by me": "?mine=no",
    "reviewed by me": "?mine=yes",
    "reviewers disagree": "?disagree=1",
    "a decision is prepared": "?prepared=1",
    "text, strength, not reviewed": "?q=data&strength={strength}&mine=no",
    "newest first": "?order=newest",
    "last moved first": "?order=moved",
    "highest score first": "?order=highest",
    "lowest score first": "?order=lowest",
    "deep in the list": "?after={deep}",
    "the last page": "?last=1",
    "deep in the list by score": "?order=highest&after={deep_score}",
    "one application": "{application}/",
    "one application, from a list": "{application}/?queue=q%3Ddata",
}


# --- The group ----------------------------------------------------------------------------------------
def vocabulary(chance: random.Random) -> list[str]:
    """Three thousand invented words."""
    parts = ["ba", "co", "di", "fe", "gu", "ka", "li", "mo", "ne", "pu", "ra", "si", "to", "ve", "zu"]
    return sorted({"".join(chance.choices(parts, k=chance.randint(2, 4))) for _ in range(4000)})[:3000]


def text_of(chance: random.Random, words: list[str], weights: list[float], extra: str = "") -> str:
    """200 to 600 characters, in which a few words are frequent and most are rare."""
    length, said = chance.randint(200, 600), [extra] if extra else []
    if chance.random() < 0.45:
        said.append("data")
    if chance.random() < 0.15:
        said.append("statistics")
    if chance.random() < 0.025:
        said.append("cello")
    said += chance.choices(words, cum_weights=weights, k=length // 6)
    return " ".join(said)[:length]


def fill(size: int) -> None:
    """A group with `size` applications, a third of them reviewed by three people, and forty decisions."""
    from itertools import accumulate

    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from members import models as m

    call_command("migrate", verbosity=0)
    if m.Application.objects.count() >= size:
        return
    now, chance = timezone.now(), random.Random(size)
    words = vocabulary(chance)
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(words))))
    m.Group.objects.create(
        name="Bench", tagline="t", lead="l", city="Tallinn", time_zone="Europe/Tallinn",
        usual_start="18:30", usual_end="21:00", capacity=30, reviews_needed=2,
    )  # fmt: skip
    reviewers = []
    for address in (ME, *OTHERS):
        user = m.User.objects.create(email=address, name=address.partition("@")[0])
        m.Member.objects.create(user=user, joined_at=now, role="organiser", slug=user.name)
        reviewers.append(user)
    strengths = m.Strength.objects.bulk_create(m.Strength(name=f"Strength {n}", position=n) for n in range(8))
    criteria = m.Criterion.objects.bulk_create(m.Criterion(name=f"Criterion {n}") for n in range(3))
    applications, reviews = [], []
    for n in range(size):
        new = n / size
        shares = [old + (young - old) * new for _, old, young in STATES]
        state = chance.choices([name for name, _, _ in STATES], shares)[0]
        since = now - timedelta(days=3650 * (1 - new), seconds=chance.randint(0, 3600))
        application = m.Application(
            email=f"a{n}@bench.example", email_key=f"a{n}@bench.example",
            name=f"{chance.choice(words).title()} {chance.choice(words).title()}", current_role="Nurse",
            experience=text_of(chance, words, weights, "quipu" if n % (size // 60) == 7 else ""),
            interest=text_of(chance, words, weights), state=state, applied_at=since,
            confirmed_at=None if state == "unconfirmed" else since,
            moved_at=since + (now - since) * chance.random(),
        )  # fmt: skip
        if state != "unconfirmed" and chance.random() < 1 / 3:
            about = chance.uniform(1.5, 4.5)
            scores = [min(5, max(1, about + chance.choice((-1, -0.5, 0, 0.5, 1)))) for _ in reviewers]
            application.review_count, application.score = 3, sum(scores) / 3
            application.spread = max(scores) - min(scores)
            reviews += [(application, *pair) for pair in zip(reviewers, scores, strict=True)]
        applications.append(application)
    m.Application.objects.bulk_create(applications, batch_size=2000)
    through = m.Application.strengths.through
    through.objects.bulk_create(
        (
            through(application_id=each.pk, strength_id=strength.pk)
            for each in applications
            for strength in chance.sample(strengths, chance.randint(1, 3))
        ),
        batch_size=5000,
    )
    m.ApplicationChange.objects.bulk_create(
        (
            m.ApplicationChange(application=a, after=a.state, by="applicant", at=a.moved_at)
            for a in applications
        ),
        batch_size=5000,
    )
    m.Review.objects.bulk_create(
        (m.Review(application=a, reviewer=by, score=score, saved_at=now) for a, by, score in reviews),
        batch_size=5000,
    )
    m.Decision.objects.bulk_create(
        m.Decision(
            application=each, kind="decline", reason="r", seen="waiting", prepared_by=reviewers[0],
            prepared_at=now,
        )
        for each in [each for each in applications if each.state == "waiting"][:40]
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_score (review_id, criterion_id, value) "
            "SELECT r.id, c.id, round(r.score) FROM members_review r CROSS JOIN members_criterion c"
        )
        assert len(criteria) == 3
        cursor.execute("VACUUM ANALYZE")


# --- One process for each size ------------------------------------------------------------------------
def answer(size: int) -> None:
    """Make the group, then read pages' names from the input and write how long each took."""
    import django

    django.setup()
    fill(size)

    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from members.models import Application, Review, Strength, User
    from members.queue import Place, queue_of

    me, client = User.objects.get(email=ME), Client()
    client.force_login(me)
    queues = {order: queue_of(f"order={order}", me) for order in ("waiting", "highest")}
    rows = {order: queue.ordered()[queue.matching().count() * 2 // 3] for order, queue in queues.items()}
    unread = Application.objects.filter(state="waiting").exclude(pk__in=Review.objects.values("application"))
    known = {
        "strength": Strength.objects.first().pk,
        "deep": str(Place(rows["waiting"].since, rows["waiting"].pk)).replace("+", "%2B"),
        "deep_score": Place(rows["highest"].score, rows["highest"].pk),
        "application": unread.order_by("since")[10].pk,
    }
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, counted = json.loads(line)
        path = "/organise/applications/" + PAGES[name].format(**known)
        begun = time.perf_counter()
        if counted:
            with CaptureQueriesContext(connection) as queries:
                response = client.get(path)
        else:
            response = client.get(path)
        taken = (time.perf_counter() - begun) * 1000
        assert response.status_code == 200, (path, response.status_code)
        rows = response.content.count(b" data-open ")
        print(json.dumps([len(queries), rows] if counted else taken), flush=True)


class Group:
    """The process that answers for one size."""

    def __init__(self, size: int, database: str):
        data = tempfile.mkdtemp(prefix=f"bench-queue-{size}-")
        env = os.environ | {
            "SECRET_KEY": "bench", "SITE_URL": "http://testserver", "STUDYGROUP_DATA": data,
            "STUDYGROUP_STATIC_ROOT": f"{data}/static", "LOG_LEVEL": "ERROR", "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "bench.rendered_settings",
        }  # fmt: skip
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], env=env, cwd=ROOT, check=True
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.queue", "--answer", str(size)],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def said(self):
        """The next thing it has to say."""
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The process that answers has ended; see above.")
        return json.loads(line)

    def ask(self, name: str, *, counted: bool = False) -> float | list[int]:
        """Milliseconds of a page, or its queries and rows."""
        self.process.stdin.write(json.dumps([name, counted]) + "\n")
        self.process.stdin.flush()
        return self.said()

    def end(self) -> None:
        """Let it go."""
        self.process.stdin.close()
        self.process.wait()


def databases() -> list[str]:
    """An address for each size: none for embedded databases, else those beside the one that is named."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return ["" for _ in SIZES]
    import psycopg2

    server = psycopg2.connect(url)
    server.autocommit = True
    name, found = url.rpartition("/")[2], []
    with server.cursor() as cursor:
        for size in SIZES:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"{name}_{size}"])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{name}_{size}"')
            found.append(f"{url}_{size}")
    server.close()
    return found


def main(rounds: int) -> int:
    """Measure and print; 0 when every page keeps within the limits."""
    groups = [Group(size, database) for size, database in zip(SIZES, databases(), strict=True)]
    for group in groups:
        group.said()
    times = {name: ([], []) for name in PAGES}
    for number in range(rounds + 3):  # three to warm up
        for name, taken in times.items():
            for group, kept in list(zip(groups, taken, strict=True))[:: 1 if number % 2 else -1]:
                milliseconds = group.ask(name)
                if number >= 3:
                    kept.append(milliseconds)
    print(f"| {'page':32} | {SIZES[0]:,} | {SIZES[1]:,} | ratio | queries | rows |\n" + "| --- " * 6 + "|")
    bad = 0
    for name, (small, large) in times.items():
        few, many = statistics.median(small), statistics.median(large)
        counted = [group.ask(name, counted=True) for group in groups]
        queries, rows = max(each[0] for each in counted), "–".join(str(each[1]) for each in counted)
        wrong = many / few > MOST_TIMES or queries > MOST_QUERIES
        bad += wrong
        print(
            f"| {name:32} | {few:.1f} | {many:.1f} | {many / few:.2f} | {queries} | {rows} |"
            f"{' <<<' if wrong else ''}"
        )
    for group in groups:
        group.end()
    return 1 if bad else 0


if __name__ == "__main__":
    if "--answer" in sys.argv:
        answer(int(sys.argv[-1]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
