"""Where the embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root, so there are two cases:

* An ordinary user runs it as themselves, in `<data folder>/postgres` (0700).
* root hands it to the owner of the data folder or of the folder around it; where those are root's too, to
  the first of the accounts `study-group`, `postgres` and `nobody` that exists. Only that account and root
  get in. A dedicated account (`useradd --system study-group`) keeps other programs of `nobody` away.

Where that account cannot reach the data folder (a project below /root), the cluster lives in
`/var/lib/study-group/<hash>` and the data folder gets a README that points there: no
permission is widened.
"""

import fcntl
import hashlib
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICE_ACCOUNTS = ("study-group", "postgres", "nobody")
ROOT_STATE = Path("/var/lib/study-group")
POINTER = "The cluster is in: "


class StartError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """An account of the operating system that the server runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> "Account":
        """The account with this uid. Raises StartError when the system does not know it."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise StartError(
                f"The user id {uid} has no account on this machine, and PostgreSQL needs one. "
                "Add it to /etc/passwd, or set DATABASE_URL to a PostgreSQL server of your own."
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def identity(self) -> dict[str, Any]:
        """Arguments for subprocess that make the child this account; none when we are it already."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def may(self, *tests: tuple[str, Path]) -> bool:
        """Whether the account passes all tests, as in test(1): ("-x", path), ("-r", path)."""
        script = " && ".join(f'test {flag} "${number}"' for number, (flag, _) in enumerate(tests, start=1))
        command = ["/bin/sh", "-c", script, "sh", *(str(path) for _, path in tests)]
        return subprocess.run(command, cwd="/", check=False, **self.identity).returncode == 0  # noqa: S603


@dataclass(frozen=True)
class Place:
    """One embedded server's folder: `state` holds the cluster, the locks and the log, 0700."""

    state: Path
    account: Account

    @classmethod
    def at(cls, state: Path) -> "Place":
        """The place whose folder exists already. Raises FileNotFoundError, StartError."""
        return cls(state, Account.of(state.stat().st_uid))

    @property
    def cluster(self) -> Path:
        """PGDATA."""
        return self.state / "cluster"

    @property
    def log(self) -> Path:
        """What the server has said."""
        return self.state / "server.log"

    @property
    def name(self) -> str:
        """Shown in the process list, so that leftovers of this very cluster can be told apart."""
        return "study-group-" + _hash(self.state)


def locate(data_dir: Path) -> Place:
    """The place of the server for `data_dir`; makes the folders that are missing.

    Raises StartError when this user cannot have a server there.
    """
    data_dir = Path(os.path.expanduser(data_dir)).resolve()
    try:
        return _locate_as_root(data_dir) if os.geteuid() == 0 else _locate_as_user(data_dir)
    except PermissionError as error:
        raise StartError(
            f"The data folder {data_dir} cannot be used by {_user_name(os.geteuid())} ({error.strerror}: "
            f"{error.filename}). Set STUDYGROUP_DATA to a folder of your own, or run as the owner."
        ) from error


def _locate_as_user(data_dir: Path) -> Place:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o700, exist_ok=True)
    state = data_dir / "postgres"
    state.mkdir(mode=0o700, exist_ok=True)
    found = state.stat()
    if found.st_uid != os.geteuid():
        raise StartError(
            f"The database in {state} belongs to {_user_name(found.st_uid)}. Run as that user (or as root), "
            "or set STUDYGROUP_DATA to a folder of your own."
        )
    _narrow(state, found)
    return Place(state, Account.of(os.geteuid()))


def _locate_as_root(data_dir: Path) -> Place:
    state = data_dir / "postgres"
    if not _is_made(state):
        ROOT_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        # One at a time: a folder that is half made, still root's, would be taken for one out of reach.
        lock = os.open(ROOT_STATE / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_made(state):
                return _make_as_root(data_dir)
        finally:
            os.close(lock)
    place = Place.at(state)
    _narrow(state, state.stat())
    if not place.account.may(("-w", state)):
        raise StartError(
            f"The database is in {state}, but the account '{place.account.name}' that runs it cannot get "
            "there. Let it pass through the folders above (chmod o+x), or move the project back."
        )
    return place


def _is_made(state: Path) -> bool:
    return state.is_dir() and state.stat().st_uid != 0


def _make_as_root(data_dir: Path) -> Place:
    """Make what is missing of the folders; callers hold the lock."""
    account, is_owner = _account_for(data_dir)
    if not data_dir.exists():
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(mode=0o700)
        if not is_owner:  # root's folder: the account may pass through to its cluster, and see nothing else
            os.chown(data_dir, 0, account.gid)
            data_dir.chmod(0o710)
    if is_owner and data_dir.stat().st_uid == 0:
        os.chown(data_dir, account.uid, account.gid)
    state = data_dir / "postgres" if account.may(("-x", data_dir)) else _state_elsewhere(data_dir)
    state.mkdir(mode=0o700, exist_ok=True)
    if state.stat().st_uid == 0:  # else it keeps the account whose files are in it
        os.chown(state, account.uid, account.gid)
    return Place.at(state)


def _account_for(data_dir: Path) -> tuple[Account, bool]:
    """As whom root runs the server, and whether that is the owner of the project."""
    folder = data_dir
    while not folder.exists():
        folder = folder.parent
    for uid in (folder.stat().st_uid, folder.parent.stat().st_uid if folder == data_dir else 0):
        if uid and _user_name(uid) != str(uid):
            return Account.of(uid), True
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid), False
    raise StartError(
        "PostgreSQL does not run as root and this machine has none of the accounts "
        f"{', '.join(SERVICE_ACCOUNTS)}. Make one: useradd --system study-group"
    )


def _state_elsewhere(data_dir: Path) -> Path:
    """A folder below /var/lib for a data folder that the server's account cannot reach.

    The README in the data folder says which one it is, so that the project may be moved; a file beside the
    folder says whose it is, so that a copy of a project does not share the database of the original.
    """
    readme = data_dir / "README.txt"
    known = _pointed_to(readme)
    if known and known.is_dir() and (_origin(known) in (None, data_dir) or _moved_away(known)):
        state = known
    else:
        state = ROOT_STATE / _hash(data_dir)
        number = 1
        while state.is_dir() and _origin(state) not in (None, data_dir):
            number += 1
            state = ROOT_STATE / f"{_hash(data_dir)}-{number}"
    state.mkdir(mode=0o700, exist_ok=True)
    if _origin(state) != data_dir:
        state.with_suffix(".origin").write_text(f"{data_dir}\n")
    if known != state:
        readme.write_text(
            "The database of this project does not lie here: PostgreSQL may not run as root, and\n"
            "the account that runs it instead cannot enter this folder.\n"
            f"{POINTER}{state}\n"
            "Keep this file: without it the project would start with an empty database after being moved.\n"
        )
    return state


def _pointed_to(readme: Path) -> Path | None:
    """The folder that the README of a data folder names; only root's word counts."""
    if not readme.is_file() or readme.stat().st_uid != 0:
        return None
    for line in readme.read_text().splitlines():
        if line.startswith(POINTER):
            return Path(line.removeprefix(POINTER))
    return None


def _origin(state: Path) -> Path | None:
    """The data folder that a folder below /var/lib was made for."""
    file = state.with_suffix(".origin")  # beside it: root does not write into the account's own folder
    return Path(file.read_text().strip()) if file.is_file() else None


def _moved_away(state: Path) -> bool:
    """Whether the data folder that `state` was made for is gone, or points elsewhere by now."""
    origin = _origin(state)
    return origin is None or _pointed_to(origin / "README.txt") != state


def open_private(place: Place, name: str) -> int:
    """Open (make) a file in the place's folder for locking or appending; returns the descriptor."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(place.state / name, flags, 0o600)
    except PermissionError as error:
        raise StartError(
            f"{error.filename} belongs to another user; remove it or run as its owner."
        ) from error
    give(descriptor, place.account)
    return descriptor


def give(descriptor: int, account: Account) -> None:
    """Hand a file that root has made to the account."""
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid == 0:
        os.fchown(descriptor, account.uid, account.gid)


def _narrow(folder: Path, found: os.stat_result) -> None:
    """Close a folder that was copied or restored with wider permissions."""
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
