"""Whether mail survives workers that are killed: nothing lost, nothing stuck, next to nothing twice.

    .venv/bin/python -m bench.kills                                  1,000 messages, 2 workers, 50 kills
    MESSAGES=100 KILLS=5 .venv/bin/python -m bench.kills             a first look

Writes the messages into a database of its own (made beside the one that DATABASE_URL names, or the embedded
one, and dropped afterwards), starts a real SMTP server that takes PAUSE seconds a mail, and real workers
(`manage.py worker`). A worker drawn at random gets SIGKILL after a random while and is started again, KILLS
times; then the workers are left to finish.

Ends with 1 when a message was lost, when what a killed worker held still waits RECOVERY seconds after the
last kill, when nothing is sent for so long, or when a message came under two Message-IDs. A mail may come
twice when the kill fell between the server's 250 and the record of it; both have the same Message-ID then, so
that mail programs show one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studygroup.settings")
os.environ["LOG_LEVEL"] = "ERROR"

ROOT = Path(__file__).resolve().parent.parent
MESSAGES, KILLS = int(os.environ.get("MESSAGES", "1000")), int(os.environ.get("KILLS", "50"))
WORKERS = 2
PAUSE = 0.05  # seconds that the server takes for a mail, so that kills fall into sending
BETWEEN = (0.2, 2.5)  # seconds from one kill to the next, drawn evenly
RECOVERY = 60 + 30  # seconds: a lease, and what the workers need to start and to send what is left


class Server:
    """An SMTP server that counts what it has accepted, by Message-ID."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802: aiosmtpd's name
        import asyncio

        await asyncio.sleep(PAUSE)
        mail = message_from_bytes(envelope.content)
        self.accepted[mail["Message-ID"]] += 1
        self.recipients.update(envelope.rcpt_tos)
        return "250 OK"


def write_messages() -> None:
    """The messages, as the site writes them."""
    from django.db import transaction
    from django.utils import timezone

    from outbox.writing import Mail, write_all

    with transaction.atomic():
        mails = [
            Mail(
                about=f"thing:{number}",
                to=f"reader{number}@example.org",
                values={"subject": f"Fact {number}", "text": "Words.", "group": "The bench"},
            )
            for number in range(MESSAGES)
        ]
        write_all("circular", mails, now=timezone.now())


def start_worker(environment: dict[str, str]) -> subprocess.Popen:
    """One worker as `bin/serve` starts it."""
    command = [sys.executable, str(ROOT / "manage.py"), "worker"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=ROOT)


def kill_and_wait(environment: dict[str, str]) -> tuple[int, float]:
    """Kill workers at random, start them again, let them finish.

    Returns how many kills, and how many seconds after the last one all was sent that workers held then.
    """
    from outbox.models import Message

    workers = [start_worker(environment) for _ in range(WORKERS)]
    kills = 0
    try:
        while kills < KILLS and Message.objects.waiting().exists():
            time.sleep(random.uniform(*BETWEEN))
            victim = random.randrange(WORKERS)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = start_worker(environment)
            kills += 1
        last = progress = time.monotonic()
        held = list(Message.objects.filter(state=Message.State.SENDING).values_list("pk", flat=True))
        recovered, left = 0.0, -1
        while (waiting := Message.objects.waiting().count()) and time.monotonic() - progress < RECOVERY:
            if waiting != left:
                left, progress = waiting, time.monotonic()
            if Message.objects.waiting().filter(pk__in=held).exists():
                recovered = time.monotonic() - last
            time.sleep(0.5)
        return kills, recovered
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def main() -> int:
    """Run it all. Returns the exit status."""
    django.setup()
    from aiosmtpd.controller import Controller
    from django.db import connection

    from outbox.models import Message

    old = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_kills_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, serialize=False)
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=int(os.environ.get("PORT", "8925")))
    controller.start()
    try:
        write_messages()
        settings = connection.settings_dict
        address = (
            f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}"
        )
        environment = os.environ | {
            "DATABASE_URL": f"{address}/{settings['NAME']}",
            "EMAIL_URL": f"smtp://127.0.0.1:{controller.port}",
        }
        started = time.monotonic()
        kills, recovery = kill_and_wait(environment)
        sent = Message.objects.filter(state=Message.State.SENT).count()
        lost = set(Message.objects.values_list("message_id", flat=True)) - set(server.accepted)
        doubled = sum(1 for count in server.accepted.values() if count > 1)
        strange = len(server.recipients) - len(server.accepted)
        print(f"{MESSAGES} messages, {WORKERS} workers, {kills} kills, {time.monotonic() - started:.0f} s")
        print(f"delivered {len(server.accepted)}, recorded as sent {sent}, lost {len(lost)}")
        print(f"came twice, with the same Message-ID: {doubled}")
        print(f"what a killed worker held was sent {recovery:.0f} s after the last kill")
        return int(bool(lost) or sent != MESSAGES or strange != 0 or recovery > RECOVERY)
    finally:
        controller.stop()
        connection.creation.destroy_test_db(old, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
