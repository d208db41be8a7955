"""`manage.py add_organiser ADDRESS NAME`: seat the first organiser of a group."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from members import seats
from members.addresses import fold
from members.errors import Refused
from members.models import Group, Member, User


class Command(BaseCommand):
    help = "Give somebody a seat and the organiser's role. They sign in with a code mailed to the address."

    def add_arguments(self, parser) -> None:
        parser.add_argument("address")
        parser.add_argument("name")

    def handle(self, *, address: str, name: str, **options) -> None:
        try:
            validate_email(address)
        except ValidationError as fault:
            raise CommandError(f"{address} is not an e-mail address. Nothing was changed.") from fault
        if Group.objects.current() is None:
            raise CommandError("There is no group yet. Load one first: manage.py load_group FILE")
        try:
            with transaction.atomic():
                user = User.objects.filter(email=fold(address)).first()
                user = user or User.objects.create_user(address, name)
                # Organisers correct records in the admin too.
                user.is_staff = user.is_superuser = True
                user.save(update_fields=["is_staff", "is_superuser"])
                seats.add_member(user=user, now=timezone.now(), role=Member.Role.ORGANISER)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user} <{user.email}> is an organiser.")
