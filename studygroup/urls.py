"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from members.urls import members as members_own
from members.urls import organiser as members_organiser
from members.urls import public as members_public
from outbox import bounces
from sessions_app.urls import member as sessions_member
from sessions_app.urls import organiser as sessions_organiser
from sessions_app.urls import public as sessions_public
from sessions_app.urls import sessions
from studygroup.views import (
    calendars,
    circulars,
    first_run,
    group_settings,
    mail_choices,
    mail_kinds,
    organiser,
    outbox,
    outbox_mail,
    outside,
    public,
    reports,
)
from studygroup.views.archive_export import archive_export
from studygroup.views.search import search

organise = [
    path("", organiser.dashboard, name="dashboard"),
    path("outbox/", outbox.message_list, name="outbox"),
    path("outbox/together/", outbox.together, name="outbox_together"),
    path("outbox/together/confirm/", outbox.together_confirm, name="outbox_together_confirm"),
    path("outbox/<int:pk>/", outbox_mail.message, name="message"),
    path("outbox/<int:pk>/as-seen/", outbox_mail.as_seen, name="message_as_seen"),
    path("outbox/<int:pk>/release/", outbox_mail.release, name="message_release"),
    path("outbox/<int:pk>/discard/", outbox_mail.discard, name="message_discard"),
    path("outbox/<int:pk>/restore/", outbox_mail.restore, name="message_restore"),
    path("outbox/<int:pk>/retry/", outbox_mail.retry, name="message_retry"),
    path("outbox/<int:pk>/edit/", outbox_mail.edit, name="message_edit"),
    path("outbox/<int:pk>/edit/preview/", outbox_mail.edit_preview, name="message_edit_preview"),
    path("mail/", mail_kinds.kind_list, name="mail_kinds"),
    path("mail/<slug:kind>/", mail_kinds.wording, name="mail_kind"),
    path("mail/<slug:kind>/preview/", mail_kinds.preview, name="mail_kind_preview"),
    path("mail/<slug:kind>/test/", mail_kinds.test, name="mail_kind_test"),
    path("mail/<slug:kind>/restore/", mail_kinds.restore, name="mail_kind_restore"),
    path("mail/<slug:kind>/waits/", mail_kinds.waits, name="mail_kind_waits"),
    path("settings/", group_settings.overview, name="settings"),
    path("settings/history/<int:pk>/", group_settings.past_change, name="settings_change"),
    path("settings/<slug:name>/", group_settings.section, name="settings_section"),
    path("write/", circulars.write, name="circular"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/<slug:slug>/", reports.report, name="report"),
    path("reports/<slug:slug>.csv", reports.report_csv, name="report_csv"),
    path("reports/<slug:slug>/rows/", reports.report_rows, name="report_rows"),
    path("archive/export/", archive_export, name="archive_export"),
    *members_organiser,
    *sessions_organiser,
]

urlpatterns = [
    path("", public.home, name="home"),
    path("setup/", first_run.code, name="setup"),
    path("setup/group/", first_run.group, name="setup_group"),
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
    path("me/mail/", mail_choices.mail_choices, name="mail_choices"),
    path("mail/stop/<str:token>/", mail_choices.mail_stop, name="mail_stop"),
    path("sitemap.xml", outside.sitemap, name="sitemap"),
    path("sitemap-<str:kind>-<int:number>.xml", outside.sitemap_part, name="sitemap_part"),
    path("robots.txt", outside.robots, name="robots"),
    path("picture.png", outside.picture, name="picture"),
    path("sessions/<int:number>/picture.png", outside.session_picture, name="session_picture"),
    path("sessions/", include((sessions, "sessions"))),
    *sessions_public,
    *sessions_member,
    *members_public,
    *members_own,
    path("organise/", include((organise, "organise"))),
    *bounces.addresses(settings.MAIL_PROVIDER),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
