"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from members.urls import members as members_own
from members.urls import organiser as members_organiser
from members.urls import public as members_public
from sessions_app.urls import member as sessions_member
from sessions_app.urls import organiser as sessions_organiser
from sessions_app.urls import public as sessions_public
from sessions_app.urls import sessions
from studygroup.views import calendars, organiser, outbox, outside, public
from studygroup.views.archive_export import archive_export
from studygroup.views.search import search

organise = [
    path("", organiser.dashboard, name="dashboard"),
    path("outbox/", outbox.message_list, name="outbox"),
    path("outbox/<int:pk>/", outbox.message, name="message"),
    path("outbox/<int:pk>/retry/", outbox.retry, name="message_retry"),
    path("archive/export/", archive_export, name="archive_export"),
    *members_organiser,
    *sessions_organiser,
]

urlpatterns = [
    path("", public.home, name="home"),
    path("about/", public.about, name="about"),
    path("privacy/", public.privacy, name="privacy"),
    path("group.css", public.group_css, name="group_css"),
    path("healthz", public.healthz, name="healthz"),
    path("arrive/", public.arrive, name="arrive"),
    path("search/", search, name="search"),
    path("feed.atom", outside.feed, name="feed"),
    path("calendar.ics", calendars.public_calendar, name="calendar"),
    path("sessions/<int:number>/calendar.ics", calendars.session_calendar, name="session_calendar"),
    path("me/calendar/", calendars.my_calendar, name="my_calendar"),
    path("me/calendar/on/", calendars.calendar_on, name="calendar_on"),
    path("me/calendar/replace/", calendars.calendar_replace, name="calendar_replace"),
    path("me/calendar/off/", calendars.calendar_off, name="calendar_off"),
    path("me/calendar/<str:token>.ics", calendars.member_calendar, name="member_calendar"),
    path("sitemap.xml", outside.sitemap, name="sitemap"),
    path("robots.txt", outside.robots, name="robots"),
    path("picture.png", outside.picture, name="picture"),
    path("sessions/<int:number>/picture.png", outside.session_picture, name="session_picture"),
    path("sessions/", include((sessions, "sessions"))),
    *sessions_public,
    *sessions_member,
    *members_public,
    *members_own,
    path("organise/", include((organise, "organise"))),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
