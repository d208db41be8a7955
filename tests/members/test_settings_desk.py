"""The settings: saved by section, told in a history, never over somebody else's change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse

from members import membership, offers, settings_desk, settings_lists
from members.errors import Refused
from members.models import (
    Acknowledgement,
    Application,
    Criterion,
    Group,
    Member,
    Review,
    Score,
    SettingChange,
    Strength,
)
from members.models.application import State
from members.settings_desk import SECTIONS, ChangedMeanwhile, WouldErase
from studygroup.settings_words import HELP, LABELS
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    StrengthFactory,
)
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def address(name: str) -> str:
    return reverse("organise:settings_section", args=[name])


def seen(name: str) -> str:
    section = SECTIONS[name]
    return settings_desk.fingerprint(settings_desk.standing(section, Group.objects.get()))


def values(name: str, /, **changed) -> dict:
    """All values of a section as they stand, but for those that are named."""
    group = Group.objects.get()
    return {field: getattr(group, field) for field in SECTIONS[name].fields} | changed


def change(name: str, by, /, *, since: str | None = None, sure=False, **changed) -> list[SettingChange]:
    return settings_desk.change(
        SECTIONS[name],
        values(name, **changed),
        seen=seen(name) if since is None else since,
        by=by,
        now=NOW,
        sure=sure,
    )


def change_list(name: str, rows: list[dict], by, *, since: str | None = None) -> list[SettingChange]:
    since = seen(name) if since is None else since
    return settings_desk.change(SECTIONS[name], {name: rows}, seen=since, by=by, now=NOW)


def lines() -> list[tuple]:
    return list(settings_desk.history().values_list("field", "before", "after", "actor__name"))


def typed(name: str, /, **changed) -> dict:
    """What a browser sends for a section of fields."""
    found = {key: settings_desk.told(key, value) for key, value in values(name).items()}
    group = Group.objects.get()
    if "digest_weekday" in found:
        found["digest_weekday"] = str(group.digest_weekday)
    found = {key: value for key, value in found.items() if value != "no"}
    return found | {"seen": seen(name)} | changed


# --- One section of fields


def test_a_change_is_saved_and_told(group, organiser):
    made = change("mail", organiser, quiet_from=time(21, 30), digest_weekday=5)

    assert [line.field for line in made] == ["quiet_from", "digest_weekday"]
    group.refresh_from_db()
    assert (group.quiet_from, group.digest_weekday) == (time(21, 30), 5)
    assert lines() == [
        ("digest_weekday", "Monday", "Friday", "Orla Quinn"),
        ("quiet_from", "00:00", "21:30", "Orla Quinn"),
    ]


def test_what_stands_already_is_not_told_even_by_a_late_page(group, organiser):
    assert change("mail", organiser, since="long ago") == []
    assert lines() == []


def test_a_late_page_changes_nothing_and_learns_what_stands(group, organiser):
    since = seen("mail")
    change("mail", organiser, quiet_from=time(21))

    with pytest.raises(ChangedMeanwhile) as stale:
        change("mail", organiser, since=since, quiet_from=time(20))

    assert stale.value.standing == {
        "quiet_from": "21:00",
        "quiet_until": "00:00",
        "digest_weekday": "Monday",
    }
    assert Group.objects.get().quiet_from == time(21)
    assert len(lines()) == 1


def test_a_change_elsewhere_does_not_make_a_page_late(group, organiser):
    since = seen("mail")
    change("safety", organiser, second_factor=True)
    change("mail", organiser, since=since, quiet_from=time(20))
    assert lines()[1] == ("second_factor", "no", "yes", "Orla Quinn")


@pytest.mark.django_db(transaction=True)
def test_two_organisers_at_once_only_one_saves(group, organiser):
    since, together, found = seen("mail"), Barrier(2), []

    def save(hour: int) -> None:
        together.wait()
        try:
            change("mail", organiser, since=since, quiet_from=time(hour))
            found.append("saved")
        except ChangedMeanwhile:
            found.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=save, args=[hour]) for hour in (20, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["refused", "saved"]
    assert len(lines()) == 1


def test_the_history_outlives_its_author(group, organiser):
    other = OrganiserFactory().user
    change("mail", other, quiet_from=time(20))
    membership.erase(user_ids=[other.pk], by=organiser, now=NOW, delete=other.delete)
    assert lines() == [("quiet_from", "00:00", "20:00", None)]


def test_automatic_offers_are_told_wherever_they_are_switched(group, organiser):
    offers.set_automatic(on=True, by=organiser, now=NOW)
    assert lines() == [("automatic_offers", "no", "yes", "Orla Quinn")]


def test_what_is_corrected_in_the_admin_is_told(group, organiser, client_of):
    organiser.is_staff = organiser.is_superuser = True
    organiser.save()
    page = f"/admin/members/group/{group.pk}/change/"
    client = client_of(organiser)
    form = client.get(page).context["adminform"].form
    data = {field.name: field.value() or "" for field in form if field.value() is not False}
    assert client.post(page, data | {"city": "Riga"}).status_code == 302
    assert lines() == [("city", "Tallinn", "Riga", "Orla Quinn")]


# --- Keeping for a shorter time


def test_a_shorter_time_of_keeping_is_confirmed_where_it_erases(group, organiser):
    ApplicationFactory(
        state=State.DECLINED, applied_at=NOW - timedelta(days=200), moved_at=NOW - timedelta(days=100)
    )
    with pytest.raises(WouldErase, match=r"^1 application would be kept no longer, and is erased"):
        change("waiting-list", organiser, keep_months=2)
    assert (Group.objects.get().keep_months, lines()) == (12, [])

    change("waiting-list", organiser, keep_months=2, sure=True)
    assert (Group.objects.get().keep_months, Application.objects.count()) == (2, 1)


def test_a_shorter_time_that_erases_nobody_needs_no_confirmation(group, organiser):
    change("waiting-list", organiser, keep_months=2)
    assert Group.objects.get().keep_months == 2


# --- Lists


def test_a_list_is_added_to_renamed_ordered_and_shortened(group, organiser):
    one, two, _ = (StrengthFactory(name=name) for name in ("Logic", "Music", "Ships"))
    change_list(
        "strengths",
        [{"pk": two.pk, "name": "Logic"}, {"pk": None, "name": "Bees"}, {"pk": one.pk, "name": "Music"}],
        organiser,
    )
    assert list(Strength.objects.values_list("pk", "name")) == [
        (two.pk, "Logic"),
        (Strength.objects.get(name="Bees").pk, "Bees"),
        (one.pk, "Music"),
    ]
    assert lines() == [("strengths", "Logic\nMusic\nShips", "Logic\nBees\nMusic", "Orla Quinn")]


def test_a_strength_that_somebody_chose_stays(group, organiser):
    strength = StrengthFactory(name="Logic")
    MemberFactory().strengths.add(strength)
    ApplicationFactory().strengths.add(strength)
    with pytest.raises(Refused, match=r"^Keep “Logic”: chosen in 1 member and 1 application. You can rename"):
        change_list("strengths", [], organiser)
    assert Strength.objects.count() == 1


def test_a_criterion_that_was_scored_stays_and_its_new_weight_counts(group, organiser):
    one, two = CriterionFactory(name="Drive"), CriterionFactory(name="Fit")
    application = ApplicationFactory()
    review = Review.objects.create(application=application, reviewer=organiser, saved_at=NOW, score=3)
    Score.objects.create(review=review, criterion=one, value=5)
    Score.objects.create(review=review, criterion=two, value=1)
    rows = settings_lists.rows("criteria")
    with pytest.raises(Refused, match="Keep “Drive”: 1 review scored it"):
        change_list("criteria", rows[1:], organiser)

    change_list("criteria", [rows[0] | {"weight": 3}, rows[1]], organiser)

    review.refresh_from_db()
    assert review.score == 4.0
    told = "Drive, weight {}. 1: Hardly, 5: Very much\nFit, weight 1. 1: Hardly, 5: Very much"
    assert lines() == [("criteria", told.format(1), told.format(3), "Orla Quinn")]


def test_a_name_stands_in_a_list_once(group, organiser):
    with pytest.raises(Refused, match=r"^Write “Bees” once"):
        change_list("strengths", [{"pk": None, "name": "Bees"}] * 2, organiser)


@pytest.mark.parametrize("times", [1, 2])
def test_keys_of_no_row_or_of_one_twice_are_refused(group, organiser, times):
    pk = StrengthFactory().pk + 2 - times
    rows = [{"pk": pk, "name": f"Name {n}"} for n in range(times)]
    with pytest.raises(Refused, match=r"^Load the page again"):
        change_list("strengths", rows, organiser)


def test_a_late_list_changes_nothing(group, organiser):
    since = seen("strengths")
    StrengthFactory(name="Logic")
    with pytest.raises(ChangedMeanwhile):
        change_list("strengths", [{"pk": None, "name": "Bees"}], organiser, since=since)
    assert list(Strength.objects.values_list("name", flat=True)) == ["Logic"]


# --- The pages


@pytest.mark.parametrize("count", [1, 3])
def test_pages_cost_a_fixed_number_of_queries(group, organiser, desk, count):
    for number in range(count):
        strength = StrengthFactory()
        MemberFactory().strengths.add(strength)
        Acknowledgement.objects.create(name="Host", reason="the room")
        CriterionFactory()
        change("texts", organiser, name=f"Name {number}", about=f"{number} " + "word " * 80)
    costs = {
        reverse("organise:settings"): 6,
        reverse("organise:settings_change", args=[SettingChange.objects.last().pk]): 5,
        **{address(name): 6 if section.is_list else 5 for name, section in SECTIONS.items()},
        address("criteria"): 7,
        address("strengths"): 8,
    }
    assert queries_of(desk, costs) == costs


@pytest.mark.parametrize("role", [Member.Role.MEMBER, Member.Role.REVIEWER])
def test_only_organisers_see_settings(group, organiser, client_of, role):
    change("texts", organiser, name="Another")
    client = client_of(MemberFactory(role=role).user)
    pages = [
        reverse("organise:settings"),
        reverse("organise:settings_change", args=[SettingChange.objects.get().pk]),
        address("mail"),
    ]
    assert [client.get(page).status_code for page in pages] == [403, 403, 403]
    assert client.post(address("mail"), typed("mail", quiet_from="20:00")).status_code == 403
    assert Group.objects.get().quiet_from == time(0)


def test_every_setting_has_words_and_every_field_of_the_group_a_section():
    told = {name for section in SECTIONS.values() for name in section.fields}
    fields = {field.name for field in Group._meta.concrete_fields} - {"id", "only"}
    # The number of seats has a page of its own; the name needs no explaining.
    assert told == fields - {"capacity"} | set(settings_lists.LISTS)
    assert told - LABELS.keys() == set()
    assert told - HELP.keys() - set(settings_lists.LISTS) == {"name"}


@pytest.mark.parametrize("name", [name for name, section in SECTIONS.items() if not section.is_list])
def test_a_page_saved_as_it_is_changes_nothing(group, desk, name):
    before = Group.objects.values().get()
    answer = desk.post(address(name), typed(name), follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        f"“{SECTIONS[name].title}” stands as you have it. Nothing was changed."
    ]
    assert (Group.objects.values().get(), lines()) == (before, [])


def test_a_page_saves_and_shows_its_history(group, desk):
    answer = desk.post(address("mail"), typed("mail", quiet_from="21:30"), follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["“Mail hours” is saved."]
    assert [(line["label"], line["before"], line["after"]) for line in answer.context["lines"]] == [
        ("Quiet from", "00:00", "21:30")
    ]


@pytest.mark.parametrize(
    ("name", "changed", "field", "sentence"),
    [
        ("texts", {"name": ""}, "name", "Write something here; the pages show it."),
        ("texts", {"name": "x" * 121}, "name", "Shorten this to 120 characters."),
        ("texts", {"lead": "a\0b"}, "lead", "Take out the null characters; they cannot be kept."),
        (
            "texts",
            {"organiser_url": "javascript:alert(1)"},
            "organiser_url",
            "Write a web address such as https://example.org/page.",
        ),
        ("sessions", {"time_zone": "Mars/Dune"}, "time_zone", "Choose a time zone such as Europe/London."),
        ("sessions", {"usual_start": "25:00"}, "usual_start", "Write the time like 18:30."),
        ("sessions", {"materials_days": "61"}, "materials_days", "Write a whole number from 0 to 60."),
        ("waiting-list", {"keep_months": "0"}, "keep_months", "Write a whole number from 1 to 120."),
        ("waiting-list", {"keep_months": "9" * 400}, "keep_months", "Write a whole number from 1 to 120."),
        ("mail", {"digest_weekday": "8"}, "digest_weekday", "Choose one of the list."),
        ("look", {"accent": "green"}, "accent", "Write the colour as # and six hexadecimal digits."),
        (
            "look",
            {"accent": "#eeeeee", "accent_dark": "#8fd0b5"},
            "accent",
            "Choose a colour with more contrast to the page (#faf8f3).",
        ),
        (
            "look",
            {"accent": "#1c5746"},
            "accent",
            "Give both accents, for light and for dark pages, or neither.",
        ),
    ],
)
def test_what_cannot_be_is_said_at_its_field(group, desk, name, changed, field, sentence):
    answer = desk.post(address(name), typed(name, **changed))
    assert (answer.status_code, answer.context["form"].errors) == (422, {field: [sentence]})
    assert lines() == []


def test_a_late_page_shows_both_values_and_saves_when_pressed_again(group, organiser, desk):
    late = typed("mail", quiet_from="20:00")
    change("mail", organiser, quiet_from=time(21))

    answer = desk.post(address("mail"), late)

    assert answer.status_code == 409
    assert answer.context["both"] == [{"label": "Quiet from", "theirs": "21:00", "mine": "20:00"}]
    page = answer.content.decode()
    again = late | {"seen": re.search(r'name="seen" value="(\w+)"', page)[1]}
    assert re.search(r'name="quiet_from" value="([\d:]+)"', page)[1] == "20:00"
    assert desk.post(address("mail"), again).status_code == 302
    assert Group.objects.get().quiet_from == time(20)


def test_a_page_asks_before_it_erases(group, desk):
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Group.objects.update(keep_months=120)
    ApplicationFactory(state=State.DECLINED, applied_at=long_ago, moved_at=long_ago)
    short = typed("waiting-list", keep_months="3")
    answer = desk.post(address("waiting-list"), short)
    assert (answer.status_code, answer.context["asks"]) == (409, True)
    assert desk.post(address("waiting-list"), short | {"sure": "on"}).status_code == 302
    assert Group.objects.get().keep_months == 3


def test_the_page_of_a_change_shows_the_whole(group, organiser, desk):
    about = "A long text. " * 100
    change("texts", organiser, about=about)
    overview = desk.get(reverse("organise:settings"))
    (line,) = overview.context["lines"]
    assert (len(line["after"]), line["is_short"]) == (200, False)
    page = desk.get(reverse("organise:settings_change", args=[line["change"].pk])).content.decode()
    assert page.count("A long text.") >= 100


@pytest.mark.parametrize("where", ["nothing", "history/999999", "history/99999999999999999999"])
def test_addresses_of_nothing_are_not_found(group, desk, where):
    assert desk.get(f"/organise/settings/{where}/").status_code == 404


# --- The pages of lists


def rows_typed(name: str, rows: list[dict], **more) -> dict:
    """What a browser sends for a list."""
    found = {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0", "seen": seen(name)}
    for number, row in enumerate(rows):
        found |= {f"rows-{number}-{key}": str(value) for key, value in row.items()}
    return found | more


def test_a_list_is_saved_from_its_page(group, desk):
    one = StrengthFactory(name="Logic", position=0)
    two = StrengthFactory(name="Music", position=1)
    data = rows_typed(
        "strengths",
        [
            {"pk": one.pk, "title": "Logic", "order": 2},
            {"pk": two.pk, "title": "Song", "order": 1},
            {"pk": "", "title": "Bees", "order": ""},
            {"pk": "", "title": "", "order": ""},
        ],
    )
    assert desk.post(address("strengths"), data).status_code == 302
    assert list(Strength.objects.values_list("name", flat=True)) == ["Song", "Logic", "Bees"]


def test_a_row_is_removed_from_its_page_unless_it_is_in_use(group, desk):
    free, used = CriterionFactory(name="Free"), CriterionFactory(name="Used")
    review = Review.objects.create(application=ApplicationFactory(), saved_at=NOW)
    Score.objects.create(review=review, criterion=used, value=5)
    rows = [row | {"title": row["name"]} for row in settings_lists.rows("criteria")]
    both = rows_typed("criteria", [row | {"remove": "on"} for row in rows])
    answer = desk.post(address("criteria"), both)
    assert answer.status_code == 409
    assert answer.context["refusal"].startswith("Keep “Used”: 1 review scored it.")
    assert Criterion.objects.count() == 2
    one = rows_typed("criteria", [rows[0] | {"remove": "on"}, rows[1]])
    assert desk.post(address("criteria"), one).status_code == 302
    assert list(Criterion.objects.values_list("name", flat=True)) == ["Used"]
    assert free.name not in list(Criterion.objects.values_list("name", flat=True))


def test_thanks_are_added_with_a_web_page(group, desk):
    data = rows_typed(
        "thanks", [{"title": "Kestrel", "url": "kestrel.example", "reason": "the room", "role": ""}]
    )
    assert desk.post(address("thanks"), data).status_code == 302
    assert list(Acknowledgement.objects.values_list("name", "url", "reason")) == [
        ("Kestrel", "https://kestrel.example", "the room")
    ]


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        ({"title": "", "hint": "x"}, {"title": ["Write a title, or empty the row."]}),
        ({"title": "Fit", "weight": "11"}, {"weight": ["Write a whole number from 1 to 10."]}),
    ],
)
def test_a_wrong_row_is_said_at_its_field_and_stays(group, desk, row, errors):
    full = {"low": "Hardly", "high": "Very much", "weight": "1", "hint": ""} | row
    answer = desk.post(address("criteria"), rows_typed("criteria", [full]))
    assert (answer.status_code, answer.context["rows"].errors) == (422, [errors])
    assert Criterion.objects.count() == 0


def test_a_list_without_its_management_form_is_refused(group, desk):
    assert desk.post(address("strengths"), {}).status_code == 422


def test_a_late_list_shows_both_and_begins_anew(group, desk):
    data = rows_typed("strengths", [{"pk": "", "title": "Bees"}])
    StrengthFactory(name="Logic")
    answer = desk.post(address("strengths"), data)
    assert answer.status_code == 409
    assert answer.context["both"] == [{"label": "The list of strengths", "theirs": "Logic", "mine": "Bees"}]
    assert [form["title"].value() for form in answer.context["rows"].forms] == ["Logic", None, None]
