"""The PostgreSQL that comes with the requirements: started when needed, stopped when nobody needs it.

`ensure()` is called by the settings of every process: web workers, background worker, manage.py, tests.
They all share one server. Counting the users is left to the kernel: a process holds a shared `flock` for
its life, and the kernel lets go of it however the process ends. Whoever leaves tries to get the same lock
alone; who gets it was the last, and stops the server. A forked child shares its parent's lock, so that
neither stops the server under the other.

A process that is killed with -9 has no chance to look behind it: the server then stays up, the next process
adopts it, and the last of those stops it. `python -m studygroup.embedded_postgres stop` does it by hand.

Neither Django nor the settings may be imported here.
"""

import atexit
import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .place import Place, StartError, locate, open_private
from .server import DATABASE, PORT, USER, Server

__all__ = ["StartError", "ensure", "is_alive", "locate", "release", "stop_if_unused"]

LOCK_PATIENCE = 180  # seconds: longer than a first start on a slow disk, or a recovery
_held: dict[Path, int] = {}  # state folder → the file descriptor that counts this process as a user


def ensure(data_dir: Path) -> dict[str, str]:
    """Make sure that the server of `data_dir` runs while this process does; tell Django how to reach it.

    The first call on a machine makes the cluster and the database. Returns an entry for DATABASES.
    Raises StartError (a RuntimeError) with a sentence that says what to do.
    """
    place = locate(Path(data_dir))
    _leave_properly()
    with _alone(place):
        if place.state not in _held:
            _held[place.state] = _count_in(place)
        try:
            socket_dir = Server(place).up()
        except BaseException:
            os.close(_held.pop(place.state))
            with contextlib.suppress(StartError):
                _stop_if_last(place)  # Ctrl-C while it started
            raise
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": USER,
        "PASSWORD": "",
        "HOST": str(socket_dir),
        "PORT": PORT,
    }


def release(data_dir: Path | None = None) -> None:
    """Stop using the server of `data_dir` (of every folder, when None); the last user stops it.

    Runs by itself at the end of the process. Does nothing for a server that this process does not use.
    """
    states = list(_held) if data_dir is None else [locate(Path(data_dir)).state]
    with _undisturbed():
        for state in states:
            descriptor = _held.pop(state, None)
            if descriptor is not None:
                os.close(descriptor)  # no LOCK_UN: it would end the count of a parent or child as well
                try:
                    stop_if_unused(Place.at(state))
                except FileNotFoundError:
                    pass  # the folder has been removed, as by a test
                except StartError as error:
                    print(error, file=sys.stderr)


def is_alive(data_dir: Path) -> bool:
    """Whether the server of `data_dir` runs; costs little enough to ask every second."""
    return Server(locate(Path(data_dir))).alive()


def stop_if_unused(place: Place) -> bool:
    """Stop the server of `place` unless a process uses it. Returns whether it is down afterwards."""
    with _alone(place):
        return _stop_if_last(place)


def _stop_if_last(place: Place) -> bool:
    """As stop_if_unused(), for who holds start.lock already."""
    users = open_private(place, "users.lock")
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        Server(place).stop()
        return True
    finally:
        os.close(users)


def _count_in(place: Place) -> int:
    """Take a share in the server; returns the descriptor that holds it until it is closed."""
    users = open_private(place, "users.lock")
    fcntl.flock(users, fcntl.LOCK_SH)  # never waits: whoever wants it alone holds start.lock, as we do
    return users


@contextlib.contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Hold start.lock, so that no other process starts or stops the server meanwhile.

    Raises StartError when somebody else keeps it for longer than LOCK_PATIENCE.
    """
    descriptor = open_private(place, "start.lock")
    try:
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StartError(
                        f"Another process has been starting or stopping the database in {place.state} for "
                        f"{LOCK_PATIENCE} seconds. Look for a hanging process of this project and end it."
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off Ctrl-C and SIGTERM: a second Ctrl-C must not end us between leaving and stopping."""
    signals = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_properly() -> None:
    """See to it that release() runs when the process ends, by SIGTERM too.

    A program with its own answer to SIGTERM (gunicorn, the worker, runserver) keeps it.
    """
    atexit.unregister(release)
    atexit.register(release)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
