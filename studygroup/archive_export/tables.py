"""Which models and fields an archive holds, and why the others stay behind. A test walks all models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import models

from members.models import (
    Acknowledgement,
    Criterion,
    Group,
    Member,
    ReplyTemplate,
    SeatChange,
    Strength,
    User,
)
from sessions_app.models import (
    Appearance,
    Attendance,
    Material,
    MeToo,
    Notes,
    NotesRevision,
    Path,
    Photo,
    Presentation,
    PresentationStep,
    Presenter,
    Reading,
    ReadingLink,
    Resource,
    Rsvp,
    Session,
    Slot,
    Source,
    StoredFile,
    StuckPoint,
    Track,
)


@dataclass(frozen=True)
class Table:
    """How the rows of one model are told.

    fields: written under their own names, in this order; `position` only where the order does not say it.
    body: the field that is the text of the row's file; beside: fields with a file of their own each.
    told: fields that the archive tells in another way, and how. left_out: fields it does not tell, and why.
    short: where only this field says something, its value alone stands for the row.
    """

    model: type[models.Model]
    names: str
    body: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    short: str = ""
    first_position: int = 0

    @property
    def fields(self) -> list[models.Field]:
        """The fields that are written under their names."""
        return [self.model._meta.get_field(name) for name in self.names.split()]


# --- The group and its people ------------------------------------------------------------------------
GROUP = Table(
    Group,
    "name tagline lead city area cadence time_zone usual_start usual_end capacity organiser_name "
    "organiser_url repository_url waiting_list_open apply_note apply_intro interest_label invitation_days "
    "reminder_days reviews_needed automatic_offers ask_after_days answer_days keep_months materials_days "
    "quiet_from quiet_until digest_weekday show_who_has_read second_factor accent accent_dark",
    body="about",
    left_out={"only": "It is always true."},
)
STRENGTH = Table(Strength, "name position", short="name")
CRITERION = Table(Criterion, "name hint low high weight position")
ACKNOWLEDGEMENT = Table(Acknowledgement, "name url role reason position")
REPLY_TEMPLATE = Table(ReplyTemplate, "name use subject text position")
SEAT_CHANGE = Table(
    SeatChange,
    "kind at member actor note capacity taken held",
    left_out={"application": "Applications stay behind."},
)
ACCOUNT = Table(
    User,
    "name email time_zone is_active date_joined",
    left_out={
        "password": "A secret; one signs in by a code.",
        "last_login": "Nobody else's business, and not of the group.",
        "is_superuser": "Who runs the server is said on the server.",
        "is_staff": "Who opens the admin is said on the server.",
        "groups": "Not used.",
        "user_permissions": "Not used.",
    },
)
MEMBER = Table(
    Member,
    "slug role state joined_at left_at leave_until leave_reason strengths links profile_audience "
    "address_audience",
    body="bio",
    told={"user": "the fields of the account stand in the same file", "photo": "photo: the picture's file"},
)

# --- What it studies ---------------------------------------------------------------------------------
PATH = Table(Path, "name summary description position")
TRACK = Table(Track, "name part_of path leaders sessions position")
SOURCE = Table(Source, "title url authors position", told={"track": "stands in its track"}, short="title")
RESOURCE = Table(Resource, "title url kind author hours note recommended position")

# --- Talks -------------------------------------------------------------------------------------------
PRESENTER = Table(Presenter, "guest_name member url email", body="bio")
PRESENTATION = Table(
    Presentation,
    "title state minutes url proposed_by proposed_at wished_session",
    body="abstract",
    told={"presenters": "presenters: a list", "sessions": "each session lists its talks"},
)
APPEARANCE = Table(
    Appearance, "presenter position", told={"presentation": "stands in its talk"}, short="presenter"
)
SLOT = Table(Slot, "presentation position", told={"session": "stands in its session"}, short="presentation")
STEP = Table(PresentationStep, "before after by at message", told={"presentation": "stands in its talk"})

# --- Sessions ----------------------------------------------------------------------------------------
SESSION = Table(
    Session,
    "number title state starts_at ends_at time_zone hours_known place address chairs online_url host "
    "host_url notes_url scribe warm_up prerequisites announced_at cancelled_at changed_at sequence",
    body="summary",
    beside={
        "agenda": "agenda.md",
        "up_next": "up-next.md",
        "directions": "directions.md",
        "access_notes": "access-notes.md",
    },
)
READING = Table(
    Reading,
    "title importance kind url part minutes note position",
    told={
        "session": "stands in its session",
        "parent": "stands in the parts of its parent",
        "file": "file: with its path",
    },
)
READING_LINK = Table(ReadingLink, "title url position", told={"reading": "stands in its reading"})
STUCK_POINT = Table(
    StuckPoint,
    "question where author asked_at answer resolved_by resolved_at",
    told={"reading": "stands in its reading"},
)
ME_TOO = Table(MeToo, "member said_at", told={"point": "stands in its question"})
MATERIAL = Table(
    Material,
    "title kind url audience position",
    told={
        "session": "stands in its session",
        "presentation": "stands in its talk",
        "file": "file: with its path",
    },
)
FILE = Table(
    StoredFile,
    "name id uploaded_by uploaded_at",
    told={"content": "path: the file"},
    left_out={
        "content_type": "Follows from the name.",
        "size": "The file says it.",
        "sha256": "The file says it.",
    },
)
RSVP = Table(
    Rsvp,
    "member answer note warm_up answered_at in_line_since",
    told={"session": "stands in its session"},
)
ATTENDANCE = Table(
    Attendance,
    "member guest_name noted_by noted_at",
    told={"session": "stands in its session"},
    left_out={"guest_chair": "Chairs belong to applications, which stay behind; the count stands."},
)
PHOTO = Table(
    Photo,
    "alternative caption audience position uploaded_by uploaded_at",
    told={
        "session": "stands in its session",
        "picture": "picture: the picture's file",
        "small": "small: the small picture's file",
    },
    left_out={"width": "The picture says it.", "height": "The picture says it."},
    first_position=1,
)
NOTES = Table(Notes, "audience revision updated_at", body="text", told={"session": "lies in its folder"})
REVISION = Table(
    NotesRevision, "number author saved_at comment", body="text", told={"notes": "lies in its folder"}
)

TABLES = [table for table in list(globals().values()) if isinstance(table, Table)]

APPLICANTS = "Applicants gave their words to this site, for a purpose that ends with it."
PRIVATE = "It is one person's own."
SECRETS = "Links in mails open the site that sent them, no other."
# By the model's label: why its rows stay behind.
LEFT_OUT = {
    **dict.fromkeys(
        [
            "members.Application",
            "members.ApplicationChange",
            "members.ApplicantImport",
            "members.Decision",
            "members.Review",
            "members.Score",
            "members.StateTally",
            "sessions_app.GuestChair",
        ],
        APPLICANTS,
    ),
    **dict.fromkeys(
        ["members.Invitation", "members.Knock", "sessions_app.CalendarLink", "sessions_app.PresenterLink"],
        SECRETS,
    ),
    **dict.fromkeys(
        ["sessions_app.NotesDraft", "sessions_app.PrivateNote", "sessions_app.Progress"], PRIVATE
    ),
    "members.SetupCode": "It is for a site without a group, and ends with the group's first day.",
    "members.SettingChange": "The settings come as they are; who changed them is told on the site itself.",
    "sessions_app.ArchiveTally": "It counts the sessions, which come along.",
    "sessions_app.ArchiveUpload": "What was uploaded is sessions by now, or is emptied after a day.",
    "sessions_app.ImportedFile": "It compares with a folder that was brought to this site.",
    "outbox.Message": "Mails are sent once, from here.",
    "outbox.MessageStep": "It goes with its mail.",
    "outbox.KindSetting": "How mails are worded and held belongs to the site that sends them.",
    "outbox.Choice": "How people want their mail, they choose where it is sent from.",
}
