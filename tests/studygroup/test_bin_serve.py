"""bin/serve itself, as somebody in a terminal uses it. The site that it serves is the real one."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from studygroup.embedded_postgres.place import ROOT_STATE, locate

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder of its own; its database's files go with it."""
    folder = Path(tempfile.mkdtemp(prefix="serve-"))
    folder.chmod(0o755)
    yield folder / "data"
    state = locate(folder / "data").state
    if state.is_relative_to(ROOT_STATE):
        shutil.rmtree(state)
        state.with_suffix(".origin").unlink()
    shutil.rmtree(folder)


def environment(data: Path, port: int) -> dict[str, str]:
    """What a person's shell would hand to bin/serve: nothing of the tests' own settings."""
    ours = ("DATABASE_URL", "SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE", "HOST")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **kept,
        "PORT": str(port),
        "STUDYGROUP_DATA": str(data),
        "STUDYGROUP_STATIC_ROOT": str(data.parent / "static files"),
    }


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(port: int, seconds: float = 60) -> tuple[int, str]:
    """Status and body of /healthz, as soon as there is an answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException) as error:  # one that is killed breaks off in mid-sentence
            if time.monotonic() > deadline:
                return 0, str(error)
            time.sleep(0.1)


def of_session(session: int) -> dict[int, str]:
    """pid → command of every process of a terminal session."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = " ".join(process.cmdline())
    return found


def of_database(data: Path) -> list[str]:
    """The commands of the database server's processes."""
    place = locate(data)
    commands = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            commands.append(" ".join(process.cmdline()))
    return [command for command in commands if place.name in command]


def program(session: int, words: str, other_than: int = 0, seconds: float = 20) -> int:
    """The pid of the session's oldest process with these words in its command, once there is one; else 0."""
    deadline = time.monotonic() + seconds
    while True:
        found = min((pid for pid, command in of_session(session).items() if words in command), default=0)
        if found not in (0, other_than):
            return found
        if time.monotonic() > deadline:
            return 0
        time.sleep(0.1)


def test_site_runs_survives_kills_and_leaves_nothing_behind(data):
    port = free_port()
    log = data.parent / "output"
    with log.open("w") as output:
        serve = subprocess.Popen(
            [PROJECT / "bin" / "serve"], cwd="/", env=environment(data, port), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        status, body = answer(port)
        assert status == 200, f"{status} {body}\n{log.read_text()}"
        assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600

        second = subprocess.run(
            [PROJECT / "bin" / "serve"], env=environment(data, port), capture_output=True, text=True
        )
        assert second.returncode == 1
        assert second.stdout == ""
        assert second.stderr.startswith(f"Port {port} of 127.0.0.1 is taken, perhaps by a bin/serve")

        for words in ("manage.py worker", "gunicorn studygroup.wsgi"):
            killed = program(serve.pid, words)
            assert killed, of_session(serve.pid)
            os.kill(killed, signal.SIGKILL)
            assert program(serve.pid, words, other_than=killed), log.read_text()
        os.kill(int((locate(data).cluster / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while (found := answer(port))[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert found[0] == 200, log.read_text()
    finally:
        serve.send_signal(signal.SIGINT)
        try:
            code = serve.wait(40)
        except subprocess.TimeoutExpired:
            serve.kill()
            raise
    said = log.read_text()
    assert code == 0, said
    assert "Traceback" not in said.partition("Stopping…")[2]
    assert f"  http://127.0.0.1:{port}/\nCtrl-C stops it.\n" in said
    assert of_session(serve.pid) == {}
    assert of_database(data) == []


def test_port_that_is_no_number_is_explained(data):
    done = subprocess.run(
        [PROJECT / "bin" / "serve"],
        env={**environment(data, 0), "PORT": "eighty"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "PORT must be a number from 1 to 65535, not 'eighty'.\n"
    assert not data.exists()
