"""How fast pages are, against a bare Django view, on this machine, in one run (docs/design.md, Budgets).

    .venv/bin/python -m bench.pages            needs wrk (Debian: apt-get install wrk)

Loads the demonstration group (into an embedded database of its own, or the one that DATABASE_URL names),
and starts gunicorn with two workers for each of: the bare view, the site rendering every page, the site as
it runs. Each address is asked for SECONDS by two connections, in three rounds; the median is shown, with its
share of the bare view's.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS, ROUNDS, CONNECTIONS = 3, 3, 4
PUBLIC = ["/", "/about/", "/sessions/", "/sessions/17/", "/curriculum/", "/presentations/", "/resources/"]
MEMBER = ["/next/", "/sessions/17/"]
ORGANISER = ["/organise/", "/organise/applications/"]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """gunicorn with two workers under some settings, for as long as the `with` lasts."""

    def __init__(self, app: str, settings: str, env: dict[str, str]):
        self.port = free_port()
        self.env = env | {"DJANGO_SETTINGS_MODULE": settings}
        bind = f"127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "gunicorn", app, "-w", "2", "--threads", "4", "-b", bind]

    def __enter__(self) -> Site:
        self.process = subprocess.Popen(
            self.command, env=self.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.command} does not answer")

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait()

    def rate(self, address: str, cookie: str = "") -> float:
        """Requests a second, the median of the rounds. Stops when an answer is not 200."""
        url = f"http://127.0.0.1:{self.port}{address}"
        headers = {"Cookie": cookie} if cookie else {}
        for _ in range(6):  # both workers warm
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
                assert answer.status == 200
        command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", url]
        if cookie:
            command[1:1] = ["-H", f"Cookie: {cookie}"]
        rates = []
        for _ in range(ROUNDS):
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            assert "Non-2xx" not in out, out
            rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]))
        return statistics.median(rates)


def prepare(env: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Load and collect everything. Returns the group's key, and a session cookie for each login."""
    for command in ("migrate", "collectstatic --noinput", "load_demo"):
        subprocess.run([sys.executable, "manage.py", *command.split(), "-v0"], env=env, cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    code = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from members.models import Group, User
print("group", Group.objects.get().pk)
for who in ("member", "organiser"):
    user = User.objects.get(email=who + "@example.org")
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store.save()
    print(who, settings.SESSION_COOKIE_NAME + "=" + store.session_key)
"""
    out = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code], env=env, cwd=ROOT, check=True,
        capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = dict(line.split(" ", 1) for line in out.splitlines() if " " in line)
    return found["group"], found


def main() -> None:
    """Measure, and print one line for each address."""
    if not shutil.which("wrk"):
        raise SystemExit("This needs wrk: apt-get install wrk")
    data = ROOT / "data" / "bench"
    env = os.environ | {
        "SECRET_KEY": "bench",
        "SITE_URL": "http://127.0.0.1",
        "STUDYGROUP_DATA": str(data),
        "STUDYGROUP_STATIC_ROOT": str(data / "static"),
        "LOG_LEVEL": "ERROR",
    }
    group, cookies = prepare(env)
    with Site("bench.bare:application", "bench.bare_settings", env) as site:
        bare = site.rate(f"/?pk={group}")
        print(f"{'bare view':34} {bare:7.0f}/s")
    with Site("studygroup.wsgi", "bench.rendered_settings", env) as site:
        for address in PUBLIC:
            rate = site.rate(address)
            print(f"{'rendered  ' + address:34} {rate:7.0f}/s  {rate / bare:5.2f}")
    with Site("studygroup.wsgi", "studygroup.settings", env) as site:
        for address in PUBLIC:
            rate = site.rate(address)
            print(f"{'as it runs ' + address:34} {rate:7.0f}/s  {rate / bare:5.2f}")
        for who, addresses in (("member", MEMBER), ("organiser", ORGANISER)):
            for address in addresses:
                rate = site.rate(address, cookies[who])
                print(f"{who + '  ' + address:34} {rate:7.0f}/s  {rate / bare:5.2f}")


if __name__ == "__main__":
    main()
