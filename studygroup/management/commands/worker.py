"""`manage.py worker`: what runs in the background, in as many processes as one likes."""

from __future__ import annotations

import logging
import signal
import threading
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from members import tasks as member_tasks
from outbox import delivery
from sessions_app import tasks as session_tasks

log = logging.getLogger("worker")

LOOK_EVERY = 1.0  # seconds between looks at the door and into an empty outbox
TIDY_EVERY = 30.0  # seconds between looks for what time has brought about


class Command(BaseCommand):
    help = "Answer the door, send the mail that is due, and do what time brings about, until stopped."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now, then stop.")

    def handle(self, *, once: bool, **options) -> None:
        stop = threading.Event()
        if not once:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: stop.set())
            self.stdout.write("Worker started.")
        tidied = -TIDY_EVERY
        while not stop.is_set():
            answered = self.attempt(member_tasks.answer_knocks)
            sent = self.attempt(delivery.deliver_due) + answered
            if time.monotonic() - tidied >= TIDY_EVERY or once:
                for job in (*member_tasks.TIDYING, *session_tasks.TIDYING):
                    self.attempt(job)
                tidied = time.monotonic()
            if once and not sent:
                return
            if not sent:
                stop.wait(LOOK_EVERY)
        self.stdout.write("Worker stopped.")

    def attempt(self, job) -> int:
        """Run one job; a fault (the database away, say) is logged and tried again at the next look."""
        close_old_connections()
        try:
            return job()
        except Exception:
            log.exception("%s failed; trying again", job.__name__)
            return 0
