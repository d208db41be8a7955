"""What organisers choose for a kind of mail: its wording, and whether it waits; the verbs and their pages."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from outbox import choices, kinds, wordings
from outbox.choices import How
from outbox.errors import Refused
from outbox.kinds import Kind
from outbox.models import KindSetting, Message
from outbox.parts import parts_of
from outbox.wording import Wording, WordingRefused, default_wording
from outbox.wordings import ChangedMeanwhile
from outbox.writing import Mail, write_all
from tests.factories import ApplicationFactory, OrganiserFactory, SessionFactory
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
LATER = NOW + timedelta(hours=1)
LIST = "/organise/mail/"
KIND = "session_announced"
PAGE = f"{LIST}{KIND}/"
OWN = Wording("Come on {{ session_day }}", "Hello {{ name }},\n\nread {{ session_url }}\n")
ORLA, MAX = "user:1", "user:2"


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def save(wording=OWN, *, seen=0, by=ORLA, now=NOW):
    return wordings.save(KIND, wording, seen_version=seen, by=by, now=now)


def typed(**changes) -> dict:
    return {"subject": OWN.subject, "source": OWN.source, "version": "0"} | changes


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# --- The kinds as they come ------------------------------------------------------------------------------
def test_default_wording_of_every_kind_can_be_saved():
    for kind in kinds.every():
        wording = default_wording(kind.name)
        assert wordings.checked(kind, wording) == wording, kind.name


def test_every_kind_says_what_it_is_and_why_it_comes():
    assert [k.name for k in kinds.every() if not (k.title and k.part and k.why and k.sample)] == []


# --- Verbs ---------------------------------------------------------------------------------------------
def test_saved_wording_is_used_by_the_next_mail(db):
    save()
    values = {"name": "Mira", "session_day": "Monday", "session_url": "https://x.org/1"}
    with transaction.atomic():
        write_all(KIND, [Mail(about="session:1", to="m@example.org", values=values)], now=NOW)
    message = Message.objects.get()
    assert (message.subject, message.source) == (
        "Come on Monday",
        "Hello Mira,\n\nread <https://x.org/1>\n",
    )


def test_save_keeps_who_and_when(db):
    found = save()
    assert (found.wording, found.is_own, found.version) == (OWN, True, 1)
    assert (found.changed_by, found.changed_at) == (ORLA, NOW)
    assert wordings.current(KIND) == found


def test_saving_the_default_makes_it_the_default(db):
    save()
    found = save(default_wording(KIND), seen=1)
    assert (found.is_own, found.version) == (False, 2)


def test_second_of_two_organisers_is_shown_what_the_first_saved(db):
    save()
    with pytest.raises(ChangedMeanwhile, match="Another organiser changed this wording") as stale:
        save(Wording("Mine", "Mine"), by=MAX)
    assert stale.value.current.wording == OWN
    assert wordings.current(KIND).wording == OWN


def test_restore_gives_the_default_back(db):
    save()
    found = wordings.restore(KIND, seen_version=1, by=MAX, now=LATER)
    assert (found.wording, found.is_own, found.changed_by) == (default_wording(KIND), False, MAX)
    with pytest.raises(Refused, match="has its default wording already"):
        wordings.restore(KIND, seen_version=2, by=MAX, now=LATER)


def test_restore_of_what_was_changed_meanwhile_is_refused(db):
    save()
    with pytest.raises(ChangedMeanwhile):
        wordings.restore(KIND, seen_version=0, by=MAX, now=LATER)
    assert wordings.current(KIND).is_own


@pytest.mark.parametrize(
    ("subject", "source", "field", "sentence"),
    [
        ("", "Text", "subject", "Write something here; an empty mail says nothing."),
        ("Fact", " \n", "source", "Write something here; an empty mail says nothing."),
        ("{{ nobody }}", "Text", "subject", "There is no placeholder “nobody” for this mail."),
        ("Fact", "{{ name }} {{ nmae }}", "source", "There is no placeholder “nmae” for this mail."),
        ("Fact", "{{ name.x }}", "source", "“name.x” is more than a placeholder."),
        ("Fact", "{{ name|upper }}", "source", "Check the braces in line 1 at “name|upper”."),
        ("Fact", "{% include 'x' %}", "source", "Check the braces in line 1"),
        ("Fact", "{% if name %}a", "source", "Check the braces"),
        ("Fact", "a }} b", "source", "Close the braces: “}}” begins or ends a placeholder alone."),
        ("F" * 251, "Text", "subject", "Use at most 250 characters."),
        ("Fact", "a" * 50_001, "source", "Use at most 50,000 characters."),
        ("Fact", "a\x00b", "source", "Take out the null characters"),
        ("Fact", "{% if name %}" * 400, "source", "Use at most 10 conditions within one another."),
        ("Fact", "{% if " + "not " * 900 + "name %}a{% endif %}", "source", "Shorten the condition"),
    ],
)
def test_wording_that_cannot_be_used_is_refused_with_its_field(db, subject, source, field, sentence):
    with pytest.raises(WordingRefused) as refusal:
        save(Wording(subject, source))
    assert refusal.value.field == field
    assert str(refusal.value).startswith(sentence)
    assert KindSetting.objects.count() == 0


@pytest.mark.parametrize("waits", [True, False])
def test_set_waits_decides_for_the_next_mail(db, waits):
    for name in (KIND, "session_changed"):
        wordings.set_waits(name, waits, by=ORLA, now=NOW)
        assert wordings.set_waits(name, waits, by=ORLA, now=NOW) is False
        with transaction.atomic():
            write_all(name, [Mail(about="session:1", to="m@example.org")], now=NOW)
    state = "draft" if waits else "queued"
    assert list(Message.objects.values_list("state", flat=True)) == [state, state]


def test_set_waits_leaves_a_wording_that_is_being_written_alone(db):
    wordings.set_waits(KIND, False, by=MAX, now=NOW)
    assert save(seen=0).version == 1
    assert wordings.current(KIND).waits is False


@pytest.mark.parametrize("name", [kind.name for kind in kinds.every() if not kind.may_wait])
def test_what_never_waits_cannot_be_made_to_wait(db, name):
    with pytest.raises(Refused, match="always goes at once"):
        wordings.set_waits(name, True, by=ORLA, now=NOW)
    assert KindSetting.objects.count() == 0


def test_left_out_names_an_address_that_is_only_asked_after():
    kind = kinds.kind_of("confirm_address")
    asked = Wording("Hello", "{% if confirm_url %}Confirm it.{% endif %}")
    assert wordings.left_out(kind, asked) == ["confirm_url"]


def test_left_out_names_the_addresses_that_are_gone():
    kind = kinds.kind_of("confirm_address")
    assert wordings.left_out(kind, Wording("Hello", "{{ name }}")) == ["confirm_url"]
    assert wordings.left_out(kind, default_wording(kind.name)) == []


def test_test_goes_to_its_sender_alone_whatever_they_have_chosen(group, organiser):
    ApplicationFactory()
    key = f"user:{organiser.pk}"
    choices.choose(key, {KIND: How.NOTHING}, now=NOW)
    for name in ("invitation", "circular"):
        for _ in range(2):
            mail = wordings.send_test(
                name, default_wording(name), to="orla@example.org", once=f"{name}-1", now=NOW
            )
        assert (mail.to, mail.recipient, mail.state) == ("orla@example.org", "", "queued")
        assert mail.subject.startswith("Test: ")
        assert mail.about == f"test:{name}-1"
        assert kinds.outdated(mail, now=LATER + timedelta(days=400)) == ""
    assert Message.objects.count() == 2


def test_test_without_anything_to_show_is_refused(group):
    with pytest.raises(Refused, match="There is nothing in the group yet"):
        wordings.send_test("invitation", default_wording("invitation"), to="o@x.org", once="1", now=NOW)
    assert Message.objects.count() == 0


SCRAPS = """{{ · }} · {% · %} · {# · #} · if · endif · {% endif %} · {% else %} · {{ name }} · {% if name %}
· not · {% elif group %} · and · == · name · .x · |add:1 · ` · * · > · 1. · [a](b) · <b>
· http://x.org · ' · " """
PIECES = st.lists(
    st.one_of(st.sampled_from([*SCRAPS.split("·"), "\n", "\n\n", "\x00"]), st.text(max_size=8)), max_size=40
).map("".join)


@pytest.fixture(scope="module")
def any_kind() -> Kind:
    return Kind("any", "Any", "Tests", "Because.", placeholders={"name": "a name", "group": "a group"})


@tries(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=PIECES, source=PIECES)
def test_any_wording_is_refused_with_a_sentence_or_makes_a_mail(any_kind, subject, source):
    try:
        wording = wordings.checked(any_kind, Wording(subject, source))
    except WordingRefused:
        return
    for values in ({"name": "Mira *T*", "group": "Us"}, {"name": "", "group": 0}, {}):
        filled, markdown = wording.fill(values)
        assert "\n" not in filled
        _, html = parts_of(filled, markdown)
        assert html.count("<html") == 1
        assert "<script" not in html


# --- Pages ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", [LIST, PAGE, f"{PAGE}preview/", f"{PAGE}restore/", f"{PAGE}test/"])
def test_pages_are_for_organisers_alone(group, member, client, client_of, address):
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    assert client_of(member.user).get(address).status_code == 403
    assert client_of(member.user).post(address, typed()).status_code == 403
    assert KindSetting.objects.count() == 0


@pytest.mark.parametrize("rest", ["", "preview/", "restore/", "test/"])
def test_kind_that_there_is_not_is_not_found(desk, rest):
    assert desk.get(f"{LIST}nothing/{rest}").status_code == 404


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_pages_cost_a_fixed_number_of_queries(desk, rows):
    names = [kind.name for kind in kinds.every()][:rows]
    KindSetting.objects.bulk_create(
        KindSetting(kind=name, subject="Own", source="Own words", version=1, changed_by="user:1")
        for name in names
    )
    for _ in range(min(rows, 3)):
        ApplicationFactory()
        SessionFactory()
    invitation = f"{LIST}invitation/"
    expected = {LIST: 5, PAGE: 5, f"{PAGE}preview/": 8, f"{invitation}preview/": 8}
    settled = {address: n + (address == PAGE and KIND in names) for address, n in expected.items()}
    assert queries_of(desk, expected) == settled


def test_list_shows_every_kind_with_its_wording_and_its_way(desk):
    save()
    wordings.set_waits("session_changed", True, by=ORLA, now=NOW)
    shown = {each.kind.name: each for _, found in desk.get(LIST).context["parts"] for each in found}
    assert set(shown) == {kind.name for kind in kinds.every()}
    assert [name for name, each in shown.items() if each.is_own] == [KIND]
    assert shown["session_changed"].waits
    assert not shown["login_code"].waits


def test_toggle_says_what_happens_from_now_on(desk):
    address = f"{PAGE}waits/"
    for sentence in ("goes at once from now on.", "goes at once already. Nothing was changed."):
        response = desk.post(address, {"waits": "no"}, follow=True)
        assert said(response) == [f"“A session is announced” {sentence}"]
    assert said(desk.post(address, {"waits": "perhaps"}, follow=True)) == [
        "Press one of the buttons of the list. Nothing was changed."
    ]
    assert desk.get(address).status_code == 405


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("login_code", "“A code to sign in” always goes at once: somebody is waiting for it."),
        ("circular", "“The organisers write to members” always goes at once: its writer has just read it."),
        ("still_interested", "“Still interested?” always goes at once: held back, it would come too late."),
        ("organiser_digest", "“The organisers’ weekly digest” always goes at once: its day is fixed."),
    ],
)
def test_kind_that_never_waits_says_why(desk, kind, sentence):
    refused = desk.post(f"{LIST}{kind}/waits/", {"waits": "yes"}, follow=True)
    assert said(refused) == [f"{sentence} Nothing was changed."]
    assert KindSetting.objects.count() == 0


def test_editor_saves_what_was_typed(desk, organiser):
    response = desk.post(PAGE, typed(source=OWN.source.replace("\n", "\r\n")), follow=True)
    assert response.redirect_chain == [(PAGE, 302)]
    assert wordings.current(KIND).wording == OWN
    assert said(response) == [
        "“A session is announced” is worded as you have written it. Mails that are written stay as they are."
    ]
    assert response.context["person"].key == f"user:{organiser.pk}"


def test_editor_warns_of_an_address_that_is_left_out(desk):
    response = desk.post(PAGE, typed(source="Come."), follow=True)
    assert said(response)[1:] == ["The text has no {{ session_url }} any more; its readers may need it."]


def test_editor_names_the_unknown_placeholder_at_its_field_and_keeps_what_was_typed(desk):
    response = desk.post(PAGE, typed(source="Dear {{ nmae }}"))
    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == ["source"]
    assert form.errors["source"][0].startswith("There is no placeholder “nmae” for this mail. Use: name, ")
    assert form["source"].value() == "Dear {{ nmae }}"
    assert KindSetting.objects.count() == 0


def test_editor_shows_both_texts_to_the_second_and_then_lets_them_save(desk):
    save(by=f"user:{OrganiserFactory(user__name='Max Ernst').user_id}")
    response = desk.post(PAGE, typed(subject="Mine", source="Mine {{ session_url }}"))
    page = response.context
    assert response.status_code == 409
    assert (page["current"].wording, page["form"]["source"].value()) == (OWN, "Mine {{ session_url }}")
    assert (page["person"].name, page["form"]["version"].value()) == ("Max Ernst", "1")
    assert wordings.current(KIND).wording == OWN
    desk.post(PAGE, typed(subject="Mine", source="Mine {{ session_url }}", version="1"))
    assert wordings.current(KIND).wording.subject == "Mine"


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999"])
def test_editor_without_a_version_saves_nothing(desk, version):
    assert desk.post(PAGE, typed(version=version)).status_code == 422
    assert KindSetting.objects.count() == 0


def test_restore_shows_the_default_and_then_gives_it_back(desk):
    save()
    page = desk.get(f"{PAGE}restore/")
    assert (page.context["default"], page.context["current"].wording) == (default_wording(KIND), OWN)
    assert wordings.current(KIND).is_own
    for sentence in (
        "“A session is announced” has its default wording again.",
        "Another organiser changed this wording meanwhile. Nothing was saved.",
    ):
        response = desk.post(f"{PAGE}restore/", {"version": "1"}, follow=True)
        assert (response.redirect_chain, said(response)) == ([(PAGE, 302)], [sentence])
    assert not wordings.current(KIND).is_own


def test_preview_is_the_real_mail_and_runs_nothing(desk):
    SessionFactory(title="Nets & <b>knots</b>", number=7)
    page = desk.get(f"{PAGE}preview/")
    assert "Nets &amp; &lt;b&gt;knots&lt;/b&gt;" in page.text
    assert "As plain text" in page.text
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert sorted(page["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        f"style-src 'sha256-{digest}'",
    ]
    assert page["X-Frame-Options"] == "SAMEORIGIN"


def test_preview_of_what_is_typed_saves_nothing(desk):
    SessionFactory()
    page = desk.post(f"{PAGE}preview/", typed(subject="Now {{ session_number }}", source="**Loud** <i>"))
    assert "<strong>Loud</strong> &lt;i&gt;" in page.text
    refused = desk.post(f"{PAGE}preview/", typed(source="{{ nmae }}"))
    assert (refused.status_code, "There is no placeholder “nmae”" in refused.text) == (422, True)
    assert KindSetting.objects.count() == 0


def test_preview_says_when_there_is_nothing_to_show_yet(desk):
    assert wordings.NOTHING_TO_SHOW in desk.get(f"{PAGE}preview/").text


def test_test_of_what_is_typed_is_written_once_and_saves_nothing(desk, organiser):
    SessionFactory()
    once = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    for _ in range(2):
        response = desk.post(f"{PAGE}test/", typed(source="Typed", once=once))
        assert said(response) == ["A test is on its way to orla@example.org. Nothing was saved."]
        assert response.context["form"]["source"].value() == "Typed"
    mail = Message.objects.get()
    assert (mail.about, mail.to, mail.source, mail.urgent) == (
        f"test:{once}",
        organiser.email,
        "Typed\n",
        True,
    )
    assert response.context["form"]["once"].value() != once
    assert KindSetting.objects.count() == 0


def test_test_of_a_wrong_wording_or_without_records_is_refused(desk):
    assert desk.post(f"{PAGE}test/", typed(source="{{ nmae }}")).status_code == 422
    assert desk.post(f"{PAGE}test/", typed()).status_code == 409
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "name"), [("login_code", "code"), ("circular", "text"), ("session_changed", "changes")]
)
def test_wording_without_what_the_mail_is_for_is_refused(db, kind, name):
    with pytest.raises(WordingRefused, match="Leave {{ " + name + " }} in the text"):
        wordings.checked(kinds.kind_of(kind), Wording("Subject", "Nothing of it."))
