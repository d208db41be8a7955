"""Runs the site on one machine: prepares it, then keeps web server, worker and database going.

The second half of bin/serve: `python -m studygroup.supervise`. Neither Django nor the settings are imported
here: what needs them is a process of its own, so that this one stays small and answers Ctrl-C at once.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import environ
import psutil

from studygroup import embedded_postgres

ROOT = Path(__file__).resolve().parent.parent
GRACE = 15  # seconds that the web server and the worker get to finish what they do
LONGEST_PAUSE = 30  # seconds before a program that keeps failing is started again
STEADY = 60  # seconds after which a program counts as working


class Stop(Exception):
    """Ctrl-C, or a signal that asks for the end."""


def main() -> int:
    """Prepare the site and run it until it is told to stop; returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    if "--empty" in sys.argv[1:]:
        os.environ["STUDYGROUP_DEMO"] = "0"
    site = Site()
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # bin/serve held it back until now
        site.prepare()
        site.run()
    except Stop:
        say("Stopping…")
    except embedded_postgres.StartError as error:
        print(error, file=sys.stderr)
        return 1
    except StepFailed:
        print("The last step failed; its message is above.", file=sys.stderr)
        return 1
    finally:
        site.stop()
    return 0


def say(message: str) -> None:
    """Print one line about what happens now."""
    print(message, flush=True)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    raise Stop


class StepFailed(Exception):
    """A step of the preparation ended with an error that it has printed itself."""


@dataclass
class Program:
    """A program that is started again whenever it ends."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    failures: int = 0
    pause_until: float = 0

    def keep_going(self) -> None:
        """Start it when it does not run, after a pause that grows while it keeps failing."""
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            end(self.process, grace=1)  # its own children may have outlived it, and hold the port
            self.failures = 0 if now - self.started > STEADY else self.failures + 1
            pause = min(2 ** (self.failures - 1), LONGEST_PAUSE) if self.failures else 0
            say(f"The {self.name} ended ({self.process.returncode}); starting it again in {pause} s.")
            self.process, self.pause_until = None, now + pause
        if not self.process and now >= self.pause_until:
            self.process, self.started = spawn(self.command), now


class Site:
    """The site with its database, web server and worker."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):  # no .env, or not ours to read
            environ.Env.read_env(ROOT / ".env")
        self.host = os.environ.get("HOST") or "127.0.0.1"
        self.port = os.environ.get("PORT") or "8000"
        self.data = Path(os.environ.get("STUDYGROUP_DATA") or ROOT / "data").absolute()
        self.static = Path(os.environ.get("STUDYGROUP_STATIC_ROOT") or ROOT / "staticfiles").absolute()
        # Said outright to every child: an empty value, as in a copied .env.example, would mean "here".
        os.environ.update(STUDYGROUP_DATA=str(self.data), STUDYGROUP_STATIC_ROOT=str(self.static))
        self.embedded = not os.environ.get("DATABASE_URL")
        self.programs: list[Program] = []
        self.step: subprocess.Popen[bytes] | None = None

    # --- Preparing ----------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Bring database, tables, static files and the demonstration group up to date.

        Raises StartError, StepFailed, Stop.
        """
        self._export_addresses()
        if self.embedded:
            say("Starting the database…")
            embedded_postgres.ensure(self.data)
        else:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.environ.get("SECRET_KEY"):
            os.environ["SECRET_KEY"] = secret_key(self.data / "secret_key")
        with alone(self.data):
            stamp, now = self.static / ".collected", fingerprint()
            # Hashing and compressing take seconds, so only when a source has changed.
            collect = not stamp.is_file() or stamp.read_text() != now
            demo = os.environ.get("STUDYGROUP_DEMO", "1") != "0"
            self._run_steps(["tables", *["static"] * collect, "demo" if demo else "code"])
            if collect:
                stamp.write_text(now)

    def _export_addresses(self) -> None:
        """SITE_URL and ALLOWED_HOSTS for the settings, unless the user has set them."""
        wildcard = self.host in ("0.0.0.0", "::")  # noqa: S104
        name = "localhost" if wildcard else bracketed(self.host)
        os.environ["SITE_URL"] = os.environ.get("SITE_URL") or f"http://{name}:{self.port}"
        hosts = ["localhost", "127.0.0.1", "[::1]", name]
        if wildcard:
            hosts += [socket.gethostname(), *own_addresses()]
        hosts.append(urlsplit(os.environ["SITE_URL"]).hostname or "localhost")
        os.environ["ALLOWED_HOSTS"] = os.environ.get("ALLOWED_HOSTS") or ",".join(dict.fromkeys(hosts))
        self.wildcard = wildcard

    def _run_steps(self, names: list[str]) -> None:
        """Run some of STEPS, in one process: loading Django takes longer than most. Raises StepFailed."""
        self.step = spawn([sys.executable, "-m", "studygroup.supervise", "steps", *names])
        code = self.step.wait()
        self.step = None
        if code:
            raise StepFailed

    # --- Running ------------------------------------------------------------------------------------
    def run(self) -> None:
        """Keep everything going until Stop is raised."""
        memory = ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []  # noqa: S108
        # Threads: a browser opens connections ahead of need, and each would hold a worker without them.
        gunicorn = [
            sys.executable, "-m", "gunicorn", "studygroup.wsgi:application", "--workers", "2", "--threads",
            "4", "--bind", f"{bracketed(self.host)}:{self.port}", "--log-level", "warning",
            "--graceful-timeout", "10", "--no-control-socket", *memory,
        ]  # fmt: skip
        self.programs = [
            Program("web server", gunicorn),
            # A little later, so that the first page does not wait for it.
            Program("worker", [sys.executable, "manage.py", "worker"], pause_until=time.monotonic() + 2),
        ]
        announced = False
        deadline = time.monotonic() + 60
        while True:
            if self.embedded and not embedded_postgres.is_alive(self.data):
                self._start_database_again()
            for program in self.programs:
                program.keep_going()
            if not announced and self._answers():
                self._announce()
                announced = True
            elif not announced and time.monotonic() > deadline:
                say("The web server does not answer yet; its messages are above.")
                deadline += 60
            time.sleep(0.5 if announced else 0.1)

    def _start_database_again(self) -> None:
        say("The database ended; starting it again.")
        try:
            embedded_postgres.ensure(self.data)
        except embedded_postgres.StartError as error:
            say(f"{error}\nTrying again in {LONGEST_PAUSE} s.")
            time.sleep(LONGEST_PAUSE)

    def _answers(self) -> bool:
        """Whether the web server gives any answer to /healthz."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        connection = http.client.HTTPConnection(reachable, int(self.port), timeout=10)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz", headers={"Host": urlsplit(os.environ["SITE_URL"]).netloc})
            return connection.getresponse().status > 0
        return False

    def _announce(self) -> None:
        addresses = [os.environ["SITE_URL"]]
        if self.wildcard:
            addresses += [f"http://{address}:{self.port}" for address in own_addresses()]
        say("The site is running:")
        for address in dict.fromkeys(addresses):
            say(f"  {address}/")
        say("Ctrl-C stops it.")

    def stop(self) -> None:
        """End everything that was started; a second Ctrl-C ends it without waiting."""
        processes = [program.process for program in self.programs if program.process]
        processes += [self.step] if self.step else []
        try:
            for process in processes:
                tell(process, signal.SIGTERM)
            for process in processes:
                end(process, GRACE)
        except Stop:
            for process in processes:
                end(process, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self.embedded:
            embedded_postgres.release()
            self._see_database_end()

    def _see_database_end(self) -> None:
        """Stop the database once the last of our programs has let go of it.

        Those that had to be killed hold their count until the kernel is done with them, a moment after we
        have let go of ours; then nobody would be left to stop it. Its other users keep it, of course.
        """
        with contextlib.suppress(embedded_postgres.StartError, OSError):
            place = embedded_postgres.locate(self.data)
            for _ in range(20):
                if embedded_postgres.stop_if_unused(place):
                    return
                time.sleep(0.1)


# --- Processes ------------------------------------------------------------------------------------------
def spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that Ctrl-C reaches only us."""
    return subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_end_with_parent
    )


def _end_with_parent() -> None:
    """On Linux, have the kernel end the child when we are killed with -9."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def tell(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to the program itself, which knows what to do with its children."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Wait for a program that was told to end, then kill what is left of its group."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second bin/serve on the same data folder from preparing at the same time: it waits."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- The steps of the preparation ------------------------------------------------------------------------
STEPS: dict[str, tuple[str, list[list[str]]]] = {
    "tables": (
        "Bringing the tables up to date…",
        [["migrate", "--noinput", "--verbosity", "0"], ["createcachetable", "--verbosity", "0"]],
    ),
    "static": (
        "Collecting style sheets, scripts and pictures…",
        [["collectstatic", "--noinput", "--verbosity", "0"]],
    ),
    "demo": ("Loading the demonstration group…", [["load_demo"]]),
    "code": ("Looking for the group…", [["setup_code", "--if-needed"]]),
}


def run_steps(names: list[str]) -> int:
    """Run the manage.py commands of some steps here, in a process made for it; returns the exit code."""
    from django.core.management import ManagementUtility

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studygroup.settings")
    for name in names:
        sentence, commands = STEPS[name]
        say(sentence)
        for command in commands:
            ManagementUtility(["manage.py", *command]).execute()  # ends the process when it fails
    return 0


def secret_key(path: Path) -> str:
    """The signing key of this installation, made once, readable by its user alone."""
    if not path.is_file():
        part = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(part, path)  # the first of two that start at once wins
        part.unlink()
    return path.read_text().strip()


def fingerprint() -> str:
    """Changes whenever a static file, the packages or the settings do."""
    digest = hashlib.sha256()
    sources = [ROOT / "requirements.txt", ROOT / "studygroup" / "settings.py"]
    for folder in sorted({*ROOT.glob("static"), *ROOT.glob("*/static")}):
        sources += sorted(path for path in folder.rglob("*") if path.is_file())
    for path in sources:
        about = path.stat()
        digest.update(f"{path.relative_to(ROOT)} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def own_addresses() -> list[str]:
    """This machine's addresses that others can use, as they stand in a URL."""
    families = (socket.AF_INET, socket.AF_INET6)
    found = [
        entry.address for each in psutil.net_if_addrs().values() for entry in each if entry.family in families
    ]
    return [bracketed(host) for host in found if "%" not in host and host not in ("127.0.0.1", "::1")]


if __name__ == "__main__":
    sys.exit(run_steps(sys.argv[2:]) if sys.argv[1:2] == ["steps"] else main())
