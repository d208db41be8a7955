"""Letters to an applicant: placeholders, the preview, sent once, and the templates for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from members import applying, letters
from members.errors import Refused
from members.letters import UnknownPlaceholder
from members.models import ReplyTemplate
from members.models.application import State
from outbox.models import Message
from outbox.writing import absolute
from tests.factories import ApplicationFactory, OrganiserFactory
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ZOE = {"name": "Zoë", "group": "Tuesday Readers"}


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def send(application, by, once="once00000", subject="Hello {name}", text="From {group}."):
    return letters.send(application_id=application.pk, subject=subject, text=text, once=once, by=by, now=NOW)


def address(application) -> str:
    return reverse("organise:application_write", args=[application.pk])


def post(client, application, **data):
    data = {"subject": "Hello", "text": "A question.", "once": "once00000"} | data
    return client.post(address(application), data, follow=True)


# --- Placeholders


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Dear {name}, from {group}.", "Dear Zoë, from Tuesday Readers."),
        ("{} { name } {1} {a b} {{", "{} { name } {1} {a b} {{"),
        ('{"key": 1} f(x) = {x | x > 0}', '{"key": 1} f(x) = {x | x > 0}'),
        ("{{name}}, {{ name }} of {{ group }}", "Zoë, Zoë of Tuesday Readers"),
        ("{ name } {{ {name} }}", "{ name } {{ Zoë }}"),
    ],
)
def test_placeholders_are_filled_in_and_other_braces_stay(text, filled):
    assert letters.fill(text, ZOE) == filled


@pytest.mark.parametrize(
    ("text", "named"), [("{foo}", "{foo}"), ("{Name} {x1} {Name}", "{Name}, {x1}"), ("{größe}", "{größe}")]
)
def test_unknown_placeholder_is_refused_by_its_name(text, named):
    with pytest.raises(UnknownPlaceholder) as refusal:
        letters.fill(text, ZOE)
    assert str(refusal.value) == f"Take {named} out: only {{name}} and {{group}} are filled in."


@pytest.mark.parametrize("name", ["{group}", "{foo}", "A {name} B"])
def test_name_with_braces_is_nobodys_fault_and_filling_twice_changes_nothing(name):
    words = ZOE | {"name": name}
    once = letters.fill("Dear you, {group} here, {name}!" if name == "{group}" else "Dear {name}!", words)
    assert letters.fill(once, words) == once


# --- Sending


def test_letter_is_mailed_and_logged_with_the_private_link(group, organiser):
    application = ApplicationFactory(name="Zoë", email="zoe@example.org")
    send(application, organiser)
    mail = Message.objects.get()
    assert (mail.kind, mail.about, mail.to) == (
        "letter",
        f"application:{application.pk}:once00000",
        "zoe@example.org",
    )
    assert mail.subject == "Hello Zoë"
    assert mail.text == (
        "From Tuesday Readers.\n\nWhere your application stands, at any time:\n\n"
        f"{absolute(application.get_absolute_url())}\n\nTuesday Readers\n\n"
        "-- \nYou get this because you have applied for a seat.\n"
    )
    assert (mail.state, mail.recipient, mail.thread) == (
        "queued",
        f"application:{application.pk}",
        f"application:{application.pk}",
    )
    assert mail.secrets == [application.token]
    assert list(application.changes.values_list("before", "after", "by", "actor__name", "reason")) == [
        ("waiting", "waiting", "organiser", "Orla Quinn", "Wrote: Hello Zoë")
    ]


def test_letter_sent_twice_is_refused_and_written_once(group, organiser):
    application = ApplicationFactory()
    send(application, organiser)
    with pytest.raises(Refused, match="in the outbox already"):
        send(application, OrganiserFactory().user)
    send(application, organiser, once="another00")
    assert (Message.objects.count(), application.changes.count()) == (2, 2)


def test_letter_to_an_unconfirmed_address_is_refused(group, organiser):
    application = ApplicationFactory(state=State.UNCONFIRMED)
    with pytest.raises(Refused, match="not confirmed"):
        send(application, organiser)
    assert (Message.objects.count(), application.changes.count()) == (0, 0)


def test_subject_is_one_line_however_it_is_typed(group, organiser):
    message = send(ApplicationFactory(), organiser, subject="Hello\r\nBcc: all@example.org")
    assert message.subject == "Hello Bcc: all@example.org"


# --- The page


def test_page_without_a_template_is_an_empty_form(group, desk):
    page = desk.get(address(ApplicationFactory(name="Zoë"))).text
    assert "Write to <bdi>Zoë</bdi>" in page
    assert re.search(r'name="subject" value="', page) is None


@pytest.mark.parametrize("query", ["x", "99999999999999999999", "0", "²"])
def test_page_takes_any_template(group, desk, query):
    assert desk.get(address(ApplicationFactory()), {"template": query}).status_code == 200


def test_template_in_the_address_fills_form_and_preview(group, desk):
    template = ReplyTemplate.objects.create(name="Talk", subject="For {name}", text="Dear {name}, {group}.")
    decline = ReplyTemplate.objects.create(name="No", use="decline", text="Nothing for {name}")
    application = ApplicationFactory(name="Zoë")
    page = desk.get(address(application), {"template": template.pk}).text
    assert 'value="For Zoë"' in page
    assert "Dear Zoë, Tuesday Readers.</textarea>" in page
    assert "<p>Dear Zoë, Tuesday Readers.</p>" in page
    assert "[the applicant’s own link]" in page
    assert application.token not in page
    assert "Nothing for" not in desk.get(address(application), {"template": decline.pk}).text
    assert Message.objects.count() == 0


def test_preview_shows_the_mail_and_sends_nothing(group, desk):
    application = ApplicationFactory(name="Zoë")
    page = post(desk, application, then="preview", text="Dear {name},\n\n<b>one</b> question.")
    assert page.status_code == 200
    assert "<p>&lt;b&gt;one&lt;/b&gt; question.</p>" in page.text
    assert Message.objects.count() == 0


def test_sent_letter_is_listed_on_the_desk(group, desk):
    application = ApplicationFactory(name="Zoë")
    page = post(desk, application, subject="About {group}").text
    message = Message.objects.get()
    assert "Your letter to Zoë is in the outbox." in page
    address = reverse("organise:message", args=[message.pk])
    listed = f'<a href="{address}" dir="auto">About Tuesday Readers</a>'
    assert listed in page
    assert "Wrote: About Tuesday Readers" in page


def test_double_post_writes_one_letter_and_says_so(group, desk):
    application = ApplicationFactory()
    post(desk, application)
    again = post(desk, application)
    assert (again.status_code, Message.objects.count()) == (409, 1)
    assert "This letter is in the outbox already. Nothing was sent twice." in again.text
    assert "A question.</textarea>" in again.text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"text": "Dear {nmae}"}, "Take {nmae} out: only {name} and {group} are filled in."),
        ({"subject": "{foo}"}, "Take {foo} out: only {name} and {group} are filled in."),
        ({"subject": " "}, "Write a subject; the applicant sees it first."),
        ({"text": ""}, "Write something; an empty letter helps nobody."),
        ({"text": "x" * 6001}, "Ensure this value has at most 6000 characters (it has 6001)."),
        ({"once": "a b"}, "Press the button once more."),
        ({"once": ""}, "Press the button once more."),
    ],
)
def test_wrong_letter_is_refused_at_the_field_and_kept(group, desk, data, sentence):
    application = ApplicationFactory()
    response = post(desk, application, **data)
    assert response.status_code == 422
    assert sentence in response.text
    assert Message.objects.count() == 0
    once = re.search(r'name="once" value="([^"]+)"', response.text)[1]
    assert re.fullmatch(r"[\w-]{8,40}", once)


def test_wrong_letter_is_shown_to_htmx_which_leaves_the_page_as_it_is_after_a_422(group, desk):
    data = {"subject": "S", "text": "Dear {nmae}", "once": "word-of-this-form", "then": "preview"}
    page = desk.post(address(ApplicationFactory()), data, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert "Take {nmae} out" in page.text


def test_letter_to_an_unconfirmed_address_has_no_form(group, desk):
    application = ApplicationFactory(state=State.UNCONFIRMED)
    assert "<textarea" not in desk.get(address(application)).text
    assert "Nothing was sent." in post(desk, application).text


def test_letter_to_somebody_who_has_been_declined_keeps_the_reason_they_read(group, desk, client):
    application = ApplicationFactory(state=State.WAITING)
    applying.withdraw(application_id=application.pk, now=NOW)
    post(desk, application, subject="Thank you")
    assert client.get(f"/application/{application.token}/").status_code == 200
    assert application.changes.last().reason == "Wrote: Thank you"


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_page_costs_a_fixed_number_of_queries(group, desk, rows):
    for number in range(rows):
        template = ReplyTemplate.objects.create(name=f"T{number}", subject="s", text="t")
    place = f"{address(ApplicationFactory())}?template={template.pk}"
    costs = {place: 8, reverse("organise:letters"): 5}
    assert queries_of(desk, costs) == costs


# --- Templates


def test_template_is_added_changed_and_deleted_after_asking(group, desk):
    new = desk.post(
        reverse("organise:letter_new"),
        {"name": "Talk", "use": "message", "subject": "For {name}", "text": "Dear {name}"},
        follow=True,
    )
    template = ReplyTemplate.objects.get()
    assert "“Talk” is saved." in new.text
    edit = reverse("organise:letter_edit", args=[template.pk])
    desk.post(edit, {"name": "Why", "use": "decline", "subject": "dropped", "text": "Few seats"})
    template.refresh_from_db()
    assert (template.name, template.use, template.subject, template.text) == (
        "Why",
        "decline",
        "",
        "Few seats",
    )
    delete = reverse("organise:letter_delete", args=[template.pk])
    assert "Delete “Why”?" in desk.get(delete).text
    assert ReplyTemplate.objects.count() == 1
    assert "“Why” is deleted." in desk.post(delete, follow=True).text
    assert "This template is deleted already." in desk.post(delete, follow=True).text
    assert (ReplyTemplate.objects.count(), desk.get(edit).status_code) == (0, 404)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": ""}, "Give it a name, by which you choose it."),
        ({"name": "Taken"}, "There is a template with this name already."),
        ({"subject": ""}, "Write a subject; the applicant sees it first."),
        ({"subject": "{foo}"}, "Take {foo} out"),
        ({"text": "{bar}"}, "Take {bar} out"),
        ({"use": "decline", "text": "x" * 2001}, "Use fewer words: a reason has at most 2000 characters."),
        ({"use": "x"}, "Select a valid choice."),
    ],
)
def test_wrong_template_is_refused_at_the_field(group, desk, data, sentence):
    ReplyTemplate.objects.create(name="Taken", text="x", subject="s")
    data = {"name": "Talk", "use": "message", "subject": "s", "text": "t"} | data
    response = desk.post(reverse("organise:letter_new"), data)
    assert (response.status_code, sentence in response.text) == (422, True)
    assert ReplyTemplate.objects.count() == 1
