"""The addresses of this app, in the four lists that `studygroup.urls` hangs up."""

from django.urls import path

from sessions_app.views import archive_import as archives
from sessions_app.views import (
    coming,
    door,
    materials,
    notes,
    photos,
    preparing,
    presenting,
    proposals,
    readiness,
    talk_desk,
    talks,
)
from sessions_app.views import guest as guests
from sessions_app.views import member as members
from sessions_app.views import organiser as desk
from sessions_app.views import public as archive
from sessions_app.views.stored_files import stored_file

sessions = [
    path("", archive.session_list, name="list"),
    path("<int:number>/", archive.session, name="detail"),
    path("<int:number>/rsvp/", coming.rsvp, name="rsvp"),
    path("<int:number>/warm-up/", coming.warm_up, name="warm_up"),
    path("<int:number>/notes/", notes.notes_history, name="notes_history"),
    path("<int:number>/notes/edit/", notes.notes_edit, name="notes_edit"),
    path("<int:number>/notes/preview/", notes.notes_preview, name="notes_preview"),
    path("<int:number>/notes/draft/", notes.notes_draft, name="notes_draft"),
    path("<int:number>/notes/draft/drop/", notes.notes_draft_drop, name="notes_draft_drop"),
    path("<int:number>/notes/<int:revision>/", notes.notes_revision, name="notes_revision"),
    path("<int:number>/notes/<int:revision>/restore/", notes.notes_restore, name="notes_restore"),
    path("<int:number>/readiness/", readiness.readiness, name="readiness"),
    path("<int:number>/questions/<int:pk>/resolve/", readiness.resolve, name="resolve"),
    path("<int:number>/questions/<int:pk>/reopen/", readiness.reopen, name="reopen"),
    path("<int:number>/photos/", photos.photo_list, name="photos"),
    path("<int:number>/photos/<int:pk>/", photos.photo, name="photo"),
    path("<int:number>/photos/<int:pk>/change/", photos.photo_change, name="photo_change"),
    path("<int:number>/photos/<int:pk>/move/", photos.photo_move, name="photo_move"),
    path("<int:number>/photos/<int:pk>/remove/", photos.photo_remove, name="photo_remove"),
]

public = [
    path("curriculum/", archive.curriculum, name="curriculum"),
    path("presentations/", archive.presentations, name="presentations"),
    path("presentations/<int:pk>/", talks.talk, name="talk"),
    path("presenters/<int:pk>/", talks.presenter, name="presenter"),
    path("presenting/<str:token>/", presenting.guest, name="presenting"),
    path("presenting/<str:token>/<int:pk>/", presenting.guest_talk, name="presenting_talk"),
    path(
        "presenting/<str:token>/<int:pk>/materials/", materials.guest_materials, name="presenting_materials"
    ),
    path("presenting/<str:token>/<int:pk>/materials/<int:material_pk>/", materials.guest_material),
    path(
        "presenting/<str:token>/<int:pk>/materials/<int:material_pk>/remove/",
        materials.guest_material_remove,
    ),
    path("resources/", archive.resources, name="resources"),
    path("files/<uuid:pk>/<str:name>", stored_file, name="stored_file"),
    path("guest/<str:token>/", guests.guest_chair, name="guest_chair"),
    path("guest/<str:token>/answer/", guests.guest_answer, name="guest_answer"),
]

member = [
    path("next/", members.next_session, name="next"),
    path("me/sessions/", coming.own_sessions, name="own_sessions"),
    path("presentations/mine/", proposals.my_talks, name="my_talks"),
    path("presentations/propose/", proposals.propose, name="propose"),
    path("presentations/<int:pk>/edit/", proposals.talk_edit, name="talk_edit"),
    path("presentations/<int:pk>/withdraw/", proposals.talk_withdraw, name="talk_withdraw"),
    path("presentations/<int:pk>/materials/", materials.talk_materials, name="talk_materials"),
    path("presentations/<int:pk>/materials/<int:material_pk>/", materials.talk_material),
    path("presentations/<int:pk>/materials/<int:material_pk>/remove/", materials.talk_material_remove),
    path("next/catch-up/", preparing.catch_up, name="catch_up"),
    path("readings/<int:pk>/read/", members.reading_read, name="reading_read"),
    path("readings/<int:pk>/note/", preparing.private_note, name="private_note"),
    path("readings/<int:pk>/questions/", preparing.stuck_point_list, name="stuck_points"),
    path("readings/<int:pk>/questions/<int:point_pk>/me-too/", preparing.me_too, name="me_too"),
    path("readings/<int:pk>/questions/<int:point_pk>/", preparing.stuck_point_change, name="stuck_point"),
    path(
        "readings/<int:pk>/questions/<int:point_pk>/withdraw/",
        preparing.stuck_point_withdraw,
        name="stuck_point_withdraw",
    ),
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
    path("sessions/<int:pk>/room/", door.who_comes, name="room"),
    path("sessions/<int:pk>/door/", door.door, name="door"),
    path("sessions/<int:pk>/door/mark/", door.mark, name="door_mark"),
    path("guests/<int:pk>/revoke/", guests.guest_revoke, name="guest_revoke"),
    path("sessions/<int:pk>/materials/", materials.session_materials, name="materials"),
    path("sessions/<int:pk>/materials/<int:material_pk>/", materials.session_material),
    path("sessions/<int:pk>/materials/<int:material_pk>/remove/", materials.session_material_remove),
    path("talks/", talk_desk.talk_list, name="talks"),
    path("talks/<int:pk>/", talk_desk.talk, name="talk"),
    path("talks/<int:pk>/accept/", talk_desk.talk_accept, name="talk_accept"),
    path("talks/<int:pk>/decline/", talk_desk.talk_decline, name="talk_decline"),
    path("talks/<int:pk>/schedule/", talk_desk.talk_schedule, name="talk_schedule"),
    path("talks/<int:pk>/unschedule/<int:session_pk>/", talk_desk.talk_unschedule, name="talk_unschedule"),
    path("presenters/<int:pk>/", presenting.presenter, name="presenter"),
    path("presenters/<int:pk>/link/", presenting.presenter_link, name="presenter_link"),
    path("presenter-links/<int:pk>/revoke/", presenting.presenter_link_revoke, name="presenter_link_revoke"),
    path("archive/import/", archives.upload, name="archive_import"),
    path("archive/import/<int:pk>/", archives.preview, name="archive_import_preview"),
    path("archive/import/<int:pk>/confirm/", archives.confirm, name="archive_import_confirm"),
]
