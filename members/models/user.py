"""A person who can sign in: an e-mail address, a name, nothing more."""

from __future__ import annotations

import zoneinfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from members.addresses import fold


def validate_time_zone(name: str) -> None:
    """Accept an IANA time zone name such as Europe/London; raise ValidationError for anything else."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone such as Europe/London.", code="time_zone")


class UserManager(BaseUserManager):
    def create_user(self, email: str, name: str = "", password: str | None = None, **fields) -> User:
        """Make an account. Without a password one signs in by a code sent to the address."""
        user = self.model(email=fold(email), name=name.strip(), **fields)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, name: str = "", password: str | None = None, **fields) -> User:
        """Make an account that may do everything, the admin included."""
        return self.create_user(email, name, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> User:
        """The account of this address, however it is spelled."""
        return self.get(email=fold(email))


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail address", max_length=320)
    name = models.CharField(max_length=120, blank=True, help_text="As it should appear to the group.")
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Sessions elsewhere are also shown in this zone. Empty: as your browser says.",
    )
    is_active = models.BooleanField(default=True, help_text="Untick instead of deleting, to bar signing in.")
    is_staff = models.BooleanField("may open the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="members_one_account_per_address",
                violation_error_message="There is an account with this address already.",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        """Store the address in its folded form."""
        self.email = fold(self.email)

    def get_full_name(self) -> str:
        """The name, or the address of somebody who gave none."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """Same as the full name: which part of a name is the given one is not ours to guess."""
        return self.get_full_name()
