"""What holds for the repository as a whole: who imports whom, what may be seen, what the files promise."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import engines
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "outbox": set(),
    "members": {"outbox"},
    "sessions_app": {"members", "outbox"},
    "studygroup": {"sessions_app", "members", "outbox"},
}


def imports_of(file: Path) -> set[str]:
    """The top-level names that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_never_point_back(package):
    """docs/design.md, Packages."""
    forbidden = set(PACKAGES) - PACKAGES[package] - {package}
    wrong = {
        str(file.relative_to(ROOT)): imports_of(file) & forbidden
        for file in (ROOT / package).rglob("*.py")
        if imports_of(file) & forbidden
    }
    assert wrong == {}


def test_psycopg_3_is_not_importable():
    """Django would silently use it instead of psycopg2."""
    assert importlib.util.find_spec("psycopg") is None
    assert importlib.util.find_spec("psycopg2") is not None


def test_migrations_match_the_models(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_template_compiles():
    engine = engines["django"]
    for file in sorted((ROOT / "templates").rglob("*.*")):
        engine.get_template(str(file.relative_to(ROOT / "templates")))


def test_no_inline_style_or_script_in_a_page():
    """The Content-Security-Policy would refuse it; JSON in a script element is data, which it lets pass.

    Mails are no pages; their styles must be inline.
    """
    inline = re.compile(
        r"<[^>]+\sstyle=|<style|<[^>]+\son[a-z]+="
        r"|<script(?![^>]*\s(src=|type=\"application/(?:ld\+)?json\"))[^>]*>",
        re.IGNORECASE,
    )
    pages = [file for file in (ROOT / "templates").rglob("*.html") if file.parent.name != "mail"]
    assert {str(file): found[0] for file in pages if (found := inline.search(file.read_text()))} == {}


def test_env_example_lists_exactly_the_settings_that_are_read():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "studygroup/settings.py").read_text()))
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert listed == read


def test_env_example_with_every_mark_taken_away_is_a_working_file(tmp_path):
    values = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    values |= {"SECRET_KEY": "x", "DATABASE_URL": "postgres://nobody@localhost/none"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import studygroup.settings as s; print(s.ALLOWED_HOSTS, s.STATIC_ROOT.name, s.EMAIL_BACKEND)",
        ],
        env={"PATH": "/usr/bin:/bin"} | values,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "['127.0.0.1'] staticfiles django.core.mail.backends.console.EmailBackend\n", (
        done.stderr
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"SITE_URL": "group.example.org"}, "SITE_URL must look like"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL must name a PostgreSQL server"),
    ],
)
def test_settings_refuse_what_is_not_safe(changes, complaint, tmp_path):
    env = {
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": "x",
        "STUDYGROUP_DATA": str(tmp_path),
        "DATABASE_URL": "postgres://nobody@localhost/none",
    } | changes
    done = subprocess.run(
        [sys.executable, "-c", "import studygroup.settings"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, complaint in done.stderr) == (1, True)


def test_compose_file_follows_the_compose_specification():
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("check-jsonschema")),
            *("--builtin-schema", "vendor.compose-spec"),
            str(ROOT / "docker-compose.yml"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def views_of(patterns, prefix="") -> dict[str, object]:
    """Every address pattern of the site's own, with its view."""
    found = {}
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            found |= views_of(pattern.url_patterns, address)
        else:
            found[address] = pattern.callback
    return found


def test_the_public_addresses_are_exactly_these():
    """Everything else asks to sign in (LoginRequiredMiddleware). Accounts and admin see to themselves."""
    public = {
        address
        for address, view in views_of(get_resolver().url_patterns).items()
        if not getattr(view, "login_required", True) and not address.startswith(("accounts/", "admin/"))
    }
    assert public == {
        "",
        "setup/",
        "setup/group/",
        "about/",
        "privacy/",
        "group.css",
        "healthz",
        "search/",
        "feed.atom",
        "calendar.ics",
        "sessions/<int:number>/calendar.ics",
        "me/calendar/<str:token>.ics",
        "sitemap.xml",
        "sitemap-<str:kind>-<int:number>.xml",
        "robots.txt",
        "picture.png",
        "sessions/<int:number>/picture.png",
        "curriculum/",
        "sessions/",
        "sessions/<int:number>/",
        "sessions/<int:number>/photos/<int:pk>/",
        "presentations/",
        "presentations/<int:pk>/",
        "presenters/<int:pk>/",
        "presenting/<str:token>/",
        "presenting/<str:token>/<int:pk>/",
        "presenting/<str:token>/<int:pk>/materials/",
        "presenting/<str:token>/<int:pk>/materials/<int:material_pk>/",
        "presenting/<str:token>/<int:pk>/materials/<int:material_pk>/remove/",
        "resources/",
        "files/<uuid:pk>/<str:name>",
        "guest/<str:token>/",
        "guest/<str:token>/answer/",
        "mail/stop/<str:token>/",
        "apply/",
        "apply/sent/",
        "apply/lost/",
        "apply/lost/sent/",
        "application/<str:token>/",
        "application/<str:token>/confirm/",
        "application/<str:token>/edit/",
        "application/<str:token>/withdraw/",
        "application/<str:token>/keep/",
        "application/<str:token>/export/",
        "application/<str:token>/erase/",
        "application/erased/",
        "invitation/<str:token>/",
        "invitation/<str:token>/accept/",
        "invitation/<str:token>/decline/",
        "invitation/<str:token>/more/",
    }
