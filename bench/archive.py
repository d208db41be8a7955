"""Pages of a group with 5,000 sessions, 20,000 readings and 2,000 members (docs/design.md, Budgets).

    .venv/bin/python -m bench.archive [ROUNDS]

Three groups are asked for each page, by turns, one request each: the demonstration, a group with a hundredth
of the archive's data, and the archive. Each has a process and a database of its own: embedded ones, or, where
DATABASE_URL names a server, three new ones beside the database it names (a second run takes them up again).
Other work on the machine so meets all three alike, and the lower quartile of ROUNDS (40) requests leaves most
of it out. Every page is rendered anew.

The archive is compared with its hundredth: the same kind of texts, pages as full, a hundred times the data.
The demonstration stands beside them as a group that people know; its texts are shorter and some lists not
full. Where a page shows the same number of rows in both (items of lists, rows of tables, entries, addresses),
give or take a tenth, the ratio of the times counts and may be RATIO at most. Where it shows more, either the
ratio keeps to that all the same, or the milliseconds for each row may not be more than in the hundredth.

Prints the lower quartiles in milliseconds with the rows in brackets, the ratio, the milliseconds a row where
their number differs, and the queries and bytes in the archive. Exits with 1 where a visitor's page asks more
than 6 questions of the database, or a member's more than 12; `<<<` marks these, `>` what is slower than it
may be. With EXPLAIN=1 in the environment it also prints each page's slowest question.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, RATIO, ALIKE = 40, 1.2, 0.1
MOST_QUERIES = {"visitor": 6, "member": 12, "organiser": 12}
GROUPS = ("demonstration", "hundredth", "archive")
ROW = re.compile(r"<(?:li|tr|entry|loc)\b")  # what a page has more of when there is more to show
PAGES = [
    ("visitor", "/"),
    ("visitor", "/sessions/"),
    ("visitor", "/sessions/?page={last}"),
    ("visitor", "/sessions/?year={year}"),
    ("visitor", "/sessions/?track={track}"),
    ("visitor", "/sessions/{held}/"),
    ("visitor", "/sessions/{coming}/"),
    ("visitor", "/presentations/"),
    ("visitor", "/curriculum/"),
    ("visitor", "/search/?q={word}"),
    ("visitor", "/feed.atom"),
    ("visitor", "/sitemap.xml"),
    ("visitor", "/sitemap-sessions-0.xml"),
    ("member", "/next/"),
    ("member", "/sessions/{held}/"),
    ("member", "/sessions/{coming}/"),
    ("member", "/sessions/"),
    ("member", "/search/?q={word}"),
    ("member", "/members/"),
    ("organiser", "/sessions/{held}/"),
    ("organiser", "/sessions/{held}/photos/"),
    ("organiser", "/organise/"),
    ("organiser", "/organise/sessions/"),
    ("organiser", "/organise/sessions/{coming_pk}/"),
]


# --- One process for each group -----------------------------------------------------------------------
def answer(name: str) -> None:
    """Make the group where it is not there yet, then ask for the page that each line names, by its place.

    Prints a line of JSON when the group is there, and one for each request: {"ms"}, and with the first of a
    page what it asks of the database and shows.
    """
    import django

    django.setup()

    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from members.models import User

    call_command("migrate", verbosity=0)
    known = _demonstration() if name == "demonstration" else _archive(name)
    clients = {"visitor": Client()}
    for who in ("member", "organiser"):
        clients[who] = Client()
        clients[who].force_login(User.objects.get(email=known[who]))
    print(json.dumps({}), flush=True)
    seen = set()
    for line in sys.stdin:
        place = int(line)
        who, address = PAGES[place]
        path, told = address.format(**known), {}
        if place not in seen:
            seen.add(place)
            with CaptureQueriesContext(connection) as queries:
                page = clients[who].get(path)
            asked = queries.captured_queries
            assert page.status_code == 200, (who, path, page.status_code)
            told = {
                "queries": len(asked),
                "bytes": len(page.content),
                "rows": len(ROW.findall(page.text)),
                "slowest": max(asked, key=lambda query: float(query["time"]), default=None),
            }
        begun = time.perf_counter()
        clients[who].get(path)
        print(json.dumps(told | {"ms": (time.perf_counter() - begun) * 1000}), flush=True)


def _demonstration() -> dict:
    from django.core.management import call_command
    from django.db import connection

    from sessions_app.models import Session, Track

    if not Session.objects.exists():
        call_command("load_demo", stdout=sys.stderr)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    coming = Session.objects.get(state="announced")
    return {
        "held": 17, "coming": coming.number, "coming_pk": coming.pk, "last": 1, "word": "learning",
        "year": Session.objects.get(number=17).starts_at.year, "track": Track.objects.first().pk,
        "member": "member@example.org", "organiser": "organiser@example.org",
    }  # fmt: skip


def _archive(name: str) -> dict:
    from bench import large_archive as large
    from sessions_app.models import Session, Track

    size = large.LARGE if name == "archive" else large.HUNDREDTH
    if not Session.objects.exists():
        large.fill(size)
    coming, held = Session.objects.get(state="announced"), Session.objects.get(number=size.held)
    return {
        "held": held.number, "coming": coming.number, "coming_pk": coming.pk, "last": 999,
        "word": "learning", "year": held.starts_at.year, "track": Track.objects.get(sessions=held).pk,
        "member": large.MEMBER, "organiser": large.ORGANISER,
    }  # fmt: skip


# --- All three, and the table ---------------------------------------------------------------------------
def database(name: str) -> str:
    """The address of a database beside the one that is named, made where it is new; "" for the embedded."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return ""
    import psycopg2

    server = psycopg2.connect(url)
    server.autocommit = True
    own = f"{url.rpartition('/')[2]}_{name}"
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [own])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{own}"')
    server.close()
    return f"{url}_{name}"


class Group:
    """The process that answers for a group."""

    def __init__(self, name: str):
        data = tempfile.mkdtemp(prefix=f"bench-{name}-")
        env = os.environ | {
            "SECRET_KEY": "bench", "SITE_URL": "http://testserver", "STUDYGROUP_DATA": data,
            "STUDYGROUP_STATIC_ROOT": f"{data}/static", "LOG_LEVEL": "ERROR", "DATABASE_URL": database(name),
            "DJANGO_SETTINGS_MODULE": "bench.rendered_settings",
        }  # fmt: skip
        python = sys.executable
        collect = [python, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(collect, env=env, cwd=ROOT, check=True)
        self.process = subprocess.Popen(
            [python, "-m", "bench.archive", "--answer", name],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.told: dict[int, dict] = {}
        self.times: dict[int, list[float]] = {}
        self._heard()

    def _heard(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A group's process has ended.")
        return json.loads(line)

    def ask(self, place: int) -> None:
        """Ask for a page once, and keep how long that took; the first two times only warm up."""
        print(place, file=self.process.stdin, flush=True)
        heard = self._heard()
        self.told.setdefault(place, heard)
        self.times.setdefault(place, []).append(heard["ms"])

    def lower(self, place: int) -> float:
        """The lower quartile of the page's times."""
        return statistics.quantiles(self.times[place][2:], n=4)[0]

    def rows(self, place: int) -> int:
        """How many rows the page shows."""
        return self.told[place]["rows"]


def judged(place: int, small: Group, large: Group) -> tuple[float, str, bool]:
    """(ratio, the milliseconds a row where the rows differ, whether the page may take so long)."""
    few, many = small.lower(place), large.lower(place)
    ratio, rows, shown = many / few, small.rows(place), large.rows(place)
    if abs(rows - shown) <= ALIKE * max(rows, shown):
        return ratio, "", ratio <= RATIO
    before, now = few / max(rows, 1), many / max(shown, 1)
    return ratio, f"{before:.2f} → {now:.2f}", ratio <= RATIO or (shown > rows and now <= before)


def main(rounds: int) -> int:
    """Measure the groups and print; 0 when every page keeps within its budget of queries."""
    groups = [Group(name) for name in GROUPS]
    _, small, large = groups
    wanted = range(len(PAGES))
    for _ in range(rounds + 2):
        for place in wanted:
            for group in groups:
                group.ask(place)
    print(f"| page | {' | '.join(GROUPS)} | ratio | ms a row | queries | kB |\n" + "| --- " * 8 + "|")
    bad = 0
    for place in wanted:
        who, address = PAGES[place]
        ratio, each, is_well = judged(place, small, large)
        wrong = max(group.told[place]["queries"] for group in groups) > MOST_QUERIES[who]
        bad += wrong
        told = large.told[place]
        times = " | ".join(f"{group.lower(place):.1f} ({group.rows(place)})" for group in groups)
        print(
            f"| {who} `{address}` | {times} | {ratio:.2f} | {each} | {told['queries']} "
            f"| {told['bytes'] / 1000:.0f} |{'' if is_well else ' >'}{' <<<' if wrong else ''}"
        )
        if os.environ.get("EXPLAIN") and told["slowest"]:
            print(f"    {told['slowest']['time']} s: {told['slowest']['sql'][:3000]}", file=sys.stderr)
    for group in groups:
        group.process.stdin.close()
        group.process.wait()
    return 1 if bad else 0


if __name__ == "__main__":
    if "--answer" in sys.argv:
        answer(sys.argv[-1])
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
