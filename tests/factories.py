"""Rows for tests: the least that the constraints ask for. A test names what it is about."""

from datetime import time as clock
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from members import models as people
from members.models.application import State
from sessions_app import models as meetings


class GroupFactory(DjangoModelFactory):
    class Meta:
        model = people.Group

    name = "Tuesday Readers"
    tagline = "Reading hard things together"
    lead = "We read one paper a month."
    city = "Tallinn"
    time_zone = "Europe/Tallinn"
    usual_start = clock(18, 30)
    usual_end = clock(21, 0)
    capacity = 20
    reviews_needed = 1
    # Tests run at any hour.
    quiet_from = clock(0)
    quiet_until = clock(0)


class StrengthFactory(DjangoModelFactory):
    class Meta:
        model = people.Strength

    name = factory.Sequence(lambda n: f"Strength {n}")
    position = factory.Sequence(int)


class CriterionFactory(DjangoModelFactory):
    class Meta:
        model = people.Criterion

    name = factory.Sequence(lambda n: f"Criterion {n}")
    position = factory.Sequence(int)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = people.User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = people.Member

    user = factory.SubFactory(UserFactory)
    joined_at = factory.LazyFunction(timezone.now)


class OrganiserFactory(MemberFactory):
    role = people.Member.Role.ORGANISER


class ApplicationFactory(DjangoModelFactory):
    class Meta:
        model = people.Application

    email = factory.Sequence(lambda n: f"applicant{n}@example.org")
    name = factory.Sequence(lambda n: f"Applicant {n}")
    current_role = "Nurse"
    experience = "I kept the statistics of a ward for six years."
    interest = "I want to read with others."
    state = State.WAITING
    applied_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=3))
    moved_at = factory.SelfAttribute("applied_at")
    confirmed_at = factory.LazyAttribute(
        lambda self: None if self.state == State.UNCONFIRMED else self.applied_at
    )


class SessionFactory(DjangoModelFactory):
    class Meta:
        model = meetings.Session

    number = factory.Sequence(lambda n: n + 1)
    title = factory.Sequence(lambda n: f"Topic {n}")
    state = meetings.Session.State.ANNOUNCED
    starts_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=12))
    ends_at = factory.LazyAttribute(lambda self: self.starts_at + timedelta(hours=2))
    time_zone = "Europe/Tallinn"
    announced_at = factory.LazyAttribute(
        lambda self: (
            None if self.state == meetings.Session.State.DRAFT else self.starts_at - timedelta(days=20)
        )
    )


class HeldSessionFactory(SessionFactory):
    state = meetings.Session.State.HELD
    starts_at = factory.LazyAttribute(lambda self: timezone.now() - timedelta(days=400 - self.number % 300))


class ReadingFactory(DjangoModelFactory):
    class Meta:
        model = meetings.Reading

    session = factory.SubFactory(SessionFactory)
    title = factory.Sequence(lambda n: f"Reading {n}")
    url = "https://example.org/paper"
    minutes = 40
    position = factory.Sequence(int)


class TrackFactory(DjangoModelFactory):
    class Meta:
        model = meetings.Track

    name = factory.Sequence(lambda n: f"Track {n}")
    position = factory.Sequence(int)


class PresenterFactory(DjangoModelFactory):
    class Meta:
        model = meetings.Presenter

    guest_name = factory.Sequence(lambda n: f"Guest {n}")


class PresentationFactory(DjangoModelFactory):
    class Meta:
        model = meetings.Presentation
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Talk {n}")

    @factory.post_generation
    def session(self, create, session, **kwargs):
        if session:
            meetings.Slot.objects.create(presentation=self, session=session)

    @factory.post_generation
    def presenter(self, create, presenter, **kwargs):
        if presenter:
            meetings.Appearance.objects.create(presentation=self, presenter=presenter)
