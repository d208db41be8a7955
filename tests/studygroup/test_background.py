"""Background work: each job by one worker at a time, taken up again when a worker is killed."""

from __future__ import annotations

import threading
from datetime import time as clock
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus as Status
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from studygroup import background
from tests.factories import GroupFactory
from tests.outbox.conftest import kind, write  # noqa: F401 - the fixture works by being known here

READY, RUNNING, FAILED, SUCCESSFUL = Status.READY, Status.RUNNING, Status.FAILED, Status.SUCCESSFUL


@pytest.fixture
def done(monkeypatch) -> list[str]:
    """Replaces the site's jobs by two that say that they ran, and one that fails."""
    found = []

    def fails() -> int:
        found.append("fails")
        raise LookupError("no such thing")

    jobs = {"one": lambda: found.append("one"), "two": lambda: found.append("two"), "fails": fails}
    monkeypatch.setattr(background, "JOBS", jobs)
    # Its housekeeping would close the connection, and with it the transaction that the test ends by.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    return found


def runs(*statuses: str) -> list[tuple[str, str]]:
    rows = DBTaskResult.objects.filter(status__in=statuses) if statuses else DBTaskResult.objects.all()
    return sorted(rows.values_list("args_kwargs__args__0", "status"))


def work_off() -> None:
    background.Runner().work_off()


def test_every_job_of_the_packages_is_known():
    from members import tasks as members
    from sessions_app import tasks as sessions

    assert set(background.JOBS.values()) >= {*members.TIDYING, *sessions.TIDYING}


def test_each_job_is_enqueued_once_and_again_half_a_minute_after_its_end(db, done):
    now = timezone.now()
    background.schedule(now=now)
    background.schedule(now=now)
    assert runs() == [("fails", READY), ("one", READY), ("two", READY)]

    work_off()
    assert sorted(done) == ["fails", "one", "two"]
    background.schedule(now=timezone.now())
    work_off()
    assert len(done) == 3

    background.schedule(now=timezone.now() + timedelta(seconds=31))
    work_off()
    assert sorted(done) == ["fails", "fails", "one", "one", "two", "two"]


def test_a_job_that_fails_is_kept_with_its_trace_and_stops_no_other(db, done):
    background.schedule(now=timezone.now())
    work_off()
    assert runs(FAILED, SUCCESSFUL) == [("fails", FAILED), ("one", SUCCESSFUL), ("two", SUCCESSFUL)]
    assert "no such thing" in DBTaskResult.objects.get(status=FAILED).traceback


def test_what_ended_is_forgotten_after_a_while_and_what_failed_later(db, done):
    background.schedule(now=timezone.now())
    work_off()
    background.schedule(now=timezone.now() + timedelta(hours=2))
    assert [row for row in runs() if row[1] != READY] == [("fails", FAILED)]
    background.schedule(now=timezone.now() + timedelta(days=31))
    assert [row for row in runs() if row[1] != READY] == []


def test_job_that_fails_each_time_keeps_its_newest_traces_alone(db, done, monkeypatch):
    monkeypatch.setattr(background, "MOST_TRACES", 2)
    background.schedule(now=timezone.now())
    work_off()
    for _ in range(3):
        background.schedule(now=timezone.now(), all_now=True)
        work_off()
    newest = DBTaskResult.objects.filter(status=FAILED).order_by("-finished_at").values_list("pk", flat=True)
    kept = set(newest[:2])

    background.schedule(now=timezone.now())

    assert set(DBTaskResult.objects.filter(status=FAILED).values_list("pk", flat=True)) == kept
    assert DBTaskResult.objects.filter(status=SUCCESSFUL).count() == 8


def left_behind(*, tries: int = 1) -> DBTaskResult:
    """A run whose worker was killed a minute and a second ago."""
    background.run_job.enqueue("one")
    run = DBTaskResult.objects.get()
    for n in range(tries):
        run.claim(f"worker-{n}")
    DBTaskResult.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    return run


def test_what_a_killed_worker_had_begun_is_done_by_another(db, done):
    left_behind()
    background.schedule(now=timezone.now())
    assert runs(RUNNING, READY) == [("fails", READY), ("one", READY), ("two", READY)]
    work_off()
    assert done.count("one") == 1


def test_what_its_worker_confirms_is_left_alone(db, done):
    run, runner = left_behind(), background.Runner()
    runner._worker = type("Busy", (), {"worker_id": "worker-0"})
    runner.confirm(now=timezone.now())
    background.schedule(now=timezone.now())
    run.refresh_from_db()
    assert run.status == RUNNING


def test_what_an_earlier_batch_left_open_is_not_confirmed(db, done):
    run, runner = left_behind(), background.Runner()
    runner.work_off()
    runner.confirm(now=timezone.now())
    background.schedule(now=timezone.now())
    run.refresh_from_db()
    assert run.status == READY


def test_what_kills_every_worker_is_given_up(db, done):
    run = left_behind(tries=background.MOST_TRIES)
    background.schedule(now=timezone.now())
    run.refresh_from_db()
    assert (run.status, run.traceback) == (FAILED, "Its worker ended while it ran, 5 times.")


@pytest.mark.django_db(transaction=True)
def test_what_is_enqueued_in_a_transaction_that_fails_never_runs(done):
    def cause_that_fails() -> None:
        with transaction.atomic():
            background.run_job.enqueue("one")
            raise LookupError

    with pytest.raises(LookupError):
        cause_that_fails()
    work_off()
    assert (runs(), done) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_workers_that_start_together_do_each_job_once(done):
    start = threading.Barrier(4)

    def work() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            background.schedule(now=timezone.now())
            work_off()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == ["fails", "one", "two"]


@pytest.mark.django_db(transaction=True)
def test_a_runner_works_beside_its_worker_until_it_is_told_to_end(monkeypatch):
    began = threading.Event()
    monkeypatch.setattr(background, "JOBS", {"one": began.set})
    runner = background.Runner()
    runner.start()
    assert began.wait(10)
    runner.end(within=10)
    assert (runner.is_alive(), runs()) == (False, [("one", SUCCESSFUL)])


@pytest.mark.django_db(transaction=True)
def test_the_worker_keeps_the_group_s_quiet_hours(done, mailoutbox):
    GroupFactory(quiet_from=clock(0), quiet_until=clock(23, 59, 59, 999_999))
    write(1, urgent=False)
    write(2, urgent=True)
    call_command("worker", once=True)
    assert [mail.to for mail in mailoutbox] == [["reader2@example.org"]]
    assert set(done) == {"one", "two", "fails"}
