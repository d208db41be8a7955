"""Questions pinned to readings: asked, shared, answered, and shown to whom they concern."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import stuck_points
from sessions_app.models import MeToo, Notes, StuckPoint
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.sessions_app.test_public_pages import text_of

HTMX = {"HX-Request": "true"}
NOW = timezone.now()


@pytest.fixture
def reading(group):
    return ReadingFactory(title="Paper", session=SessionFactory(number=4))


def ask(reading, author, question="Why?", where="p. 41, eq. 2") -> StuckPoint:
    return stuck_points.ask(reading=reading, author=author, where=where, question=question, now=NOW)


def resolve(point, answer="Because.", by=None, seen=None) -> StuckPoint:
    seen = stuck_points.version_of(point) if seen is None else seen
    return stuck_points.resolve(point_id=point.pk, answer=answer, by=by, seen=seen, now=NOW)


def say_me_too(point, member, said=True) -> None:
    stuck_points.set_me_too(point_id=point.pk, member=member, said=said, now=NOW)


def questions() -> list[str]:
    return list(StuckPoint.objects.values_list("question", flat=True))


# --- Asking --------------------------------------------------------------------------------------------
def test_asking_the_same_twice_pins_one_question(reading, member):
    first = ask(reading, member)

    assert ask(reading, member, question=" Why?\r\n") == first
    assert questions() == ["Why?"]
    resolve(first)
    assert ask(reading, member) != first


def test_asking_more_than_twenty_of_one_session_is_refused(reading, member):
    other = ReadingFactory(session=reading.session)
    points = [ask(reading if n % 2 else other, member, question=f"Q{n}") for n in range(20)]

    with pytest.raises(stuck_points.TooMany) as refused:
        ask(reading, member, question="One more")

    assert str(refused.value) == (
        "You have 20 open questions in this session already. Withdraw one, or wait for an answer. "
        "Nothing was changed."
    )
    ask(ReadingFactory(), member, question="Elsewhere")
    ask(reading, MemberFactory(), question="Somebody else")
    resolve(points[0])
    assert ask(reading, member, question="One more").pk


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_asking_about_a_session_that_does_not_take_place_is_refused(reading, member, state):
    reading.session.state = state
    reading.session.save()

    with pytest.raises(stuck_points.NotOpen) as refused:
        ask(reading, member)

    assert str(refused.value) == f"Session 4 is {state}. Your question was not kept."


# --- Changing, withdrawing -----------------------------------------------------------------------------
def test_changing_ones_own_open_question(reading, member):
    point = ask(reading, member)

    stuck_points.change(
        point_id=point.pk, by=member, where="p. 42", question="How?", seen=stuck_points.version_of(point)
    )

    point.refresh_from_db()
    assert (point.where, point.question) == ("p. 42", "How?")


def test_changing_over_a_newer_text_is_refused_with_that_text(reading, member):
    point = ask(reading, member)
    seen = stuck_points.version_of(point)
    stuck_points.change(point_id=point.pk, by=member, where="", question="First", seen=seen)

    with pytest.raises(stuck_points.Changed) as refused:
        stuck_points.change(point_id=point.pk, by=member, where="", question="Second", seen=seen)

    assert refused.value.point.question == "First"
    assert questions() == ["First"]


@pytest.mark.parametrize("verb", ["change", "withdraw"])
def test_what_is_not_ones_own_or_resolved_stays(reading, member, verb):
    other = MemberFactory()
    point = ask(reading, member)

    def run(by):
        if verb == "withdraw":
            return stuck_points.withdraw(point_id=point.pk, by=by)
        seen = stuck_points.version_of(point)
        return stuck_points.change(point_id=point.pk, by=by, where="", question="Other", seen=seen)

    with pytest.raises(stuck_points.NotYours):
        run(other)
    point = resolve(point)
    with pytest.raises(stuck_points.NotOpen):
        run(member)
    assert questions() == ["Why?"]


def test_withdrawing_takes_the_me_toos_along(reading, member):
    point = ask(reading, member)
    say_me_too(point, MemberFactory())

    stuck_points.withdraw(point_id=point.pk, by=member)

    assert (StuckPoint.objects.count(), MeToo.objects.count()) == (0, 0)


# --- Me too --------------------------------------------------------------------------------------------
def test_me_too_twice_is_once_and_taking_it_back_twice_is_none(reading, member):
    point, other = ask(reading, member), MemberFactory()

    counts = []
    for said in [True, True, False, False]:
        say_me_too(point, other, said)
        counts.append(MeToo.objects.count())

    assert counts == [1, 1, 0, 0]


def test_me_too_on_ones_own_or_a_resolved_question_is_refused(reading, member):
    point, other = ask(reading, member), MemberFactory()

    with pytest.raises(stuck_points.NotYours):
        say_me_too(point, member)
    say_me_too(point, other)
    resolve(point)
    with pytest.raises(stuck_points.NotOpen):
        say_me_too(point, other, said=False)

    assert list(MeToo.objects.values_list("member", flat=True)) == [other.pk]


# --- Answering -----------------------------------------------------------------------------------------
def test_resolving_keeps_answer_time_and_person(reading, member, organiser):
    point = resolve(ask(reading, member), answer=" Because.\r\n", by=organiser)

    point.refresh_from_db()
    assert (point.answer, point.resolved_at, point.resolved_by) == ("Because.", NOW, organiser)


def test_resolving_what_somebody_resolved_meanwhile_is_refused_with_their_answer(reading, member, organiser):
    point = ask(reading, member)
    seen = stuck_points.version_of(point)
    resolve(point, answer="Theirs", by=organiser, seen=seen)

    with pytest.raises(stuck_points.Changed) as refused:
        resolve(point, answer="Mine", seen=seen)

    assert refused.value.point.answer == "Theirs"
    assert "resolved this question while you were writing" in str(refused.value)
    resolve(point, answer="Theirs", seen=seen)  # the same once more is no conflict
    point.refresh_from_db()
    assert (point.answer, point.resolved_by) == ("Theirs", organiser)
    resolve(point, answer="Both", seen=stuck_points.version_of(point))
    assert StuckPoint.objects.get().answer == "Both"


def test_resolving_a_question_that_was_changed_meanwhile_is_refused(reading, member):
    point = ask(reading, member)
    seen = stuck_points.version_of(point)
    stuck_points.change(point_id=point.pk, by=member, where="", question="Another", seen=seen)

    with pytest.raises(stuck_points.Changed):
        resolve(point, seen=seen)

    assert StuckPoint.objects.get().resolved_at is None


def test_reopening_keeps_the_answer_for_the_form_and_works_once(reading, member, organiser):
    point = resolve(ask(reading, member), by=organiser)

    stuck_points.reopen(point_id=point.pk)
    with pytest.raises(stuck_points.NotOpen):
        stuck_points.reopen(point_id=point.pk)

    point.refresh_from_db()
    assert (point.answer, point.resolved_at, point.resolved_by) == ("Because.", None, None)


# --- The order -----------------------------------------------------------------------------------------
def test_questions_stand_open_ones_first_then_the_most_shared(reading, member):
    ask(reading, member, question="Old")
    shared, resolved = (ask(reading, member, question=text) for text in ["Shared", "Resolved"])
    for point in (shared, resolved):
        say_me_too(point, MemberFactory())
    say_me_too(resolved, MemberFactory())
    resolve(resolved)

    desk = [(point.question, point.shared_by) for point in stuck_points.of_session(reading.session)]
    row = stuck_points.with_points(type(reading).objects.all(), member=member).get()

    assert desk == [("Shared", 1), ("Old", 0), ("Resolved", 2)]
    assert [(point["question"], point["shared_by"]) for point in row.point_list] == desk


# --- The member's page ---------------------------------------------------------------------------------
def test_next_shows_questions_with_counts_and_formulas(as_member, reading):
    author = MemberFactory(user__name="Bo")
    point = ask(reading, author, question="Why is $a^2$ there?")
    say_me_too(point, MemberFactory())
    mine = ask(reading, as_member.person, question="Mine")

    words = text_of(as_member.get("/next/"))

    assert "<summary>2 open questions <" in words
    assert "<msup>" in words
    assert "p. 41, eq. 2. Asked by <bdi>Bo</bdi>." in words
    assert f'id="me-too-{point.pk}" name="said" value="1" aria-pressed="false">Me too, 1<' in words
    assert f"/readings/{reading.pk}/questions/{mine.pk}/?back=next" in words
    assert f'id="me-too-{mine.pk}"' not in words


def test_question_without_script_is_asked_and_leads_back(as_member, reading):
    response = as_member.post(
        f"/readings/{reading.pk}/questions/?back=session", {"question": "Why?", "where": "p. 4"}
    )

    assert (response.status_code, response.url) == (302, f"/sessions/4/#points-{reading.pk}")
    point = StuckPoint.objects.get()
    assert (point.author, point.where, point.question) == (as_member.person, "p. 4", "Why?")


def test_question_with_htmx_answers_with_the_part_alone(as_member, reading):
    words = text_of(
        as_member.post(f"/readings/{reading.pk}/questions/", {"question": "Why <b>?"}, headers=HTMX)
    )

    assert words.startswith(f'<details class="beside" id="points-{reading.pk}" open>')
    assert "<summary>1 open question <" in words
    assert "Why &lt;b&gt;?" in words
    assert "data-announce>Your question is asked; other members see it now." in words


@pytest.mark.parametrize(
    ("data", "sentence", "kept"),
    [
        ({"question": " ", "where": "p. 9"}, "Write what you would like to understand.", 'value="p. 9"'),
        ({"question": "q" * 1001}, "Shorten it; at most 1,000 characters are kept.", "q" * 1001),
        ({"question": "Q", "where": "w" * 81}, "Name the place in at most 80 characters.", "w" * 81),
    ],
)
def test_refused_question_keeps_what_was_typed(as_member, reading, data, sentence, kept):
    address = f"/readings/{reading.pk}/questions/"
    page, part = as_member.post(address, data), as_member.post(address, data, headers=HTMX)

    assert (page.status_code, part.status_code) == (422, 200)
    for response in (page, part):
        assert sentence in text_of(response)
        assert kept in text_of(response)
    assert questions() == []


def test_one_question_too_many_is_refused_at_the_field(as_member, reading):
    for n in range(20):
        ask(reading, as_member.person, question=f"Q{n}")

    page = as_member.post(f"/readings/{reading.pk}/questions/", {"question": "More"})

    assert page.status_code == 422
    assert "You have 20 open questions in this session already." in text_of(page)
    assert StuckPoint.objects.count() == 20


def test_me_too_with_htmx_answers_with_the_question_alone(as_member, reading):
    point = ask(reading, MemberFactory())
    address = f"/readings/{reading.pk}/questions/{point.pk}/me-too/"

    for _ in range(2):
        words = text_of(as_member.post(address, {"said": "1"}, headers=HTMX))

        assert words.startswith(f'<li class="stuck-point" id="point-{point.pk}">')
        assert 'value="0" aria-pressed="true">Me too, 1<' in words
    assert MeToo.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_me_too_that_comes_too_late_says_so(as_member, reading, headers):
    gone, done = ask(reading, MemberFactory(), question="A"), ask(reading, MemberFactory(), question="B")
    resolve(done)
    stuck_points.withdraw(point_id=gone.pk, by=gone.author)

    def post(point_id, said="1"):
        address = f"/readings/{reading.pk}/questions/{point_id}/me-too/"
        return text_of(as_member.post(address, {"said": said}, headers=headers, follow=True))

    assert "This question was withdrawn. Nothing was changed." in post(gone.pk)
    assert "This question is resolved by now. Nothing was changed." in post(done.pk)
    assert "That said neither yes nor no. Nothing was changed." in post(done.pk, "perhaps")
    assert MeToo.objects.count() == 0


def test_me_too_does_not_reach_a_question_of_another_reading(as_member, reading):
    hidden = ask(ReadingFactory(), MemberFactory())

    as_member.post(f"/readings/{reading.pk}/questions/{hidden.pk}/me-too/", {"said": "1"})

    assert MeToo.objects.count() == 0


def test_own_question_is_changed_and_withdrawn_on_its_page(as_member, reading):
    point = ask(reading, as_member.person)
    address = f"/readings/{reading.pk}/questions/{point.pk}/"
    seen = stuck_points.version_of(point)

    assert f'name="seen" value="{seen}"' in text_of(as_member.get(address))
    assert as_member.post(address, {"question": "", "seen": seen}).status_code == 422
    changed = as_member.post(address, {"question": "How?", "where": "", "seen": seen})
    assert changed.url == f"/next/#points-{reading.pk}"
    assert questions() == ["How?"]
    stale = as_member.post(address, {"question": "What?", "where": "", "seen": seen})
    assert stale.status_code == 409
    assert "readonly" in text_of(stale)
    assert "What?</textarea>" in text_of(stale)
    assert "How?</textarea>" in text_of(stale)
    for sentence in [
        "Your question is withdrawn.",
        "This question was withdrawn before. Nothing was changed.",
    ]:
        assert sentence in text_of(as_member.post(f"{address}withdraw/", follow=True))
    assert questions() == []


def test_somebody_elses_question_has_no_form(as_member, reading):
    point = ask(reading, MemberFactory())
    address = f"/readings/{reading.pk}/questions/{point.pk}/"
    refused = "This question is resolved, withdrawn or not yours. Nothing was changed."

    assert refused in text_of(as_member.get(address, follow=True))
    assert refused in text_of(as_member.post(address, {"question": "Mine now"}, follow=True))
    assert "Somebody else asked this question." in text_of(as_member.post(f"{address}withdraw/", follow=True))
    assert questions() == ["Why?"]


# --- Below the notes -----------------------------------------------------------------------------------
HEADING = "Questions from the preparation"


@pytest.fixture
def resolved(group):
    """A held session with one resolved question and one open."""
    session = HeldSessionFactory(number=3)
    reading = ReadingFactory(title="Paper", session=session)
    author = MemberFactory(user__name="Bo Lind")
    resolve(ask(reading, author, question="Why $x^2$?"), answer="By *symmetry*.")
    ask(reading, author, question="Still open")
    return session


def write_notes(session, audience) -> None:
    Notes.objects.create(session=session, text="Notes", audience=audience, updated_at=NOW)


@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        (None, ["member", "organiser"]),
        ("members", ["member", "organiser"]),
        ("organisers", ["organiser"]),
        ("public", ["visitor", "member", "organiser"]),
    ],
)
def test_resolved_questions_are_read_by_who_reads_the_notes(
    visitor, as_member, as_organiser, resolved, audience, readers
):
    if audience:
        write_notes(resolved, audience)

    pages = {
        name: text_of(client.get("/sessions/3/"))
        for name, client in [("visitor", visitor), ("member", as_member), ("organiser", as_organiser)]
    }

    assert [name for name, page in pages.items() if HEADING in page] == readers


def test_resolved_question_names_its_author_to_members_alone(visitor, as_member, resolved):
    write_notes(resolved, "public")

    public, own = text_of(visitor.get("/sessions/3/")), text_of(as_member.get("/sessions/3/"))

    section = public[public.index(HEADING) :]
    assert "<msup>" in section
    assert "By <em>symmetry</em>." in section
    assert ("Bo Lind" in public, "Still open" in public) == (False, False)
    assert "Asked by <bdi>Bo Lind</bdi>." in own[own.index(HEADING) :]


def test_page_without_resolved_questions_has_no_such_section(as_member, reading):
    ask(reading, MemberFactory())

    assert HEADING not in text_of(as_member.get("/sessions/4/"))


def test_question_stays_when_its_author_is_erased(as_member, resolved):
    StuckPoint.objects.first().author.user.delete()

    assert "Asked by <bdi>A former member</bdi>." in text_of(as_member.get("/sessions/3/"))


# --- Who answers ---------------------------------------------------------------------------------------
@pytest.fixture
def as_presenter(client_of, reading):
    presenter = MemberFactory()
    talk = PresentationFactory(
        session=reading.session, presenter=PresenterFactory(guest_name="", member=presenter)
    )
    client = client_of(presenter.user)
    client.talk = talk
    return client


def test_organisers_and_presenters_resolve_and_others_do_not(
    reading, member, as_member, as_organiser, as_presenter, visitor
):
    answers = {}
    for name, client in [
        ("member", as_member),
        ("visitor", visitor),
        ("organiser", as_organiser),
        ("presenter", as_presenter),
    ]:
        point = ask(reading, member, question=name)
        response = client.post(
            f"/sessions/4/questions/{point.pk}/resolve/",
            {"answer": "So.", "seen": stuck_points.version_of(point)},
        )
        answers[name] = (response.status_code, StuckPoint.objects.get(pk=point.pk).answer)

    assert answers == {
        "member": (403, ""),
        "visitor": (302, ""),
        "organiser": (302, "So."),
        "presenter": (302, "So."),
    }


def test_answer_over_somebody_elses_shows_both(as_organiser, reading, member):
    point = ask(reading, member)
    seen = stuck_points.version_of(point)
    resolve(point, answer="Theirs", seen=seen)
    address = f"/sessions/4/questions/{point.pk}/resolve/"

    page = as_organiser.post(address, {"answer": "Mine", "seen": seen})

    words = text_of(page)
    assert page.status_code == 409
    assert "Mine</textarea>" in words
    assert "Theirs</textarea>" in words
    assert StuckPoint.objects.get().answer == "Theirs"
    now_seen = stuck_points.version_of(StuckPoint.objects.get())
    assert f'name="seen" value="{now_seen}"' in words
    assert as_organiser.post(address, {"answer": "Both", "seen": now_seen}).url.endswith(f"#point-{point.pk}")
    assert StuckPoint.objects.get().answer == "Both"


def test_too_long_an_answer_keeps_what_was_typed(as_organiser, reading, member):
    point = ask(reading, member)

    page = as_organiser.post(
        f"/sessions/4/questions/{point.pk}/resolve/",
        {"answer": "z" * 4001, "seen": stuck_points.version_of(point)},
    )

    assert page.status_code == 422
    assert "Shorten it; at most 4,000 characters are kept." in text_of(page)
    assert "z" * 4001 in text_of(page)
    assert StuckPoint.objects.get().resolved_at is None


def test_stale_steps_of_the_desk_say_so(as_organiser, reading, member):
    point = ask(reading, member)
    address = f"/sessions/4/questions/{point.pk}/"

    open_already = text_of(as_organiser.post(f"{address}reopen/", follow=True))
    stuck_points.withdraw(point_id=point.pk, by=member)
    withdrawn = [
        text_of(as_organiser.post(f"{address}{step}/", {"answer": "x"}, follow=True))
        for step in ("resolve", "reopen")
    ]

    assert "This question is open already. Nothing was changed." in open_already
    assert ["This question was withdrawn. Nothing was changed." in words for words in withdrawn] == [
        True,
        True,
    ]


def test_question_of_another_session_is_not_answered_through_this_one(as_presenter, member):
    elsewhere = ask(ReadingFactory(session=SessionFactory(starts_at=NOW + timedelta(days=9))), member)

    as_presenter.post(
        f"/sessions/4/questions/{elsewhere.pk}/resolve/",
        {"answer": "So.", "seen": stuck_points.version_of(elsewhere)},
    )

    assert StuckPoint.objects.get().resolved_at is None


def test_reopened_question_leaves_the_notes(as_organiser, reading, member):
    point = resolve(ask(reading, member))
    before = HEADING in text_of(as_organiser.get("/sessions/4/"))

    response = as_organiser.post(f"/sessions/4/questions/{point.pk}/reopen/")

    assert response.url == f"/sessions/4/readiness/#point-{point.pk}"
    assert (before, HEADING in text_of(as_organiser.get("/sessions/4/"))) == (True, False)
