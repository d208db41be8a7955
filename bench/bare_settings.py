"""The site's settings with nothing around the view: no middleware, one address."""

from studygroup.settings import *  # noqa: F403

ROOT_URLCONF = "bench.bare"
MIDDLEWARE = []
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "members"]
