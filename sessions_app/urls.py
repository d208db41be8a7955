"""The addresses of this app, in the four lists that `studygroup.urls` hangs up."""

from django.urls import path

from sessions_app.views import archive_import as archives
from sessions_app.views import guest as guests
from sessions_app.views import member as members
from sessions_app.views import notes
from sessions_app.views import organiser as desk
from sessions_app.views import public as archive
from sessions_app.views.stored_files import stored_file

sessions = [
    path("", archive.session_list, name="list"),
    path("<int:number>/", archive.session, name="detail"),
    path("<int:number>/rsvp/", members.rsvp, name="rsvp"),
    path("<int:number>/notes/", notes.notes_history, name="notes_history"),
    path("<int:number>/notes/edit/", notes.notes_edit, name="notes_edit"),
    path("<int:number>/notes/preview/", notes.notes_preview, name="notes_preview"),
    path("<int:number>/notes/draft/", notes.notes_draft, name="notes_draft"),
    path("<int:number>/notes/draft/drop/", notes.notes_draft_drop, name="notes_draft_drop"),
    path("<int:number>/notes/<int:revision>/", notes.notes_revision, name="notes_revision"),
    path("<int:number>/notes/<int:revision>/restore/", notes.notes_restore, name="notes_restore"),
]

public = [
    path("curriculum/", archive.curriculum, name="curriculum"),
    path("presentations/", archive.presentations, name="presentations"),
    path("resources/", archive.resources, name="resources"),
    path("files/<uuid:pk>/<str:name>", stored_file, name="stored_file"),
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
    path("archive/import/", archives.upload, name="archive_import"),
    path("archive/import/<int:pk>/", archives.preview, name="archive_import_preview"),
    path("archive/import/<int:pk>/confirm/", archives.confirm, name="archive_import_confirm"),
]
