"""Look after the embedded PostgreSQL by hand: python -m studygroup.embedded_postgres status|stop|psql."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from . import ensure, locate, stop_if_unused
from .place import StartError
from .programs import programs
from .server import DATABASE, PORT, USER, Server

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m studygroup.embedded_postgres")
    parser.add_argument("command", choices=["status", "stop", "psql"])
    parser.add_argument("--data", type=Path, default=os.environ.get("STUDYGROUP_DATA") or PROJECT / "data")
    parser.add_argument("-q", "--quiet", action="store_true", help="stop: say nothing")
    arguments, others = parser.parse_known_args()
    try:
        if arguments.command == "psql":
            return psql(arguments.data, others)
        place = locate(arguments.data)
        if arguments.command == "stop":
            stopped = stop_if_unused(place)
            if not arguments.quiet:
                print("stopped" if stopped else "left running: another process of the project uses it")
            return 0 if stopped else 1
        server = Server(place)
        print(server.state())
        print(f"socket   {server.socket_dir()}\ncluster  {place.cluster}")
        print(f"account  {place.account.name}\nlog      {place.log}")
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def psql(data_dir: Path, arguments: list[str]) -> int:
    """An interactive (or, with -c, a single) session in the application's database."""
    settings = ensure(data_dir)
    folder, _ = programs(locate(data_dir))
    command = [folder / "psql", "-h", settings["HOST"], "-p", PORT, "-U", USER, "-d", DATABASE, *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
