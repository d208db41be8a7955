from members.models.application import Application, ApplicationChange
from members.models.group import Acknowledgement, Criterion, Group, Strength
from members.models.invitation import Invitation
from members.models.member import Member
from members.models.review import Review, Score
from members.models.user import User

__all__ = [
    "Acknowledgement",
    "Application",
    "ApplicationChange",
    "Criterion",
    "Group",
    "Invitation",
    "Member",
    "Review",
    "Score",
    "Strength",
    "User",
]
