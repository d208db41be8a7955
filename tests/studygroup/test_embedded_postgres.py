"""The embedded PostgreSQL, with real processes: counting, crashes, accounts. Nothing is mocked."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from studygroup.embedded_postgres.place import ROOT_STATE, locate
from studygroup.embedded_postgres.server import _processes

PROJECT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can act as two different users")

# A user of the server: says how to reach it, then lives until its standard input closes.
USE = """
import sys; from pathlib import Path; from studygroup import embedded_postgres
print(embedded_postgres.ensure(Path(sys.argv[1]))["HOST"], flush=True)
sys.stdin.read()
"""


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether the condition comes to hold within the time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


class User:
    """A process that uses the server of a data folder."""

    def __init__(self, data: Path, code: str = USE, python: str = sys.executable, **options) -> None:
        self.process = subprocess.Popen(
            [python, "-c", code, str(data)],
            **{"cwd": PROJECT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, **options},
        )

    def connect(self):
        """A connection to the database that this process was told about."""
        self.host = self.process.stdout.readline().strip()
        assert self.host, "the process could not start the server"
        link = psycopg2.connect(host=self.host, port=5432, user="studygroup", dbname="studygroup")
        link.autocommit = True
        return link

    def leave(self) -> int:
        """Let it end in order; returns its exit code."""
        self.process.stdin.close()
        return self.process.wait(30)


def value(link, query: str):
    """The one value that a query gives."""
    with link.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def pids(data: Path) -> list[int]:
    """The processes of the server of a data folder, by what the process list shows."""
    place = locate(data)
    return [
        pid
        for pid, _, command in _processes()
        if command.startswith(f"postgres: {place.name}: ") or f"-D {place.cluster} " in command
    ]


def postmaster(data: Path) -> int:
    """The pid of the server's first process."""
    return int((locate(data).cluster / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may pass; after the test no process and no file of the server is left."""
    path = Path(tempfile.mkdtemp(prefix="embedded-"))
    path.chmod(0o755)
    yield path
    for data in (path / "data", path / "home" / "data"):
        if not data.parent.exists():
            continue
        for pid in pids(data):
            os.kill(pid, signal.SIGQUIT)
        assert until(lambda data=data: not pids(data))
        state = locate(data).state
        if state.is_relative_to(ROOT_STATE):
            shutil.rmtree(state)
            state.with_suffix(".origin").unlink()
    shutil.rmtree(path)


def test_two_users_share_a_server_that_the_last_one_stops(folder):
    data = folder / "data"
    first, second = User(data), User(data)
    one, two = first.connect(), second.connect()
    assert value(one, "SELECT pg_postmaster_start_time()") == value(two, "SELECT pg_postmaster_start_time()")

    first.leave()
    assert value(two, "SELECT 1") == 1
    second.leave()

    assert pids(data) == []


def test_four_at_once_start_one_server(folder):
    users = [User(folder / "data") for _ in range(4)]
    starts = {value(user.connect(), "SELECT pg_postmaster_start_time()") for user in users}
    assert len(starts) == 1
    assert [user.leave() for user in users] == [0, 0, 0, 0]
    assert pids(folder / "data") == []


def test_six_at_once_agree_on_the_place(folder):
    race = """
import sys; from pathlib import Path; from studygroup.embedded_postgres import locate
folder = Path(sys.argv[1])
for number in range(12):
    (folder / f"ready-{sys.argv[2]}-{number}").touch()
    while len(list(folder.glob(f"ready-*-{number}"))) < 6: pass
    print(locate(folder / f"data-{number}").state.relative_to(folder))
"""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", race, str(folder), str(number)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    expected = "".join(f"data-{number}/postgres\n" for number in range(12))
    try:
        assert [racer.communicate(timeout=20)[0] for racer in racers] == [expected] * 6
    finally:
        for racer in racers:  # one that fails leaves the others waiting for it
            racer.kill()
            racer.wait()


def test_database_is_utf8_and_its_role_is_no_superuser(folder):
    user = User(folder / "data")
    link = user.connect()
    assert value(link, "SHOW server_encoding") == "UTF8"
    assert value(link, "SELECT lower('ÅÉ')") == "åé"
    assert value(link, "SHOW fsync") == "on"
    assert value(link, "SHOW listen_addresses") == ""
    assert value(link, "SELECT array[rolsuper, rolcreatedb] FROM pg_roles WHERE rolname = current_user") == [
        False,
        True,
    ]
    user.leave()


def test_killed_server_is_started_again_with_its_rows(folder):
    data = folder / "data"
    user = User(data)
    link = user.connect()
    value(link, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    os.kill(postmaster(data), signal.SIGKILL)

    other = User(data)
    assert value(other.connect(), "SELECT count(*) FROM kept") == 1000

    other.leave()
    assert until(lambda: pids(data) != [])  # the first one still counts
    user.leave()
    assert pids(data) == []


def test_computing_child_of_a_killed_server_does_not_keep_it_down(folder):
    data = folder / "data"
    user = User(data)
    link = user.connect()
    # A loop that never looks up does not notice that its parent has died, and keeps the shared memory.
    busy = subprocess.Popen(
        [sys.executable, "-c", f"import psycopg2; c = psycopg2.connect(host={user.host!r}, port=5432, "
         "user='studygroup', dbname='studygroup').cursor(); c.execute("
         "\"SELECT count(*) FROM generate_series(1, 2000000000) a WHERE a::text ~ '(x+x+)+y'\")"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert until(lambda: value(link, "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'generate_'") > 1)
    os.kill(postmaster(data), signal.SIGKILL)

    other = User(data)
    assert value(other.connect(), "SELECT 1") == 1
    busy.wait(10)
    assert [other.leave(), user.leave()] == [0, 0]


def test_pid_file_that_names_a_stranger_is_not_believed(folder):
    data = folder / "data"
    User(data).leave()
    place = locate(data)
    stranger = subprocess.Popen(["sleep", "60"], **place.account.identity)
    (place.cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{place.cluster}\n1\n5432\n\n\n\n")

    user = User(data)
    assert value(user.connect(), "SELECT 1") == 1

    user.leave()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_server_of_a_killed_user_is_adopted_and_stopped_later(folder):
    data = folder / "data"
    user = User(data)
    started = value(user.connect(), "SELECT pg_postmaster_start_time()")
    user.process.kill()
    user.process.wait()
    assert pids(data) != []

    heir = User(data)
    assert value(heir.connect(), "SELECT pg_postmaster_start_time()") == started
    heir.leave()

    assert pids(data) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_user_and_its_server(folder, number):
    user = User(folder / "data", stderr=subprocess.DEVNULL)
    user.connect()
    user.process.send_signal(number)
    user.process.wait(20)
    assert pids(folder / "data") == []


def test_forked_child_neither_stops_the_server_nor_lets_it_be_stopped(folder):
    fork = """
import os, sys; from pathlib import Path; from studygroup import embedded_postgres
host = embedded_postgres.ensure(Path(sys.argv[1]))["HOST"]
if os.fork() == 0: sys.exit(0)  # a child that leaves at once
os.wait()
if os.fork(): print(host, flush=True); sys.exit(0)  # the parent leaves before the child
sys.stdin.read()
"""
    data = folder / "data"
    user = User(data, fork)
    link = user.connect()
    user.process.wait(10)
    assert value(link, "SELECT 1") == 1
    user.leave()
    assert until(lambda: pids(data) == [])


def test_interrupted_first_start_is_made_good(folder):
    data = folder / "data"
    user = User(data)
    assert until(lambda: any(locate(data).state.glob("cluster*")))
    user.process.kill()
    user.process.wait()

    heir = User(data)
    assert value(heir.connect(), "SELECT 1") == 1
    heir.leave()
    assert pids(data) == []


def test_cluster_is_closed_to_others_and_stays_closed(folder):
    data = folder / "data"
    User(data).leave()
    place = locate(data)
    place.state.chmod(0o755)  # as after a careless restore
    User(data).leave()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place.state, place.cluster)] == [0o700, 0o700]
    assert place.account.uid != 0


def test_long_path_gets_a_short_private_socket_folder_that_goes_with_the_server(folder):
    data = folder / "data" / ("long" * 30)
    user = User(data)
    assert value(user.connect(), "SELECT 1") == 1
    socket_dir = Path(user.host)
    assert socket_dir.parent == Path("/tmp")
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    user.leave()
    assert not socket_dir.exists()


def test_broken_cluster_is_explained_with_the_log(folder):
    data = folder / "data"
    User(data).leave()
    (locate(data).cluster / "global" / "pg_control").unlink()
    user = User(data, stderr=subprocess.PIPE)
    message = user.process.stderr.read()
    assert user.leave() == 1
    assert "StartError: The embedded PostgreSQL does not start. Its log" in message
    assert "pg_control" in message


@needs_root
def test_other_local_user_cannot_connect(folder):
    user = User(folder / "data")
    user.connect()
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", user.host], user=2, group=2, extra_groups=[], capture_output=True
    )
    assert tried.returncode != 0
    # Even with every folder open, the server asks the kernel who is calling.
    state = locate(folder / "data").state
    for path in (state.parent, state, Path(user.host), Path(user.host) / ".s.PGSQL.5432"):
        path.chmod(0o777)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(2)
        os.setuid(2)
        try:
            psycopg2.connect(host=user.host, port=5432, user="studygroup", dbname="studygroup")
        except psycopg2.OperationalError as error:
            os._exit(42 if "Peer authentication failed" in str(error) else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    user.leave()


@needs_root
def test_project_below_a_closed_folder_of_root_keeps_its_cluster_elsewhere(folder):
    home = folder / "home"
    home.mkdir(mode=0o700)
    user = User(home / "data")
    value(user.connect(), "CREATE TABLE kept (n int)")
    user.leave()
    state = locate(home / "data").state
    assert state.parent == ROOT_STATE
    assert str(state) in (home / "data" / "README.txt").read_text()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700

    # A copy has its own database; a project that was moved keeps its database.
    shutil.copytree(home, folder / "copy")
    (folder / "copy").chmod(0o700)
    assert locate(folder / "copy" / "data").state != state
    (folder / "copy").rename(folder / "moved")
    moved = locate(folder / "moved" / "data").state
    assert moved not in (state, locate(home / "data").state)
    shutil.rmtree(moved)
    moved.with_suffix(".origin").unlink()
    user = User(home / "data")
    assert value(user.connect(), "SELECT count(*) FROM kept") == 0
    user.leave()


@needs_root
def test_owner_of_the_project_runs_the_server_and_root_shares_it(folder):
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("no Python that an ordinary user can run")
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    root = User(folder / "data")
    assert value(root.connect(), "SELECT 1") == 1
    assert (folder / "data").stat().st_uid == nobody.pw_uid
    assert locate(folder / "data").account.name == "nobody"

    # The same folder as that user, with the same packages: they are readable, root's Python may not be.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    owner = User(
        folder / "data",
        f"import sys; sys.path.append({packages!r})\n{USE}",
        python="/usr/bin/python3",
        env={"PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        stderr=subprocess.PIPE,
    )
    said = owner.process.stdout.readline().strip()
    if not said and owner.process.wait(10) and "Error" in (why := owner.process.stderr.read()):
        if "ModuleNotFoundError" in why or "PermissionError" in why:
            root.leave()
            pytest.skip(f"an ordinary user cannot read this checkout or its packages: {why[-200:]}")
        pytest.fail(why)
    assert said == root.host
    root.leave()
    assert pids(folder / "data") != []
    assert owner.leave() == 0
    assert pids(folder / "data") == []


@needs_root
def test_data_folder_of_somebody_else_is_refused_with_advice(folder):
    User(folder / "data").leave()
    # The module's text goes over a pipe: another user may not be able to read this checkout.
    code = (PROJECT / "studygroup" / "embedded_postgres" / "place.py").read_text() + (
        f"\ntry: locate(Path({str(folder / 'data')!r}))\nexcept StartError as error: print(error)\n"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-"], input=code, text=True, capture_output=True, cwd="/",
        user=2, group=2, extra_groups=[],
    )  # fmt: skip
    assert "Set STUDYGROUP_DATA to a folder of your own" in done.stdout, done.stderr
