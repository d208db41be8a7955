"""Addresses of the waiting list, the seats and one's own page. `studygroup.urls` puts them together."""

from django.urls import path

from members.views.member import me, people
from members.views.organiser import decisions, desk, imports, letters, queue, seats, shortlist
from members.views.organiser import people as organiser_people
from members.views.public import applicant, apply, invitation

public = [
    path("apply/", apply.apply, name="apply"),
    path("apply/sent/", apply.apply_sent, name="apply_sent"),
    path("apply/lost/", apply.apply_lost, name="apply_lost"),
    path("apply/lost/sent/", apply.apply_lost_sent, name="apply_lost_sent"),
    path("application/erased/", applicant.erased, name="application_erased"),
    path("application/<str:token>/", applicant.application, name="application"),
    path("application/<str:token>/confirm/", applicant.confirm, name="application_confirm"),
    path("application/<str:token>/edit/", applicant.edit, name="application_edit"),
    path("application/<str:token>/withdraw/", applicant.withdraw, name="application_withdraw"),
    path("application/<str:token>/keep/", applicant.keep, name="application_keep"),
    path("application/<str:token>/export/", applicant.download, name="application_export"),
    path("application/<str:token>/erase/", applicant.erase, name="application_erase"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
    path("invitation/<str:token>/accept/", invitation.invitation_accept, name="invitation_accept"),
    path("invitation/<str:token>/decline/", invitation.invitation_decline, name="invitation_decline"),
    path("invitation/<str:token>/more/", invitation.invitation_more, name="invitation_more"),
]

members = [
    path("me/", me.me, name="me"),
    path("me/leave/", me.leave, name="me_leave"),
    path("me/return/", me.come_back, name="me_return"),
    path("me/goodbye/", me.say_goodbye, name="me_goodbye"),
    path("members/", people.member_list, name="members"),
    path("members/<str:slug>/", people.member_page, name="member"),
    path("members/<str:slug>/photo/", people.photo, name="member_photo"),
]

organiser = [
    path("applications/", queue.application_list, name="applications"),
    path("applications/export.csv", queue.applications_export, name="applications_export"),
    path("applications/bulk/", queue.applications_bulk, name="applications_bulk"),
    path("applications/bulk/confirm/", queue.applications_bulk_confirm, name="applications_bulk_confirm"),
    path("applications/import/", imports.upload, name="import"),
    path("applications/import/<int:pk>/", imports.preview, name="import_preview"),
    path("applications/import/<int:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("applications/<int:pk>/", desk.application, name="application"),
    path("applications/<int:pk>/review/", desk.review, name="application_review"),
    path("applications/<int:pk>/abstain/", desk.abstain, name="application_abstain"),
    path("applications/<int:pk>/shortlist/", decisions.shortlist, name="application_shortlist"),
    path("applications/<int:pk>/invite/", decisions.invite, name="application_invite"),
    path("applications/<int:pk>/decline/", decisions.decline, name="application_decline"),
    path("applications/<int:pk>/prepare/", decisions.prepare, name="application_prepare"),
    path("applications/<int:pk>/take-back/", decisions.take_back, name="application_take_back"),
    path("applications/<int:pk>/write/", letters.write, name="application_write"),
    path("decisions/", decisions.decision_list, name="decisions"),
    path("decisions/release/", decisions.release, name="decisions_release"),
    path("letters/", letters.template_list, name="letters"),
    path("letters/new/", letters.template_new, name="letter_new"),
    path("letters/<int:pk>/", letters.template_edit, name="letter_edit"),
    path("letters/<int:pk>/delete/", letters.template_delete, name="letter_delete"),
    path("seats/", seats.seats_page, name="seats"),
    path("seats/number/", seats.seats_number, name="seats_number"),
    path("seats/automatic/", seats.seats_automatic, name="seats_automatic"),
    path("invitations/<int:pk>/revoke/", seats.invitation_revoke, name="invitation_revoke"),
    path("invitations/<int:pk>/more/", seats.invitation_more, name="invitation_more"),
    path("shortlist/", shortlist.shortlist, name="shortlist"),
    path("shortlist/agree/", shortlist.agree, name="shortlist_agree"),
    path("shortlist/<int:pk>/move/", shortlist.move, name="shortlist_move"),
    path("shortlist/<int:pk>/invite/", shortlist.invite, name="shortlist_invite"),
    path("members/", organiser_people.member_list, name="members"),
    path("members/<int:pk>/", organiser_people.member, name="member"),
    path("members/<int:pk>/leave/", organiser_people.leave, name="member_leave"),
    path("members/<int:pk>/return/", organiser_people.come_back, name="member_return"),
    path("members/<int:pk>/alumni/", organiser_people.make_alumni, name="member_alumni"),
    path("members/<int:pk>/remove/", organiser_people.remove, name="member_remove"),
    path("members/<int:pk>/seat/", organiser_people.seat_again, name="member_seat"),
    path("members/<int:pk>/role/", organiser_people.set_role, name="member_role"),
]
