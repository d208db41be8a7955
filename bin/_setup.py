"""What bin/serve and bin/test have in common, on the standard library alone: _setup.py serve|test …

Decides as whom and where to run, makes the virtual environment, and hands over to what runs in it:
`studygroup.supervise` or pytest.

A checkout that this user may write holds `.venv`, `data` and `staticfiles` itself. For any other they lie in
the user's own ~/.local/state/study-group/<hash of the checkout>, and STUDYGROUP_DATA and
STUDYGROUP_STATIC_ROOT say so to the program.
"""

# ruff: noqa: S603, S606 – it runs only commands that stand here, and pytest as its user asks

import contextlib
import errno
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
UNFINISHED = ".study-group-unfinished"
INSTALLED = ".study-group-installed"


def main() -> None:
    """Run the task that the first argument names; the others are handed on to it."""
    task, *arguments = sys.argv[1:]
    if os.environ.get("STUDYGROUP_DATA"):  # relative to where the user stands
        os.environ["STUDYGROUP_DATA"] = os.path.abspath(os.path.expanduser(os.environ["STUDYGROUP_DATA"]))
    if task == "serve":
        check_port()
    elif not find_chromium() and os.geteuid() == 0 and shutil.which("apt-get"):
        install_chromium()  # needs root, so before becoming the owner
    become_owner(task, arguments)
    os.chdir(ROOT)
    base = find_base()
    if task == "serve":
        python = make_venv(base, ["requirements.txt"])
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the supervisor can answer it
        os.execv(python, [str(python), "-m", "studygroup.supervise", *arguments])
    python = make_venv(base, ["requirements.txt", "requirements-dev.txt"])
    sys.exit(run_tests(python, base, arguments))


def fail(message: str) -> NoReturn:
    """End with a sentence and exit code 1."""
    print(message, file=sys.stderr)
    sys.exit(1)


def say(message: str) -> None:
    """Print one line about what happens now."""
    print(message, flush=True)


def setting(name: str, default: str) -> str:
    """A variable from the environment, or else from .env, which the settings read the same way."""
    if os.environ.get(name):
        return os.environ[name]
    with contextlib.suppress(OSError):
        for line in (ROOT / ".env").read_text().splitlines():
            found = re.match(rf"\s*(?:export\s+)?{name}\s*=\s*(.*?)\s*$", line)
            if found:
                return found[1].strip("'\"") or default
    return default


# --- Where and as whom -----------------------------------------------------------------------------------
def check_port() -> None:
    """End with advice when HOST:PORT cannot be had, before anything is loaded."""
    host, port = setting("HOST", "127.0.0.1"), setting("PORT", "8000")
    os.environ.update(HOST=host, PORT=port)  # what is checked here is what the supervisor uses
    if not port.isdecimal() or not 0 < int(port) < 65536:
        fail(f"PORT must be a number from 1 to 65535, not {port!r}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(
                f"Port {port} of {host} is taken, perhaps by a bin/serve that runs already. "
                f"Stop that program, or choose another port: PORT={int(port) % 65535 + 1} bin/serve"
            )
        if error.errno == errno.EACCES:
            fail(f"Only root may use port {port}. Choose one above 1023: PORT=8000 bin/serve")
        fail(f"HOST={host} is not an address of this machine ({error}). Try HOST=127.0.0.1 or HOST=0.0.0.0.")


def become_owner(task: str, arguments: list[str]) -> None:
    """As root in somebody's checkout: start again as its owner, so that the files stay theirs.

    Returns where there is nothing to do: not root, root's own checkout, or an owner that has no account here
    or cannot enter the folder (a copy with foreign user ids).
    """
    owner = ROOT.stat().st_uid
    if os.geteuid() != 0 or owner == 0:
        return
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:
        return
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    script = ROOT / "bin" / task
    reaches = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1" && test -w "$2"', "sh", script, ROOT],
        user=owner, group=entry.pw_gid, extra_groups=groups, cwd="/", check=False,
    )  # fmt: skip
    if reaches.returncode:
        return
    say(f"This folder belongs to {entry.pw_name}: running as {entry.pw_name}.")
    for name in [name for name in os.environ if name.startswith(("XDG_", "SUDO_"))]:
        del os.environ[name]
    os.environ.update(HOME=entry.pw_dir, USER=entry.pw_name, LOGNAME=entry.pw_name)
    os.chdir(ROOT)
    os.setgroups(groups)
    os.setgid(entry.pw_gid)
    os.setuid(owner)
    os.execv(script, [str(script), *arguments])


def find_base() -> Path:
    """The folder for .venv and data: the checkout, or this user's own where they may not write it."""
    ours = (ROOT, ROOT / ".venv", ROOT / "data", ROOT / "staticfiles")
    if all(os.access(path, os.W_OK | os.X_OK) for path in ours if path.exists()):
        return ROOT
    home = os.environ.get("HOME") or os.path.expanduser("~")
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
    base = Path(state) / "study-group" / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(base, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(base))
    except OSError as error:
        fail(
            f"This user may write neither {ROOT} nor {base} ({error.strerror}). "
            "Set HOME (or XDG_STATE_HOME) to a folder of your own and try again."
        )
    say(f"This user may not write {ROOT}; packages and data are in {base}.")
    for name, folder in (("STUDYGROUP_DATA", "data"), ("STUDYGROUP_STATIC_ROOT", "staticfiles")):
        os.environ[name] = os.environ.get(name) or str(base / folder)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    return base


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold the folder alone; a second start waits for the first to finish the packages.

    Gives the descriptor that holds it. Commands inherit it: one that outlives us still keeps others out.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another start that is setting up the Python packages…")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


# --- Packages --------------------------------------------------------------------------------------------
def make_venv(base: Path, files: list[str]) -> Path:
    """The Python of a virtual environment that has the pinned packages of `files`; installs what changed.

    A mark tells an installation that was interrupted: that environment is made anew.
    """
    venv = base / (".venv" if base == ROOT else "venv")
    python = venv / "bin" / "python"
    wanted = {f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}" for name in files}
    if is_ready(venv, wanted):
        return python
    with locked(base) as lock:
        if is_ready(venv, wanted):
            return python
        whole = os.access(python, os.X_OK) and not (venv / UNFINISHED).exists()
        if whole:
            say("Updating Python packages…")
        else:
            say("Setting up Python packages (first time, about a minute)…")
            base_python = getattr(sys, "_base_executable", None) or sys.executable
            venv.mkdir(exist_ok=True)
            (venv / UNFINISHED).touch()
            # Without --clear, which would take the mark away before the work is done.
            remove_all_but(venv, UNFINISHED)
            run([base_python, "-m", "venv", str(venv)], "The virtual environment cannot be made.", lock)
        (venv / UNFINISHED).touch()
        pip(python, files, lock)
        known = installed(venv)
        kept = {line for line in known if line.split()[0] not in files}
        (venv / INSTALLED).write_text("\n".join(sorted(wanted | kept)) + "\n")
        (venv / UNFINISHED).unlink()
    return python


def is_ready(venv: Path, wanted: set[str]) -> bool:
    """Whether the environment works, is whole, and has the wanted files' packages."""
    python = venv / "bin" / "python"
    return os.access(python, os.X_OK) and not (venv / UNFINISHED).exists() and wanted <= installed(venv)


def installed(venv: Path) -> set[str]:
    """The requirement files, with their hashes, that were installed last."""
    with contextlib.suppress(FileNotFoundError):
        return set((venv / INSTALLED).read_text().splitlines())
    return set()


def remove_all_but(folder: Path, kept: str) -> None:
    """Empty a folder except for one name."""
    for path in folder.iterdir():
        if path.name != kept:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def pip(python: Path, files: list[str], lock: int) -> None:
    """Install pinned and hashed requirement files, in silence unless something is wrong."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        run([str(python), "-m", "ensurepip", "--default-pip"], "pip cannot be installed.", lock)
    command = [str(python), "-m", "pip", "install", "-qq", "--no-input", "--require-hashes"]
    for name in files:
        command += ["-r", name]
    environment = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}
    run(
        command,
        "The Python packages cannot be installed; is the package index reachable? Then run this again.",
        lock,
        {**os.environ, **environment},
    )


def run(command: list[str], on_failure: str, lock: int, env: dict[str, str] | None = None) -> None:
    """Run a silent command to its end; end with its output and a sentence when it fails."""
    done = subprocess.run(
        command, env=env, check=False, text=True, pass_fds=[lock],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        fail(done.stdout + on_failure)


# --- Tests -----------------------------------------------------------------------------------------------
def find_chromium() -> str:
    """The path of an installed Chromium or Chrome, or an empty string."""
    names = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = (os.environ.get("CHROMIUM_PATH"), *map(shutil.which, names))
    return next((path for path in candidates if path), "")


def install_chromium() -> None:
    """Debian's Chromium, as root. A failure is left to Playwright's own download."""
    say("Installing Chromium for the browser tests (apt-get)…")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            say(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")


def run_tests(python: Path, base: Path, arguments: list[str]) -> int:
    """Run pytest with a database and a browser of its own; returns its exit code."""
    chromium = find_chromium()
    if not chromium:
        say("Installing Chromium for the browser tests (Playwright's download)…")
        if subprocess.run([python, "-m", "playwright", "install", "chromium"], check=False).returncode:
            fail(
                "There is no Chromium for the browser tests. Install one (Debian: apt-get install chromium), "
                "or point CHROMIUM_PATH to it. To go without: CHROMIUM_PATH=none bin/test -m 'not browser'"
            )
    os.environ.update(CHROMIUM_PATH=chromium, SECRET_KEY="tests-only", SITE_URL="http://localhost")  # noqa: S106
    os.environ.setdefault("DATABASE_URL", "")  # never the one in .env: that may be the real group's
    # Whoever has finished takes tests from the other: some files take a hundred times as long as others.
    options = ["-n", "2", "--dist", "worksteal"] if "no:xdist" not in " ".join(arguments) else []
    if base != ROOT:
        options += ["-o", f"cache_dir={base / 'pytest_cache'}"]
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(base / "hypothesis")
    with contextlib.ExitStack() as stack:
        if not os.environ["DATABASE_URL"]:
            os.environ["STUDYGROUP_DATA"] = str(stack.enter_context(own_data_folder(base / "data")))
        say(f"Running the tests (pytest {' '.join([*options, *arguments])})…")
        code = run_until_end([str(python), "-m", "pytest", *options, *arguments])
        if not os.environ["DATABASE_URL"]:
            subprocess.run([python, "-m", "studygroup.embedded_postgres", "stop", "--quiet"], check=False)
    return code


@contextlib.contextmanager
def own_data_folder(data: Path) -> Iterator[Path]:
    """A data folder for one run of the tests, apart from bin/serve's and from another run's.

    It stays for the next run, which saves making a cluster.
    """
    closed = 0o711 if os.geteuid() == 0 else 0o700  # the account that runs root's database passes through
    data.mkdir(mode=closed, exist_ok=True)
    for number in range(1, 100):
        folder = data / f"test-{number}"
        folder.mkdir(mode=closed, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield folder
                return
        finally:
            os.close(descriptor)
    fail(f"99 runs of the tests are using {data}; end some.")


def run_until_end(command: list[str]) -> int:
    """Run a command that deals with Ctrl-C itself; returns its exit code."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    return process.wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends us without a traceback
    main()
