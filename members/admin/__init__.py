"""Correcting records of the group and its people. Moves and seats go through the desk under /organise/."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from members.admin import applications, people

__all__ = ["applications", "people"]

# One signs in on the site's own page, second factor included; the admin's would ask for the password alone.
admin.site.login = secure_admin_login(admin.site.login)
