"""The site's settings, changed only where a test needs it."""

from studygroup.settings import *  # noqa: F403
from studygroup.settings import STORAGES

# Hashed names need collectstatic; the tests serve the source files as they are.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the tests keep no secrets
# Most tests roll back instead of committing, so the version of the public pages would never change.
PUBLIC_PAGE_CACHE = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
