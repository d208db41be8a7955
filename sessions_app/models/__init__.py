from sessions_app.models.archive_upload import ArchiveUpload, ImportedFile
from sessions_app.models.curriculum import Path, Resource, Source, Track
from sessions_app.models.guest_chair import GuestChair
from sessions_app.models.material import Material
from sessions_app.models.notes import Notes, NotesDraft, NotesRevision
from sessions_app.models.presentation import Appearance, Presentation, Presenter, Slot
from sessions_app.models.reading import Progress, Reading, ReadingLink, nest
from sessions_app.models.rsvp import Rsvp, Tally
from sessions_app.models.session import Session

__all__ = [
    "Appearance",
    "ArchiveUpload",
    "GuestChair",
    "ImportedFile",
    "Material",
    "Notes",
    "NotesDraft",
    "NotesRevision",
    "Path",
    "Presentation",
    "Presenter",
    "Progress",
    "Reading",
    "ReadingLink",
    "Resource",
    "Rsvp",
    "Session",
    "Slot",
    "Source",
    "Tally",
    "Track",
    "nest",
]
