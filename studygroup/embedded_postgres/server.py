"""Starting and stopping one embedded PostgreSQL. Callers hold the place's `start.lock`.

Whether any process of the server lives is asked of the kernel: the server inherits a locked descriptor
(`alive.lock`), its children inherit it from it, and the lock is free exactly when the last of them is gone.
A pid file can name a stranger or a zombie, so it is believed only while `pg_isready` gets an answer.
"""

import contextlib
import fcntl
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2

from .place import Place, StartError, give, open_private
from .programs import programs

DATABASE = USER = "studygroup"
ADMIN = "postgres"  # makes the role and the database; the application is no superuser
PORT = "5432"  # names the socket only: nothing listens on the network
SOCKET_PATH_LIMIT = 90  # bytes; the kernel takes 107 (macOS 103) with "/.s.PGSQL.5432"
LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside at the next start
START_PATIENCE = 120  # seconds: recovery after a crash may take long
STOP_PATIENCE = 30
ORPHAN_PATIENCE = 3  # a dead server's children notice within milliseconds, unless they compute
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class Server:
    """The server of one place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket_note = place.state / "socket"

    def up(self) -> Path:
        """Adopt the running server or start it; returns the folder of its socket. Raises StartError."""
        self.bin, self.version = programs(self.place)
        if self.alive() and not self._answers(ORPHAN_PATIENCE):
            self._end_leftovers()
        if not self.alive():
            self._start()
        elif not self._accepts(START_PATIENCE):
            raise self._failure("The database server is running, but takes no connections")
        self._make_database()
        return self.socket_dir()

    def stop(self) -> None:
        """Stop the server, and wait until its last process is gone; nothing when it does not run."""
        if not self.alive():
            return
        # Not by its programs: they may be gone, with a virtual environment that is being made anew.
        if self._signal(signal.SIGINT, self._postmaster()):  # "fast": ends connections, writes a checkpoint
            _until(lambda: not self.alive(), STOP_PATIENCE)
        if self.alive():
            self._end_leftovers()
        socket_dir = self.socket_dir()
        if socket_dir.parent != self.place.state:
            shutil.rmtree(socket_dir, ignore_errors=True)

    def state(self) -> str:
        """What it does now, in a word for people: running, starting, stopped, not answering."""
        if not self.alive():
            return "stopped"
        self.bin, self.version = programs(self.place)
        return {0: "running", 1: "starting"}.get(self._ready(), "not answering")

    # --- Asking -------------------------------------------------------------------------------------
    def alive(self) -> bool:
        """Whether any process of the server lives."""
        with _opened(self.place, "alive.lock") as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _ready(self) -> int:
        """What pg_isready says: 0 takes connections, 1 starts or stops, 2 silence."""
        socket_dir = self.socket_dir()
        if not socket_dir.is_dir():
            return 2
        return self._run("pg_isready", "-q", "-h", str(socket_dir), "-p", PORT, "-U", USER).returncode

    def _answers(self, patience: float) -> bool:
        return _until(lambda: self._ready() < 2 or not self.alive(), patience) and self.alive()

    def _accepts(self, patience: float) -> bool:
        """Whether connections are taken, before the patience or the server ends."""
        return _until(lambda: self._ready() == 0 or not self.alive(), patience) and self.alive()

    def socket_dir(self) -> Path:
        """The folder of the socket, as the last start has noted it."""
        try:
            return Path(self.socket_note.read_text().strip() or "/nonexistent")
        except FileNotFoundError:
            return Path("/nonexistent")

    # --- Starting -----------------------------------------------------------------------------------
    def _start(self) -> None:
        if not (self.place.cluster / "PG_VERSION").is_file():
            self._make_cluster()
        self._write_access_rules()
        socket_dir = self._make_socket_dir()
        # No process of this server lives (alive.lock), so what these say is stale. PostgreSQL would refuse
        # to start if the pid in them had meanwhile gone to another program.
        for stale in (self.place.cluster / "postmaster.pid", socket_dir / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)
        if self.place.log.is_file() and self.place.log.stat().st_size > LOG_LIMIT:
            self.place.log.replace(self.place.log.with_suffix(".log.1"))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(socket_dir),
            "unix_socket_permissions": "0700",
            "port": PORT,
            "max_connections": "100",
            "cluster_name": self.place.name,
            "log_line_prefix": "%m [%p] ",
            "password_encryption": "scram-sha-256",
        }
        command = [str(self.bin / "postgres"), "-D", str(self.place.cluster)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with _opened(self.place, "alive.lock") as lock, _opened(self.place, self.place.log.name) as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # The shell ends at once and leaves the server to init: the server must be nobody's child, or
            # it would remain as a zombie when it dies before us. Its own session keeps Ctrl-C from it.
            starter = self._run_with(
                "/bin/sh", "-c", '"$@" &', "sh", *command,
                stdout=log, stderr=log, start_new_session=True, pass_fds=[lock], umask=0o077,
            )  # fmt: skip
        if starter.returncode or not self._accepts(START_PATIENCE):
            raise self._failure("The embedded PostgreSQL does not start")

    def _make_cluster(self) -> None:
        """initdb into a folder beside, then rename: half a cluster is never taken for a whole one."""
        for part in self.place.state.glob("cluster.part-*"):
            shutil.rmtree(part, ignore_errors=True)
        part = self.place.state / f"cluster.part-{secrets.token_hex(4)}"  # an orphaned initdb may still write
        if self.place.cluster.exists():
            raise StartError(
                f"{self.place.cluster} is not a PostgreSQL cluster. Move it away, or restore a backup."
            )
        # The built-in C.UTF-8 does not depend on the locales that the machine has.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.version >= 17 else []
        done = self._run(
            "initdb", "-D", str(part), f"--username={ADMIN}", "--encoding=UTF8", "--locale=C", *locale,
            "--auth-local=peer", "--auth-host=reject",
        )  # fmt: skip
        if done.returncode:
            with _opened(self.place, self.place.log.name) as log:
                os.write(log, (done.stdout + done.stderr).encode())
            raise self._failure("The database cluster cannot be made")
        part.rename(self.place.cluster)

    def _write_access_rules(self) -> None:
        """Who may connect: by the kernel's word, only root and the account itself, over the socket."""
        cluster = self.place.cluster
        users = dict.fromkeys([pwd.getpwuid(0).pw_name, self.place.account.name])
        rules = "".join(f"local all {role} peer map=embedded\n" for role in (ADMIN, USER))
        names = "".join(f'embedded "{user}" {role}\n' for user in users for role in (ADMIN, USER))
        for path, text in ((cluster / "pg_hba.conf", rules), (cluster / "pg_ident.conf", names)):
            self._write(path, f"# Written at every start by studygroup.embedded_postgres\n{text}")

    def _make_socket_dir(self) -> Path:
        """The folder of the socket, noted for those who come later.

        It lies in the place's own 0700 folder. Where that path is too long for a socket, or holds a
        character that libpq gives a meaning, it is a fresh folder below /tmp with a name that nobody can
        guess, so nobody can have made it before us.
        """
        old, own = self.socket_dir(), self.place.state / "run"
        if old.parent != self.place.state:
            shutil.rmtree(old, ignore_errors=True)
        if len(os.fsencode(own)) <= SOCKET_PATH_LIMIT and re.fullmatch(r"[A-Za-z0-9/._-]+", str(own)):
            own.mkdir(mode=0o700, exist_ok=True)
        else:
            own = Path(tempfile.mkdtemp(prefix="study-group-", dir="/tmp"))
        if os.geteuid() == 0:
            os.chown(own, self.place.account.uid, self.place.account.gid)
        self._write(self.socket_note, f"{own}\n")
        return own

    def _make_database(self) -> None:
        """The role and the database, on the first start. Raises StartError."""
        done = self.place.cluster / "studygroup.ready"
        if done.exists():
            return
        try:
            link = psycopg2.connect(
                host=str(self.socket_dir()), port=PORT, user=ADMIN, dbname=ADMIN, connect_timeout=20
            )
        except psycopg2.OperationalError as error:
            raise self._failure(f"The new database server cannot be set up ({str(error).strip()})") from error
        link.autocommit = True
        with contextlib.closing(link), link.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USER])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        self._write(done, "The role and the database are made.\n")

    # --- Ending -------------------------------------------------------------------------------------
    def _signal(self, number: int, pids: list[int]) -> bool:
        """Signal processes that may end meanwhile; returns whether there are any."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return bool(pids)

    def _end_leftovers(self) -> None:
        """End what is left of a server that does not answer: children of a dead one, mostly.

        They would keep a new server from starting. No committed row is lost: it is in the log that the new
        server replays. Raises StartError when they cannot be ended.
        """
        for number in (signal.SIGQUIT, signal.SIGKILL):
            self._signal(number, self._postmaster() + self._children())
            if _until(lambda: not self.alive(), ORPHAN_PATIENCE):
                return
        raise self._failure("Processes of an earlier database server do not end")

    def _postmaster(self) -> list[int]:
        """The pid of this very server's first process, if it lives, by its account and its arguments."""
        return self._processes_with(lambda command: f"/bin/postgres -D {self.place.cluster} " in command)

    def _children(self) -> list[int]:
        """The pids of its children, by account and by the name that they show in the process list."""
        return self._processes_with(lambda command: command.startswith(f"postgres: {self.place.name}: "))

    def _processes_with(self, condition: Callable[[str], bool]) -> list[int]:
        account = self.place.account.uid
        return [pid for pid, uid, command in _processes() if uid == account and condition(command)]

    # --- Running programs ---------------------------------------------------------------------------
    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one of PostgreSQL's programs as the account, and wait for it."""
        return self._run_with(str(self.bin / program), *arguments, capture_output=True, umask=0o077)

    def _run_with(self, *command: str, **options: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # type: ignore[call-overload]  # noqa: S603
            command, cwd="/", env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, check=False,
            **self.place.account.identity, **options,
        )  # fmt: skip

    def _write(self, path: Path, text: str) -> None:
        """Put a file of the account's into place, whole."""
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            give(descriptor, self.place.account)
        os.replace(name, path)

    def _failure(self, sentence: str) -> StartError:
        """The error to raise, with the end of the server's log."""
        log = self.place.log
        tail = log.read_text(errors="replace").splitlines()[-15:] if log.is_file() else []
        return StartError(
            f"{sentence}. Its log {log} may say why; docs/running.md lists the usual causes. "
            "With DATABASE_URL set, another PostgreSQL is used instead.\n" + "\n".join(tail)
        )


@contextlib.contextmanager
def _opened(place: Place, name: str) -> Iterator[int]:
    descriptor = open_private(place, name)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait until the condition holds; False when the patience ends first."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def _processes() -> Iterator[tuple[int, int, str]]:
    """(pid, uid, command) of every process: from /proc, or from ps where there is none."""
    if Path("/proc/self/cmdline").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield int(folder.name), folder.stat().st_uid, command
    else:
        listing = subprocess.run(
            ["/bin/ps", "-axww", "-o", "pid=,uid=,command="], capture_output=True, text=True, check=True
        )
        for line in listing.stdout.splitlines():
            pid, uid, command = line.split(None, 2)
            yield int(pid), int(uid), command
