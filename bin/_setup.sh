# Sourced by bin/serve and bin/test: finds a Python that can make the virtual environment,
# and hands over to _setup.py, which does everything else. Sets ROOT and PYTHON.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 \
        /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3; do
        [ -n "$candidate" ] && command -v -- "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
        then
            PYTHON=$candidate
            return 0
        fi
    done
    echo "No suitable Python found: this needs Python 3.11 or newer with venv and pip" >&2
    echo "(on Debian and Ubuntu: apt-get install python3 python3-venv). PYTHON=/path/to/python3 names one." >&2
    return 1
}

find_python || exit 1
