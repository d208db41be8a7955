"""What pages are measured against: a bare Django view with one indexed query and a 9 kB template."""

import os

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.bare_settings")

_template = None


def bare(request: HttpRequest) -> HttpResponse:
    """One row by its primary key, and 9 kB of text around it."""
    global _template
    from members.models import Group

    if _template is None:
        _template = engines["django"].from_string(
            "<!doctype html><h1>{{ group.name }}</h1>" + "<p>words words</p>\n" * 470
        )
    return HttpResponse(_template.render({"group": Group.objects.get(pk=request.GET["pk"])}))


urlpatterns = [path("", bare)]
application = get_wsgi_application()
