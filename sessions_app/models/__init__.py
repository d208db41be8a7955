from sessions_app.models.curriculum import Path, Resource, Source, Track
from sessions_app.models.guest_chair import GuestChair
from sessions_app.models.material import Material
from sessions_app.models.presentation import Appearance, Presentation, Presenter, Slot
from sessions_app.models.reading import Progress, Reading, nest
from sessions_app.models.rsvp import Rsvp, Tally
from sessions_app.models.session import Session

__all__ = [
    "Appearance",
    "GuestChair",
    "Material",
    "Path",
    "Presentation",
    "Presenter",
    "Progress",
    "Reading",
    "Resource",
    "Rsvp",
    "Session",
    "Slot",
    "Source",
    "Tally",
    "Track",
    "nest",
]
