"""Addresses of the waiting list, the seats and one's own page. `studygroup.urls` puts them together."""

from django.urls import path

from members.views import member
from members.views import organiser as desk
from members.views import public as views

public = [
    path("apply/", views.apply, name="apply"),
    path("apply/sent/", views.apply_sent, name="apply_sent"),
    path("application/<str:token>/", views.application, name="application"),
    path("application/<str:token>/confirm/", views.confirm, name="application_confirm"),
    path("application/<str:token>/edit/", views.edit, name="application_edit"),
    path("application/<str:token>/withdraw/", views.withdraw, name="application_withdraw"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("invitation/<str:token>/accept/", views.invitation_accept, name="invitation_accept"),
    path("invitation/<str:token>/decline/", views.invitation_decline, name="invitation_decline"),
    path("me/", member.me, name="me"),
]

organiser = [
    path("applications/", desk.application_list, name="applications"),
    path("applications/<int:pk>/", desk.application, name="application"),
    path("applications/<int:pk>/review/", desk.review, name="application_review"),
    path("applications/<int:pk>/shortlist/", desk.shortlist, name="application_shortlist"),
    path("applications/<int:pk>/invite/", desk.invite, name="application_invite"),
    path("applications/<int:pk>/decline/", desk.decline, name="application_decline"),
    path("seats/", desk.seats_page, name="seats"),
]
