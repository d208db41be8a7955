"""The application form and the lost link over HTTP: what programs stumble over, limits, odd text, privacy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members import limits
from members.forms.applying import ApplicationForm
from members.forms.fields import opened_at, stamp
from members.models import Application, Knock
from members.models.application import LONGEST_ANSWER
from tests.factories import ApplicationFactory, GroupFactory, StrengthFactory
from tests.members.test_public_views import TYPED

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
WAIT = "Wait a moment and press once more. This came back faster than people type."


class Fields(HTMLParser):
    """The values of a page's fields as a browser reads them."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.values: dict[str, str] = {}
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("type") != "checkbox":
            self.values[given.get("name")] = given.get("value", "")
        if tag == "textarea":
            self._area = given["name"]
            self.values[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser leaves out the line break that Django writes first.
            self.values[self._area] = self.values[self._area].removeprefix("\r\n").removeprefix("\n")
            self._area = ""


def form(seconds: float | None = 60, **changes) -> ApplicationForm:
    """The form as it comes back so many seconds after it was opened."""
    opened = {} if seconds is None else {"opened": stamp(NOW - timedelta(seconds=seconds))}
    data = {name: value for name, value in TYPED.items() if name != "opened"} | opened | changes
    return ApplicationForm(data, group=GroupFactory.build(), now=NOW)


@pytest.mark.parametrize("seconds", [3, 60, 86_400 * 40])
def test_form_that_a_person_filled_in_passes(db, seconds):
    assert form(seconds).errors == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": 2},
        {"seconds": -60},
        {"seconds": None},
        {"opened": ""},
        {"opened": str(int(NOW.timestamp()) - 60)},
        {"opened": f"{int(NOW.timestamp()) - 60}:forged"},
    ],
    ids=["fast", "from the future", "missing", "empty", "unsigned", "forged"],
)
def test_form_that_came_back_too_fast_asks_to_press_again(db, changes):
    assert form(**changes).non_field_errors() == [WAIT]


def test_stamp_that_came_back_stays_and_another_is_made_anew(db):
    assert opened_at(form(2).opened) == NOW - timedelta(seconds=2)
    assert opened_at(form(opened="forged").opened) == NOW


def test_too_fast_twice_then_waiting_passes(group, client, work):
    page = Fields(client.get("/apply/").text)
    typed = TYPED | {"opened": page.values["opened"]}
    answer = client.post("/apply/", typed)
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, [WAIT])
    assert Fields(answer.text).values["opened"] == page.values["opened"]
    assert work() == 0


def test_field_that_nobody_sees_refuses_kindly_and_comes_back_empty(group, client, work):
    answer = client.post("/apply/", TYPED | {"website": "https://spam.example"})
    assert answer.status_code == 422
    [sentence] = answer.context["form"].non_field_errors()
    assert sentence.startswith("Press the button once more.")
    again = Fields(answer.text).values
    assert (again["website"], again["interest"]) == ("", TYPED["interest"])
    assert work() == 0
    assert client.post("/apply/", TYPED | again).status_code == 302


def test_trap_is_hidden_from_eyes_and_from_assistive_technology(group, client):
    page = client.get("/apply/").text
    trap = page.partition('<div class="trap" aria-hidden="true">')[2].partition("</div>")[0]
    assert 'tabindex="-1" autocomplete="off"' in trap
    assert "Leave this field empty" in trap


# --- Limits ----------------------------------------------------------------------------------------


def asked(address: str, kind: str = "/apply/lost/", network: str = "192.0.2.1") -> int:
    data = {"email": address} if kind == "/apply/lost/" else TYPED | {"email": address}
    return Client(REMOTE_ADDR=network).post(kind, data).status_code


def test_address_has_five_an_hour_over_both_forms_known_or_not(group):
    ApplicationFactory(email="known@example.org")
    for address in ("known@example.org", "unknown@example.org"):
        spellings = [address, address.upper(), f" {address}", address.title(), address]
        for kind, spelling in zip(["/apply/", "/apply/lost/"] * 3, spellings, strict=False):
            assert asked(spelling, kind) == 302
        assert asked(address) == 429
        assert asked(address, "/apply/", network="198.51.100.1") == 429
    assert asked("other@example.org") == 302
    assert Knock.objects.count() == 11


def test_network_has_sixty_an_hour(group):
    for number in range(60):
        assert asked(f"a{number}@example.org", network=f"192.0.2.{number}") == 302
    assert asked("b@example.org", "/apply/", network="192.0.2.250") == 429
    assert asked("b@example.org", network="192.0.3.250") == 302


def test_refusal_by_a_limit_keeps_what_was_typed_and_says_whom_to_write_to(group, client):
    group.organiser_name = "Orla Quinn"
    group.save()
    for _ in range(5):
        client.post("/apply/", TYPED)
    answer = client.post("/apply/", TYPED)
    assert answer.status_code == 429
    assert answer.context["form"].non_field_errors() == [
        "We were asked several times for this address in the last hour. Look into your mail, or try again "
        "in an hour, or write to Orla Quinn."
    ]
    assert Fields(answer.text).values["experience"] == TYPED["experience"]


def test_address_that_is_refused_does_not_use_up_its_network(group):
    for _ in range(80):
        asked("a@example.org")
    assert asked("b@example.org") == 302


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_network_of_an_address(address, network):
    assert limits.network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (3, "198.51.100.1, 203.0.113.9", "10.0.0.1"),
        (1, "nonsense", "unknown"),
        (1, "", "10.0.0.1"),
    ],
)
def test_forwarded_address_is_believed_behind_that_many_proxies(settings, proxies, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert limits.client_address(request) == address


def test_counts_survive_a_restart_and_hold_in_every_process(group):
    """They stand in a table; a process keeps none of its own."""
    for _ in range(5):
        asked("a@example.org")
    caches.close_all()
    assert asked("a@example.org") == 429


# --- Odd text --------------------------------------------------------------------------------------

odd = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</textarea><b>",
        "{{ group }}{% csrf_token %}",
        "a" * 5000,
        "\u202egnirts\u202c مرحبا 👩‍👩‍👧‍👦",
        "\ud800",
        "\x00",
        "&amp; &#0;",
        "x" * (LONGEST_ANSWER + 1),
    ]
)
answers = st.fixed_dictionaries(
    dict.fromkeys(("name", "current_role", "experience", "interest", "links", "talk"), odd)
    | {"email": odd | st.just("lukasz@example.org")}
)


def as_sent(typed: dict) -> str:
    """A form's body as bytes that no browser need have made; lone surrogates included."""
    return "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in typed.items()
    )


def as_read(value: str) -> str:
    """What the site reads of it: what is no UTF-8 is a replacement character each."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=answers)
def test_whatever_is_typed_is_taken_as_it_is_or_shown_again(group, typed):
    Application.objects.all().delete()
    Knock.objects.all().delete()
    sent = as_sent(typed | {"opened": TYPED["opened"]})

    answer = Client().post("/apply/", sent, content_type="application/x-www-form-urlencoded")

    assert answer.status_code in (302, 422, 429)
    if answer.status_code == 302:
        taken = Knock.objects.get().payload["answers"]
        for name in ("name", "current_role", "experience", "interest", "talk"):
            assert taken[name] == as_read(typed[name]).strip().replace("\r\n", "\n")
        return
    bound = answer.context["form"]
    shown = Fields(answer.text).values
    for name, value in typed.items():
        assert bound[name].value() == as_read(value)
        if "\x00" not in value:  # no page can hold it
            assert plain(shown[name]) == plain(as_read(value))


def plain(value: str) -> str:
    """Without what differs between a parser and a browser: kinds of line breaks, blanks at the ends."""
    return "\n".join(value.splitlines()).strip()


def test_odd_text_reaches_the_status_page_as_typed(group, client, work):
    text = "<i>a</i> &amp; 🐝 مرحبا \u202eb\u202c\n\nsecond " + "w" * 3000
    client.post("/apply/", TYPED | {"experience": text})
    work()
    application = Application.objects.get()
    assert application.experience == text
    page = client.post(f"/application/{application.token}/confirm/", follow=True).text
    assert "&lt;i&gt;a&lt;/i&gt; &amp;amp; 🐝 مرحبا" in page
    assert "<i>a</i>" not in page


def test_line_break_counts_as_one_character(group, client, work):
    text = ("x" * 9 + "\r\n") * 1199 + "x" * 10
    assert client.post("/apply/", TYPED | {"experience": text}).status_code == 302
    work()
    assert len(Application.objects.get().experience) == LONGEST_ANSWER


def test_ticks_stay_after_a_mistake(group, client):
    strengths = [StrengthFactory(name="Statistics"), StrengthFactory(name="Biology")]
    page = client.post("/apply/", TYPED | {"name": "", "strengths": [strengths[1].pk]}).text
    ticked = [piece for piece in page.split("<input") if "checked" in piece.partition(">")[0]]
    assert [str(strengths[1].pk) in piece.partition(">")[0] for piece in ticked] == [True]


# --- Lost link -------------------------------------------------------------------------------------


def test_lost_link_is_mailed_and_opens_the_application(group, client, outbox, work):
    application = ApplicationFactory(email="zoe@example.org", name="Zoë")
    answer = client.post("/apply/lost/", {"email": "ZOE@example.org "}, follow=True)
    assert answer.redirect_chain == [("/apply/lost/sent/", 302)]
    assert "If there is an application with this address, its link is on its way to it." in answer.text
    assert work() == 1
    assert outbox.link("your_link", "zoe@example.org") == application.get_absolute_url()


def test_lost_link_for_a_mistyped_address_says_so(group, client):
    answer = client.post("/apply/lost/", {"email": "zoe"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"email": ["Write an e-mail address such as name@example.org."]}
    assert Fields(answer.text).values["email"] == "zoe"


@pytest.mark.parametrize("address", ["/apply/", "/apply/sent/", "/accounts/login/"])
def test_lost_link_is_offered_where_one_looks_for_it(group, client, address):
    assert 'href="/apply/lost/"' in client.get(address).text


# --- Privacy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"keep_months": 7}, "seven months more. Then it is erased"),
        ({"keep_months": 1}, "one month more. Then it is erased"),
        ({"ask_after_days": 90}, "After 90 days we ask by mail whether you still want a seat."),
        ({"answer_days": 11}, "Without an answer in eleven days the application sleeps"),
        ({"invitation_days": 9}, "An invitation holds a seat for nine days."),
        ({"automatic_offers": True}, "the next person on the shortlist is invited by the site itself"),
        ({"second_factor": True}, "Organisers sign in with a second factor"),
        ({"name": "Friday Readers"}, "The organisers and reviewers of Friday Readers read it"),
        ({"organiser_name": "Orla Quinn"}, "Orla Quinn. Ask there for whatever you cannot do yourself."),
    ],
)
def test_privacy_page_is_made_from_the_settings_in_force(group, client, changes, sentence):
    assert sentence not in client.get("/privacy/").text
    for name, value in changes.items():
        setattr(group, name, value)
    group.save()
    assert sentence in client.get("/privacy/").text


def test_privacy_page_without_asking_says_that_one_waits_as_long_as_one_likes(group, client):
    group.ask_after_days = 0
    group.save()
    page = client.get("/privacy/").text
    assert "<li>While you wait, as long as you like.</li>" in page
    assert "the application sleeps" not in page


def test_consent_beside_the_button_follows_the_setting(group, client):
    group.keep_months = 5
    group.save()
    page = client.get("/apply/").text
    assert "we erase it five months after the application is closed" in page
    assert 'href="/privacy/"' in page.partition("five months")[2].partition("Send the application")[0]


def test_form_opened_now_carries_the_moment(group, client):
    before = timezone.now() - timedelta(seconds=1)
    assert before <= opened_at(Fields(client.get("/apply/").text).values["opened"]) <= timezone.now()
