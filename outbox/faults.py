"""What a mail server's or provider's answer means: refused for good, or to be tried again."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import BadHeaderError

# The server wants a login, or does not take ours: for the operator to mend, and no fault of the mail.
LOGIN_CODES = {530, 534, 535, 538}
# What a provider answers when the account, its address or its key is wrong, or when it is busy.
AGAIN_STATUSES = {401, 402, 403, 404, 405, 407, 408, 425, 429}


class CannotBeBuilt(ValueError):
    """A stored message makes no mail, such as one to an address with a line break."""


def permanent(fault: Exception) -> bool:
    """Whether trying again is pointless: this very mail was refused for good (5xx, RFC 5321 4.2.1)."""
    if isinstance(fault, CannotBeBuilt | BadHeaderError):
        return True
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 and code not in LOGIN_CODES for code, _ in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPAuthenticationError):
        return False  # nothing of the mail was said yet; it must not be lost over a password or a full house
    if isinstance(fault, smtplib.SMTPResponseException):
        return fault.smtp_code >= 500 and fault.smtp_code not in LOGIN_CODES
    return bool(settings.MAIL_PROVIDER) and _refused_by_provider(fault)


def _refused_by_provider(fault: Exception) -> bool:
    from anymail import exceptions as anymail  # loads requests, which only a site with a provider needs

    if isinstance(fault, anymail.AnymailConfigurationError):
        return False
    unsendable = (
        anymail.AnymailRecipientsRefused,
        anymail.AnymailInvalidAddress,
        anymail.AnymailSerializationError,
        anymail.AnymailUnsupportedFeature,
    )
    status = getattr(fault, "status_code", None) or 0
    return isinstance(fault, unsendable) or (400 <= status < 500 and status not in AGAIN_STATUSES)


def of_connection(fault: Exception) -> bool:
    """Whether the next mail would meet the same: nobody answers, too slowly, or not to us."""
    if isinstance(fault, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPAuthenticationError):
        return True
    if isinstance(fault, smtplib.SMTPResponseException):
        return fault.smtp_code == 421 or fault.smtp_code in LOGIN_CODES
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return False
    if settings.MAIL_PROVIDER and isinstance(fault, OSError):  # anymail's answers are OSErrors, by requests
        status = getattr(fault, "status_code", None)
        return status is None or status in AGAIN_STATUSES or status >= 500
    return isinstance(fault, OSError)


def hung_up(fault: Exception) -> bool:
    """Whether the server ended a connection that had worked, as some do after so many mails."""
    if isinstance(fault, smtplib.SMTPServerDisconnected):
        return not isinstance(fault.__context__, TimeoutError)
    return isinstance(fault, ConnectionError) or (
        isinstance(fault, smtplib.SMTPResponseException) and fault.smtp_code == 421
    )


def words(fault: Exception) -> str:
    """The server's own words, for the organisers; without null characters, which cannot be kept."""
    return _words(fault).replace("\x00", "")


def _words(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return "; ".join(_answer(code, said) for code, said in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPResponseException):
        return _answer(fault.smtp_code, fault.smtp_error)
    return str(fault) or type(fault).__name__


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
