"""`manage.py worker`: what runs in the background, in as many processes as one likes."""

from __future__ import annotations

import logging
import signal
import threading
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from members import tasks as member_tasks
from members.models import Group
from members.quiet import is_quiet
from outbox import delivery
from studygroup import background

log = logging.getLogger("worker")

LOOK_EVERY = 1.0  # seconds between looks at the door and into an empty outbox
CONFIRM_EVERY = 10.0  # seconds; with the longest attempt at a mail still well within background.LEASE
GRACE = 8.0  # seconds that a task gets to finish; bin/serve waits for 15


def deliver() -> int:
    """Send what is due, in the group's quiet hours only what somebody is waiting for. Returns how many."""
    return delivery.deliver_due(quiet=is_quiet(Group.objects.current(), timezone.now()))


class Command(BaseCommand):
    help = "Answer the door, send the mail that is due, and do what time brings about, until stopped."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now, then stop.")

    def handle(self, *, once: bool, **options) -> None:
        if once:
            self.do_once()
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        runner = background.Runner()
        runner.start()
        self.stdout.write("Worker started.")
        confirmed = time.monotonic()
        while not stop.is_set():
            done = self.attempt(member_tasks.answer_knocks) + self.attempt(deliver)
            if time.monotonic() - confirmed >= CONFIRM_EVERY:
                confirmed = time.monotonic()
                self.attempt(lambda: runner.confirm(now=timezone.now()))
            if not done:
                stop.wait(LOOK_EVERY)
        runner.end(within=GRACE)
        self.stdout.write("Worker stopped.")

    def do_once(self) -> None:
        """Everything that is due now, until nothing more comes of it."""
        runner = background.Runner()
        while True:
            answered = self.attempt(member_tasks.answer_knocks)
            self.attempt(lambda: background.schedule(now=timezone.now(), all_now=True))
            self.attempt(runner.work_off)
            if not self.attempt(deliver) + answered:
                return

    def attempt(self, job) -> int:
        """Run one job; a fault (the database away, say) is logged and tried again at the next look."""
        close_old_connections()
        try:
            return job() or 0
        except Exception:
            log.exception("%s failed; trying again", job.__name__)
            return 0
