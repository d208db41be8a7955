from members.models.applicant_import import ApplicantImport
from members.models.application import Application, ApplicationChange, StateTally
from members.models.decision import Decision
from members.models.group import Acknowledgement, Criterion, Group, ReplyTemplate, Strength
from members.models.invitation import Invitation
from members.models.knock import Knock
from members.models.ledger import SeatChange
from members.models.member import Member
from members.models.review import Review, Score
from members.models.setting_change import SettingChange
from members.models.setup_code import SetupCode
from members.models.user import User

__all__ = [
    "Acknowledgement",
    "ApplicantImport",
    "Application",
    "ApplicationChange",
    "Criterion",
    "Decision",
    "Group",
    "Invitation",
    "Knock",
    "Member",
    "ReplyTemplate",
    "Review",
    "Score",
    "SeatChange",
    "SettingChange",
    "SetupCode",
    "StateTally",
    "Strength",
    "User",
]
