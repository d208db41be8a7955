"""Pages of a group with 5,000 sessions, 20,000 readings and 2,000 members (docs/design.md, Budgets).

    .venv/bin/python -m bench.archive [ROUNDS]

Measures the demonstration group and the large one by turns, each in a process and a database of its own:
embedded ones, or, where DATABASE_URL names a server, two new ones beside the database it names (a second
run takes them up again). Prints for each page the medians of ROUNDS (30) in milliseconds, their ratio, the
95th percentile in the large group, and the queries and bytes there. Every page is rendered anew.

Exits with 1 where a visitor's page asks more than 6 questions of the database, or a member's more than 12.
With EXPLAIN=1 in the environment it also prints each page's slowest question.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, TURNS = 30, 3
MOST_QUERIES = {"visitor": 6, "member": 12, "organiser": 12}
GROUPS = ("demonstration", "archive")
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
def answer(name: str, rounds: int) -> None:
    """Make the group where it is not there yet, ask for each page, and print what that took as JSON."""
    import django

    django.setup()

    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from members.models import User

    call_command("migrate", verbosity=0)
    known = _demonstration() if name == "demonstration" else _archive()
    clients = {"visitor": Client()}
    for who in ("member", "organiser"):
        clients[who] = Client()
        clients[who].force_login(User.objects.get(email=known[who]))
    found = {}
    for who, address in PAGES:
        path = address.format(**known)
        with CaptureQueriesContext(connection) as queries:
            page = clients[who].get(path)
        asked = queries.captured_queries  # the next request forgets them
        assert page.status_code == 200, (who, path, page.status_code)
        times = []
        for _ in range(rounds + 2):
            begun = time.perf_counter()
            clients[who].get(path)
            times.append((time.perf_counter() - begun) * 1000)
        found[f"{who} {address}"] = {
            "times": times[2:],
            "queries": len(asked),
            "bytes": len(page.content),
            "slowest": max(asked, key=lambda query: float(query["time"]), default=None),
        }
    print(json.dumps(found))


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


def _archive() -> dict:
    from bench import large_archive as large
    from sessions_app.models import Session, Track

    if not Session.objects.exists():
        large.fill()
    coming, held = Session.objects.get(state="announced"), Session.objects.get(number=large.HELD)
    return {
        "held": held.number, "coming": coming.number, "coming_pk": coming.pk, "last": 999,
        "word": "learning", "year": held.starts_at.year, "track": Track.objects.get(sessions=held).pk,
        "member": large.MEMBER, "organiser": large.ORGANISER,
    }  # fmt: skip


# --- Both, and the table -------------------------------------------------------------------------------
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


def measured(name: str, rounds: int) -> dict[str, dict]:
    """What the process that answers for this group has found."""
    data = tempfile.mkdtemp(prefix=f"bench-{name}-")
    env = os.environ | {
        "SECRET_KEY": "bench", "SITE_URL": "http://testserver", "STUDYGROUP_DATA": data,
        "STUDYGROUP_STATIC_ROOT": f"{data}/static", "LOG_LEVEL": "ERROR", "DATABASE_URL": database(name),
        "DJANGO_SETTINGS_MODULE": "bench.rendered_settings",
    }  # fmt: skip
    python = sys.executable
    subprocess.run([python, "manage.py", "collectstatic", "--noinput", "-v0"], env=env, cwd=ROOT, check=True)
    command = [python, "-m", "bench.archive", "--answer", name, str(rounds)]
    done = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def by_turns(rounds: int) -> list[dict[str, dict]]:
    """What both groups' processes have found in all turns, so that other work on the machine meets both."""
    found: list[dict[str, dict]] = [{}, {}]
    for _ in range(TURNS):
        for group, name in zip(found, GROUPS, strict=True):
            for page, one in measured(name, rounds // TURNS).items():
                one["times"] += group.get(page, one | {"times": []})["times"]
                group[page] = one
    for one in (one for group in found for one in group.values()):
        times = sorted(one["times"])
        one |= {"median": statistics.median(times), "most": times[round(len(times) * 0.95) - 1]}
    return found


def main(rounds: int) -> int:
    """Measure both groups and print; 0 when every page keeps within its budget."""
    small, large = by_turns(rounds)
    print("| page | demonstration | archive | ratio | 95 % | queries | kB |\n" + "| --- " * 7 + "|")
    bad = 0
    for page, one in large.items():
        few, budget = small[page], MOST_QUERIES[page.partition(" ")[0]]
        wrong = max(one["queries"], few["queries"]) > budget
        bad += wrong
        print(
            f"| {page} | {few['median']:.1f} | {one['median']:.1f} | {one['median'] / few['median']:.2f} "
            f"| {one['most']:.1f} | {one['queries']} | {one['bytes'] / 1000:.0f} |{' <<<' if wrong else ''}"
        )
        if os.environ.get("EXPLAIN") and one["slowest"]:
            print(f"    {one['slowest']['time']} s: {one['slowest']['sql'][:3000]}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    if "--answer" in sys.argv:
        answer(sys.argv[-2], int(sys.argv[-1]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
