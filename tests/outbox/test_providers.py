"""Mail over a provider's API: a server stands for Postmark's, and speaks as its documentation says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

import tests.outbox.provider_urls  # noqa: F401 - read before a setting of these tests adds an address
from outbox import bounces, delivery, providers
from outbox.models import Message
from tests.outbox.conftest import free_port, write
from tests.outbox.test_mime import INVITATION

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "provider:a-long-random-value"
State = Message.State


class Api:
    """What was asked of the provider, and the answers it gives instead of taking a mail."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.answers: list[tuple[int, dict]] = []
        self.wait = threading.Event()
        self.slow = False

    def answer(self, mail: dict, token: str) -> tuple[int, dict]:
        if self.slow:
            self.wait.wait(30)
        self.asked.append(mail)
        if token != "right":
            return 401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}
        if self.answers:
            return self.answers.pop(0)
        return 200, {
            "To": mail["To"],
            "SubmittedAt": "2026-03-02T18:00:00Z",
            "MessageID": f"provider-{len(self.asked)}",
            "ErrorCode": 0,
            "Message": "OK",
        }


@pytest.fixture
def api(settings) -> Iterator[Api]:
    found = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = found.answer(mail, self.headers["X-Postmark-Server-Token"])
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    settings.MAIL_PROVIDER = "postmark"
    settings.MAIL_LEAVES_HERE = True
    settings.EMAIL_BACKEND = providers.backend_of("postmark")
    settings.ANYMAIL = providers.options_of(
        "postmark",
        {
            "MAIL_PROVIDER_SERVER_TOKEN": "right",
            "MAIL_PROVIDER_API_URL": f"http://127.0.0.1:{server.server_port}/",
            "MAIL_PROVIDER_WEBHOOK_SECRET": SECRET,
            "PATH": "/bin",
        },
        timeout=10,
    )
    yield found
    found.wait.set()
    server.shutdown()
    server.server_close()


def test_a_mail_goes_to_the_provider_with_its_ids_and_the_provider_s_own_is_kept(api, db):
    message = write()

    assert delivery.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.provider_id) == (State.SENT, "provider-1")
    [mail] = api.asked
    assert (mail["To"], mail["Subject"], mail["TextBody"].splitlines()[0]) == (
        "reader1@example.org",
        "Fact 1",
        "Words with an é.",
    )
    told = {header["Name"]: header["Value"] for header in mail["Headers"]}
    assert (told["Message-ID"], told["X-PM-KeepID"], told["Auto-Submitted"]) == (
        message.message_id,
        "true",
        "auto-generated",
    )
    assert mail["Metadata"] == {"message": message.message_id.strip("<>")}


def test_an_invitation_goes_as_a_file_where_the_provider_takes_no_third_form(api, db):
    write(calendar=INVITATION)
    assert delivery.deliver_due() == 1
    [file] = api.asked[0]["Attachments"]
    assert (file["Name"], file["ContentType"]) == ("invite.ics", "application/ics")
    assert base64.b64decode(file["Content"]).decode() == INVITATION


INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to a recipient that has been marked as inactive.\n"
    "Found inactive addresses: reader1@example.org.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint.",
}
REFUSED = {"ErrorCode": 300, "Message": "Invalid email request"}


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        (422, INACTIVE, State.FAILED),
        (422, REFUSED, State.FAILED),
        (400, {"Message": "This is no mail"}, State.FAILED),
        (413, {"Message": "Too large"}, State.FAILED),
        (401, {"Message": "Wrong key"}, State.QUEUED),
        (403, {"Message": "Not you"}, State.QUEUED),
        (404, {"Message": "No such domain"}, State.QUEUED),
        (408, {"Message": "Too late"}, State.QUEUED),
        (429, {"Message": "Too many"}, State.QUEUED),
        (500, {"Message": "We are sorry"}, State.QUEUED),
        (503, {"Message": "Come back"}, State.QUEUED),
    ],
)
def test_a_refused_mail_is_not_repeated_and_what_the_provider_cannot_do_now_is(api, db, status, said, state):
    message = write()
    api.answers = [(status, said)]
    assert delivery.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, bool(message.error), message.provider_id) == (state, True, "")


def test_a_wrong_key_keeps_the_mail_and_ends_the_batch(api, db, settings):
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_SERVER_TOKEN": "wrong"}
    write(1), write(2)
    assert delivery.deliver_due() == 0
    assert sorted(Message.objects.values_list("state", "attempts")) == [("queued", 0), ("queued", 1)]
    assert "Bad or missing Server API token" in Message.objects.get(attempts=1).error


def test_a_provider_that_is_away_loses_nothing(api, db, settings):
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    message = write()
    assert delivery.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, bool(message.error)) == (State.QUEUED, True)


def test_a_slow_provider_is_given_up_at_the_limit(api, db, settings):
    settings.ANYMAIL = settings.ANYMAIL | {"REQUESTS_TIMEOUT": 0.1}
    api.slow = True
    message = write()
    assert delivery.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 1)


# --- What comes back -------------------------------------------------------------------------------
def bounce(message_id: str = "", provider_id: str = "", **changes) -> dict:
    """A report in the format of https://postmarkapp.com/developer/webhooks/bounce-webhook."""
    return {
        "RecordType": "Bounce",
        "MessageStream": "outbound",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": provider_id or "00000000-0000-0000-0000-000000000000",
        "Metadata": {"message": message_id.strip("<>")} if message_id else {},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user).",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Email": "reader1@example.org",
        "From": "no-reply@example.org",
        "BouncedAt": "2026-03-02T18:05:00Z",
        "DumpAvailable": False,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Fact 1",
    } | changes


@pytest.fixture
def report(api, db, settings):
    """Posts a report as the provider does; returns the status of the answer."""
    settings.ROOT_URLCONF = "tests.outbox.provider_urls"
    bounces.listen()  # as the site does when it starts with a provider

    def post(event: dict, secret: str = SECRET) -> int:
        headers = {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
        return (
            Client(enforce_csrf_checks=True)
            .post(
                "/mail/provider/postmark/tracking/", event, content_type="application/json", headers=headers
            )
            .status_code
        )

    return post


def kept(message: Message) -> tuple:
    message.refresh_from_db()
    return message.state, message.bounced_at is not None, message.steps.count()


def test_a_bounce_is_recorded_once_with_what_the_provider_said(report):
    message = write()
    delivery.deliver_due()

    assert [report(bounce(message.message_id)) for _ in range(2)] == [200, 200]

    assert kept(message) == (State.SENT, True, 1)
    assert message.bounced_at.isoformat() == "2026-03-02T18:05:00+00:00"
    assert message.bounce == (
        "It came back. smtp;550 5.1.1 The email account that you tried to reach does not exist."
    )
    assert list(message.steps.values_list("what", "by")) == [("bounced", "")]


def test_a_bounce_that_names_only_the_provider_s_id_is_recorded(report):
    message = write()
    delivery.deliver_due()
    assert report(bounce(provider_id="provider-1")) == 200
    assert kept(message) == (State.SENT, True, 1)


@pytest.mark.parametrize("secret", ["", "provider:wrong", "x"])
def test_a_bounce_from_somebody_else_changes_nothing(report, secret):
    message = write()
    assert report(bounce(message.message_id), secret) == 400
    assert kept(message) == (State.QUEUED, False, 0)


@pytest.mark.parametrize(
    "event",
    [
        bounce("nobody@example.org"),
        bounce(),
        bounce("{id}", Email="somebody@example.org"),
        bounce("{id}", Type="Transient"),
        bounce("{id}", RecordType="Delivery"),
    ],
)
def test_what_is_no_bounce_of_ours_changes_nothing(report, event):
    message = write()
    if event["Metadata"].get("message") == "{id}":
        event["Metadata"] = {"message": message.message_id.strip("<>")}
    assert report(event) == 200
    assert kept(message) == (State.QUEUED, False, 0)


def test_null_characters_in_a_report_are_left_out(report):
    message = write()
    assert report(bounce(message.message_id, Details="smtp;550\x00 no")) == 200
    assert kept(message)[1:] == (True, 1)
    assert message.bounce == "It came back. smtp;550 no"


def test_a_complaint_is_recorded_as_what_it_is(report):
    message = write()
    assert report(bounce(message.message_id, RecordType="SpamComplaint", Type="SpamComplaint")) == 200
    assert kept(message)[1:] == (True, 1)
    assert message.bounce.startswith("The recipient called it spam.")


def test_a_report_to_another_provider_s_address_is_signed_its_way(report, settings):
    """https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks."""
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    message = write()
    stamp, token = str(int(timezone.now().timestamp())), "a" * 50
    signature = hmac.new(b"key", f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    event = {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "timestamp": 1772474700.5,
            "recipient": "reader1@example.org",
            "user-variables": {"message": message.message_id.strip("<>")},
            "message": {"headers": {"message-id": message.message_id.strip("<>")}},
            "delivery-status": {"code": 550, "message": "5.1.1 No such user"},
        },
    }
    headers = {"authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}"}
    address = "/mail/provider/mailgun/tracking/"
    answer = Client(enforce_csrf_checks=True).post(
        address, event, content_type="application/json", headers=headers
    )
    assert (answer.status_code, kept(message)[1:]) == (200, (True, 1))


# --- Settings --------------------------------------------------------------------------------------
def test_without_a_provider_there_is_no_address_for_reports():
    assert bounces.addresses("") == []


@pytest.mark.parametrize("provider", providers.PROVIDERS)
def test_every_provider_has_a_backend_and_an_address_for_reports(provider):
    from django.utils.module_loading import import_string

    assert import_string(providers.backend_of(provider))
    assert len(bounces.addresses(provider)) == 1


def test_the_provider_s_settings_come_from_the_environment_under_any_name():
    environment = {
        "MAIL_PROVIDER": "mailgun",
        "MAIL_PROVIDER_API_KEY": "k",
        "MAIL_PROVIDER_SENDER_DOMAIN": "",
        "MAIL_PROVIDER_WEBHOOK_SECRET": SECRET,
        "OTHER": "x",
    }
    assert providers.options_of("mailgun", environment, timeout=10) == {
        "MAILGUN_API_KEY": "k",
        "WEBHOOK_SECRET": SECRET,
        "REQUESTS_TIMEOUT": 10,
        "IGNORE_UNSUPPORTED_FEATURES": True,
    }


def test_a_site_with_a_provider_starts_with_its_address_and_refuses_to_start_without_its_secret():
    def start(secret: str, command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", command],
            env={
                "DJANGO_SETTINGS_MODULE": "studygroup.settings",
                "SECRET_KEY": "x",
                "DATABASE_URL": "postgres://nobody@localhost/none",
                "MAIL_PROVIDER": "Mailgun",
                "MAIL_PROVIDER_WEBHOOK_SECRET": secret,
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    shown = (
        "import django; django.setup(); from django.conf import settings as s; "
        "from django.urls import reverse; "
        "print(s.EMAIL_BACKEND, reverse('mail_provider'), s.MAIL_LEAVES_HERE)"
    )
    right, wrong = start(SECRET, shown), start("no-colon", "import studygroup.settings")
    assert right.stdout == "anymail.backends.mailgun.EmailBackend /mail/provider/mailgun/tracking/ True\n"
    assert "MAIL_PROVIDER_WEBHOOK_SECRET must be" in wrong.stderr.splitlines()[-1]


def test_an_unknown_provider_is_refused_with_those_that_are_known():
    with pytest.raises(providers.WrongSettings, match=r"must be one of brevo, .*, not 'pigeon'"):
        providers.backend_of("pigeon")
