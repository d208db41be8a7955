"""The kinds of mail about sessions and talks: what each is for, and what its wording may say."""

from __future__ import annotations

from outbox.kinds import TO_ORGANISERS, TO_OTHERS, Kind, register
from sessions_app import mail_outdated as outdated
from sessions_app import mail_samples as samples
from sessions_app.mail_words import PERSON, SESSION, TALK

SESSIONS, TALKS = "Sessions", "Talks"
CONCERNED = "You get this because you are a member of the group, or present in this session."
IN_LINE = "You get this because you have said that you come to this session."
GUEST = "You get this because you have applied for a seat, and the room had a chair to spare."
PRESENTS = "You get this because you present this talk, or have proposed it."
ORGANISER = "You get this because you organise the group."

ANSWER_URL = {"answer_url": "where the member answers whether they come"}
MESSAGE = {"message": "what was written to go with it; nothing where nothing was"}
STEP = {
    "by": "who did it",
    **MESSAGE,
    "wished_session": "the number of the session that is wished for; nothing where none is",
    "lost": "the sessions that no longer have it, as sentences",
    "talk_url": "the talk’s page for organisers",
}
ANSWER = {
    **MESSAGE,
    "is_accepted": "yes while the talk is accepted and has no place",
    "slides_before": "how long before the session the slides should come, such as “7 days”",
    "talk_url": "the talk’s page; nothing for who does not sign in",
}

ABOUT_SESSIONS = [
    Kind(
        "session_announced",
        "A session is announced",
        SESSIONS,
        CONCERNED,
        placeholders=PERSON | SESSION | {"signs_in": "yes for members; others present in it"},
        waits=True,
        optional=True,
        outdated=outdated.arrangement,
        sample=samples.session_announced,
    ),
    Kind(
        "session_changed",
        "A session has another date or place",
        SESSIONS,
        "You get this because you are a member of the group, present in this session or have a chair in it.",
        placeholders=PERSON
        | SESSION
        | {
            "changes": "what was and what is now, of each thing that has changed",
            "moved": "yes when it has another date or other hours",
            "what_changed": "what else has changed, such as “place”",
            "online_url": "where to join from afar; members only",
            "signs_in": "yes for members",
            "is_guest": "yes for those who have a chair as guests",
        },
        optional=True,
        urgent=True,
        outdated=outdated.arrangement,
        sample=samples.session_changed,
    ),
    Kind(
        "session_cancelled",
        "A session is cancelled",
        SESSIONS,
        "You get this because you are a member of the group, present in this session or had a chair in it.",
        placeholders=PERSON | SESSION,
        optional=True,
        urgent=True,
        outdated=outdated.cancellation,
        sample=samples.session_cancelled,
    ),
    Kind(
        "chair_freed",
        "A chair is free for somebody in line",
        SESSIONS,
        IN_LINE,
        placeholders=PERSON | SESSION | ANSWER_URL,
        may_wait=False,
        urgent=True,
        outdated=outdated.chair_freed,
        sample=samples.chair,
    ),
    Kind(
        "chair_passed_on",
        "A chair went to somebody in line",
        SESSIONS,
        IN_LINE,
        placeholders=PERSON | SESSION | ANSWER_URL,
        may_wait=False,
        urgent=True,
        outdated=outdated.chair_passed_on,
        sample=samples.chair,
    ),
    Kind(
        "guest_chair",
        "A guest chair is offered",
        SESSIONS,
        GUEST,
        placeholders=PERSON | SESSION | {"chair_url": "the guest’s own page, where they answer"},
        outdated=outdated.guest_chair,
        sample=samples.guest_chair,
        to=TO_OTHERS,
    ),
    Kind(
        "guest_chair_revoked",
        "A guest chair is taken back",
        SESSIONS,
        GUEST,
        placeholders=PERSON | SESSION | {"status_url": "the applicant’s own page"},
        urgent=True,
        outdated=outdated.guest_chair_revoked,
        sample=samples.guest_chair_revoked,
        to=TO_OTHERS,
    ),
]

ABOUT_TALKS = [
    Kind(
        "talk_proposed",
        "A talk is proposed",
        TALKS,
        ORGANISER,
        placeholders=PERSON | TALK | STEP,
        optional=True,
        outdated=outdated.talk_proposed,
        sample=samples.to_organisers,
        to=TO_ORGANISERS,
    ),
    Kind(
        "talk_accepted",
        "A talk is accepted",
        TALKS,
        PRESENTS,
        placeholders=PERSON | TALK | SESSION | ANSWER,
        outdated=outdated.talk_accepted,
        sample=samples.to_presenters,
    ),
    Kind(
        "talk_scheduled",
        "A talk has a place in a session",
        TALKS,
        PRESENTS,
        placeholders=PERSON | TALK | SESSION | ANSWER,
        outdated=outdated.talk_scheduled,
        sample=samples.to_presenters,
    ),
    Kind(
        "talk_unscheduled",
        "A talk has no place any more",
        TALKS,
        PRESENTS,
        placeholders=PERSON | TALK | SESSION | ANSWER,
        sample=samples.to_presenters,
    ),
    Kind(
        "talk_declined",
        "A talk is declined",
        TALKS,
        PRESENTS,
        placeholders=PERSON | TALK | SESSION | ANSWER,
        sample=samples.to_presenters,
    ),
    Kind(
        "talk_withdrawn",
        "A talk is withdrawn",
        TALKS,
        ORGANISER,
        placeholders=PERSON | TALK | STEP,
        sample=samples.to_organisers,
        to=TO_ORGANISERS,
    ),
    Kind(
        "slides_due",
        "Slides are due",
        TALKS,
        "You get this because you present this talk.",
        placeholders=PERSON
        | TALK
        | SESSION
        | {
            "materials_url": "where the slides are put",
            "is_guest": "yes for a guest, whose link is for them alone",
        },
        outdated=outdated.slides_due,
        sample=samples.slides_due,
    ),
    Kind(
        "presenter_link",
        "A guest presenter’s private page",
        TALKS,
        "You get this because you present at the group, and an organiser has made this link for you.",
        placeholders=PERSON | {"page_url": "the guest’s own page"},
        may_wait=False,
        urgent=True,
        outdated=outdated.presenter_link,
        sample=samples.presenter_link,
        to=TO_OTHERS,
    ),
]


def listen() -> None:
    """Make these kinds known to the outbox."""
    register([*ABOUT_SESSIONS, *ABOUT_TALKS])
