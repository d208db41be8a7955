"""What time brings about, and work too long for a request: kept in PostgreSQL and run by django-tasks-db.

One row of the library's table is one run. It is enqueued in the transaction of its cause and taken with SKIP
LOCKED. What the library leaves open is done here: a run whose worker was killed is taken up again, and what
time brings about is enqueued by whichever worker looks first, so that one worker at a time does it.

Whatever runs here may be interrupted at any point and begun again, so every task must bear that.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import close_old_connections, connection, transaction
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django_tasks import TaskResultStatus as Status
from django_tasks import task
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from members import tasks as member_tasks
from sessions_app import tasks as session_tasks
from studygroup import tasks as site_tasks

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)  # from the end of a job to its next run
LEASE = timedelta(seconds=60)  # a run that its worker has not confirmed for so long is taken up again
MOST_TRIES = 5  # what kills each worker that takes it must not go on for ever
KEPT = {Status.SUCCESSFUL: timedelta(hours=1), Status.FAILED: timedelta(days=30)}
MOST_TRACES = 20  # failures of one job that are kept
LOCK = 0x6A6F6273  # any number that nothing else takes: "jobs"
LOOK_EVERY = 1.0  # seconds between looks for runs
SCHEDULE_EVERY = 5.0  # seconds between looks for what time has brought about

TIDYING = (*member_tasks.TIDYING, *session_tasks.TIDYING, *site_tasks.TIDYING)
JOBS = {job.__name__: job for job in TIDYING}


@task()
def run_job(name: str) -> int:
    """Do one of JOBS. Returns how many things it changed."""
    return JOBS[name]()


@transaction.atomic
def schedule(*, now: datetime, all_now: bool = False) -> None:
    """Enqueue every job that neither waits nor runs nor ended within EVERY, and see to runs left behind.

    all_now: also those that ended just now. Does nothing while another worker is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return
    take_up_again(now=now)
    for status, kept in KEPT.items():
        DBTaskResult.objects.filter(status=status, finished_at__lt=now - kept).delete()
    _drop_old_traces()
    runs = DBTaskResult.objects.filter(task_path=run_job.module_path)
    busy = runs.filter(status__in=[Status.READY, Status.RUNNING])
    if not all_now:
        busy |= runs.filter(finished_at__gt=now - EVERY)
    taken = set(busy.values_list("args_kwargs__args__0", flat=True))
    for name in JOBS:
        if name not in taken:
            run_job.enqueue(name)


def take_up_again(*, now: datetime) -> None:
    """Queue again what a worker began and has not confirmed since; give up what was begun too often."""
    left = DBTaskResult.objects.filter(status=Status.RUNNING, started_at__lt=now - LEASE)
    for run in left.select_for_update(skip_locked=True):
        log.warning("task %s was left behind by its worker", run.args_kwargs)
        if len(run.worker_ids) < MOST_TRIES:
            run.status, run.started_at = Status.READY, None
        else:
            run.status, run.finished_at = Status.FAILED, now
            run.traceback = f"Its worker ended while it ran, {MOST_TRIES} times."
        run.save(update_fields=["status", "started_at", "finished_at", "traceback"])


def _drop_old_traces() -> None:
    """Keep the newest MOST_TRACES failures of each job: one that always fails does so every half minute."""
    newest_first = Window(RowNumber(), partition_by=["task_path", "args_kwargs"], order_by="-finished_at")
    failed = DBTaskResult.objects.filter(status=Status.FAILED).order_by()
    too_many = failed.annotate(nth=newest_first).filter(nth__gt=MOST_TRACES)
    DBTaskResult.objects.filter(pk__in=list(too_many.values_list("pk", flat=True))).delete()


class Runner(threading.Thread):
    """Runs tasks beside the worker's other work, so that a long one holds up no mail."""

    def __init__(self) -> None:
        super().__init__(name="background", daemon=True)
        self._ended = threading.Event()
        self._worker: Worker | None = None

    def run(self) -> None:
        """Look for what is due and do it, until `end`."""
        scheduled = -SCHEDULE_EVERY
        while not self._ended.is_set():
            close_old_connections()
            try:
                if time.monotonic() - scheduled >= SCHEDULE_EVERY:
                    scheduled = time.monotonic()
                    schedule(now=timezone.now())
                self.work_off()
            except Exception:  # the database away, say
                log.exception("background work failed; trying again")
            self._ended.wait(LOOK_EVERY)
        connection.close()

    def work_off(self) -> None:
        """Run what is due now, one after the other."""
        self._worker = Worker(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            # A name for this batch alone: what an earlier one could not bring to its end is not confirmed.
            worker_id=uuid4().hex,
        )
        if not self._ended.is_set():
            self._worker.run()

    def confirm(self, *, now: datetime) -> None:
        """Say that what this runner has begun still runs. Called by another thread, every few seconds."""
        if self._worker is not None:
            mine = DBTaskResult.objects.filter(
                status=Status.RUNNING, worker_ids__contains=[self._worker.worker_id]
            )
            mine.update(started_at=now)

    def end(self, *, within: float) -> None:
        """Finish what runs, for some seconds; what takes longer is taken up again by another worker."""
        self._ended.set()
        if self._worker is not None:
            self._worker.running = False
        self.join(within)
