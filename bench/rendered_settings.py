"""The site's settings, with every page rendered anew."""

from studygroup.settings import *  # noqa: F403

PUBLIC_PAGE_CACHE = False
