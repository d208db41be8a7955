"""The addresses of this app, in the four lists that `studygroup.urls` hangs up."""

from django.urls import path

from sessions_app.views import guest as guests
from sessions_app.views import member as members
from sessions_app.views import organiser as desk
from sessions_app.views import public as archive

sessions = [
    path("", archive.session_list, name="list"),
    path("<int:number>/", archive.session, name="detail"),
    path("<int:number>/rsvp/", members.rsvp, name="rsvp"),
]

public = [
    path("curriculum/", archive.curriculum, name="curriculum"),
    path("presentations/", archive.presentations, name="presentations"),
    path("resources/", archive.resources, name="resources"),
    path("guest/<str:token>/", guests.guest_chair, name="guest_chair"),
    path("guest/<str:token>/answer/", guests.guest_answer, name="guest_answer"),
]

member = [
    path("next/", members.next_session, name="next"),
    path("readings/<int:pk>/read/", members.reading_read, name="reading_read"),
]

organiser = [
    path("sessions/", desk.session_list, name="sessions"),
    path("sessions/new/", desk.session_new, name="session_new"),
    path("sessions/<int:pk>/", desk.session, name="session"),
    path("sessions/<int:pk>/announce/", desk.session_announce, name="session_announce"),
    path("sessions/<int:pk>/hold/", desk.session_hold, name="session_hold"),
    path("sessions/<int:pk>/cancel/", desk.session_cancel, name="session_cancel"),
    path("sessions/<int:pk>/reopen/", desk.session_reopen, name="session_reopen"),
    path("sessions/<int:pk>/guests/<int:application_pk>/", guests.guest_offer, name="guest_offer"),
    path("guests/<int:pk>/revoke/", guests.guest_revoke, name="guest_revoke"),
]
