from sessions_app.models.archive_tally import ArchiveTally
from sessions_app.models.archive_upload import ArchiveUpload, ImportedFile
from sessions_app.models.attendance import Attendance
from sessions_app.models.calendar_link import CalendarLink
from sessions_app.models.curriculum import Path, Resource, Source, Track
from sessions_app.models.guest_chair import GuestChair
from sessions_app.models.material import Material
from sessions_app.models.notes import Notes, NotesDraft, NotesRevision
from sessions_app.models.photo import Photo
from sessions_app.models.presentation import (
    Appearance,
    Presentation,
    PresentationStep,
    Presenter,
    PresenterLink,
    Slot,
)
from sessions_app.models.reading import Progress, Reading, ReadingLink, nest
from sessions_app.models.rsvp import Rsvp, Tally
from sessions_app.models.session import Session
from sessions_app.models.stored_file import StoredFile
from sessions_app.models.stuck_point import MeToo, PrivateNote, StuckPoint

__all__ = [
    "Appearance",
    "ArchiveTally",
    "ArchiveUpload",
    "Attendance",
    "CalendarLink",
    "GuestChair",
    "ImportedFile",
    "Material",
    "MeToo",
    "Notes",
    "NotesDraft",
    "NotesRevision",
    "Path",
    "Photo",
    "Presentation",
    "PresentationStep",
    "Presenter",
    "PresenterLink",
    "PrivateNote",
    "Progress",
    "Reading",
    "ReadingLink",
    "Resource",
    "Rsvp",
    "Session",
    "Slot",
    "Source",
    "StoredFile",
    "StuckPoint",
    "Tally",
    "Track",
    "nest",
]
