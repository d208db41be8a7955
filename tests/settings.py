"""The site's settings, changed only where a test needs it."""

from studygroup.settings import *  # noqa: F403
from studygroup.settings import DATABASES, STORAGES

# Hashed names need collectstatic; the tests serve the source files as they are.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the tests keep no secrets
# Most tests roll back instead of committing, so the version of the public pages would never change.
PUBLIC_PAGE_CACHE = False
# A test that commits need not wait for the disk: nobody misses the data of a run whose machine goes down.
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["options"] = f"{_options.get('options', '')} -c synchronous_commit=off".strip()
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
