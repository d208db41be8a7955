"""A guest presenter's private page: what opens it, what may be written there, and by whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from members.errors import Refused
from outbox.models import Message
from sessions_app import mails_talks, materials, presenting
from sessions_app.models import Material, Presentation, Presenter, PresenterLink, Session, StoredFile
from tests.factories import (
    GroupFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.test_public_pages import text_of

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ana(group) -> Presenter:
    return PresenterFactory(guest_name="Ana Lima")


@pytest.fixture
def talk(ana) -> Presentation:
    return PresentationFactory(title="Nets", abstract="Old", session=SessionFactory(), presenter=ana)


@pytest.fixture
def token(ana) -> str:
    return presenting.issue(ana, by=None, now=NOW)[1]


def seen_at(client, address: str) -> str:
    return client.get(address).context["form"]["seen"].value()


def test_guest_introduces_themselves(client, ana, token):
    address = f"/presenting/{token}/"
    answer = client.post(address, {"bio": "I like *nets*.", "url": "example.org/ana"})

    assert (answer.status_code, answer["Location"]) == (302, address)
    ana.refresh_from_db()
    assert (ana.bio, ana.url) == ("I like *nets*.", "https://example.org/ana")


def test_guest_writes_the_abstract_and_puts_slides(client, talk, token):
    address = f"/presenting/{token}/{talk.pk}/"
    client.post(address, {"abstract": "New", "seen": seen_at(client, address)})
    file = SimpleUploadedFile("nets.pdf", b"%PDF-1.4")
    client.post(f"{address}materials/", {"kind": "slides", "audience": "members", "file": file})
    client.post(f"{address}materials/", {"kind": "code", "audience": "public", "url": "example.org"})

    talk.refresh_from_db()
    assert talk.abstract == "New"
    rows = list(talk.materials.values_list("kind", "audience", "url", "file__name"))
    assert rows == [("slides", "members", "", "nets.pdf"), ("code", "public", "https://example.org", None)]
    words = text_of(client.get(f"/presenting/{token}/"))
    assert "nets.pdf" in words

    code = talk.materials.get(kind="code")
    client.post(
        f"{address}materials/{code.pk}/", {"kind": "code", "audience": "members", "url": "example.org/b"}
    )
    code.refresh_from_db()
    assert (code.audience, code.url) == ("members", "https://example.org/b")
    for row in talk.materials.all():
        client.post(f"{address}materials/{row.pk}/remove/")
    assert (Material.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_guest_reaches_no_talk_of_somebody_else(client, talk, token):
    other = PresentationFactory(abstract="Theirs", session=SessionFactory(), presenter=PresenterFactory())
    declined = PresentationFactory(state="declined", presenter=talk.presenters.get())

    for each in (other, declined):
        address = f"/presenting/{token}/{each.pk}/"
        data = {"abstract": "Mine", "seen": presenting.fingerprint(each)}
        assert client.post(address, data).status_code == 404
        assert client.post(f"{address}materials/", {"kind": "code", "url": "example.org"}).status_code == 404
        each.refresh_from_db()
        assert each.abstract != "Mine"
    assert Material.objects.count() == 0


def test_abstract_that_somebody_else_changed_is_not_overwritten(client, talk, token):
    address = f"/presenting/{token}/{talk.pk}/"
    seen = seen_at(client, address)
    Presentation.objects.update(abstract="Theirs")

    page = client.post(address, {"abstract": "Mine", "seen": seen})

    assert (page.status_code, page.context["form"]["abstract"].value()) == (409, "Mine")
    assert Presentation.objects.get().abstract == "Theirs"
    client.post(address, {"abstract": "Mine", "seen": page.context["form"]["seen"].value()})
    assert Presentation.objects.get().abstract == "Mine"


@pytest.mark.parametrize(
    ("state", "was_announced", "is_named"),
    [
        ("draft", False, False),
        ("announced", True, True),
        ("held", True, True),
        ("cancelled", True, True),
        ("cancelled", False, False),
    ],
)
def test_page_names_the_sessions_that_everybody_may_see(
    client, talk, token, organiser, state, was_announced, is_named
):
    Session.objects.update(state=state, number=4711, announced_at=NOW if was_announced else None)
    session = Session.objects.get()

    page = text_of(client.get(f"/presenting/{token}/"))

    assert ("4711" in page) == is_named
    assert session.is_public == is_named
    assert Session.objects.visible_to(organiser=False).exists() == is_named


@pytest.mark.parametrize("path", ["", "{talk}/", "{talk}/materials/"])
def test_pages_of_the_link_are_private_and_a_get_changes_nothing(client, ana, talk, token, path):
    before = [list(model.objects.values()) for model in (Presenter, Presentation, PresenterLink, Message)]

    page = client.get(f"/presenting/{token}/" + path.format(talk=talk.pk))

    assert page.status_code == 200
    assert '<meta name="robots" content="noindex">' in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    after = [list(model.objects.values()) for model in (Presenter, Presentation, PresenterLink, Message)]
    assert after == before


def test_link_taken_back_says_so_and_an_unknown_one_is_not_found(client, ana, talk, token):
    presenting.revoke(link_id=ana.links.get().pk, now=NOW)

    for path in ("", f"{talk.pk}/", f"{talk.pk}/materials/"):
        gone = client.post(f"/presenting/{token}/{path}", {"bio": "x", "abstract": "x"})
        assert gone.status_code == 410
        assert "The organisers have taken this link back." in text_of(gone)
        assert client.get(f"/presenting/nonsense/{path}").status_code == 404
    ana.refresh_from_db()
    assert ana.bio == ""


def test_link_of_somebody_who_became_a_member_leads_to_signing_in(client, ana, token):
    ana.guest_name, ana.member = "", MemberFactory()
    ana.save()

    page = client.get(f"/presenting/{token}/")

    assert (page.status_code, "Sign in" in text_of(page)) == (410, True)


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"bio": "x" * 2001}, "bio", "Shorten it; at most 2,000 characters are kept."),
        ({"url": "javascript:x"}, "url", "Write a web address such as https://example.org/page."),
    ],
)
def test_guests_mistake_is_told_at_its_field(client, ana, token, data, field, sentence):
    page = client.post(f"/presenting/{token}/", data)

    assert (page.status_code, page.context["form"].errors) == (422, {field: [sentence]})
    ana.refresh_from_db()
    assert (ana.bio, ana.url) == ("", "")


def test_guest_fills_no_more_than_their_share(client, talk, token, monkeypatch):
    monkeypatch.setattr(materials, "MOST_OF_A_GUEST", 10)
    file = SimpleUploadedFile("nets.pdf", b"%PDF-1.4 more")

    page = client.post(
        f"/presenting/{token}/{talk.pk}/materials/", {"kind": "slides", "audience": "public", "file": file}
    )

    assert page.context["form"].errors == {
        "file": ["Take a file away first; 100 MB are the most for your talks."]
    }
    assert StoredFile.objects.count() == 0


def test_guests_pages_need_the_csrf_token_like_all_others(ana, token):
    client = Client(enforce_csrf_checks=True)

    assert client.post(f"/presenting/{token}/", {"bio": "x"}).status_code == 403


# --- The organisers ------------------------------------------------------------------------------------
def test_organiser_makes_a_link_that_is_shown_once_and_mailed(as_organiser, client, ana, outbox):
    address = f"/organise/presenters/{ana.pk}/"
    page = as_organiser.post(f"{address}link/", {"email": "ana@example.net"})

    url = page.context["link_url"]
    path = "/" + url.split("/", 3)[3]
    assert client.get(path).status_code == 200
    assert outbox.link("presenter_link", "ana@example.net") == path
    token = path.split("/")[2]
    assert outbox.last("presenter_link").secrets == [token]
    assert token not in text_of(as_organiser.get(address))
    ana.refresh_from_db()
    assert ana.email == "ana@example.net"

    as_organiser.post(f"/organise/presenter-links/{ana.links.get().pk}/revoke/")
    assert client.get(path).status_code == 410
    again = as_organiser.post(f"/organise/presenter-links/{ana.links.get().pk}/revoke/", follow=True)
    assert "This link was taken back already. Nothing was changed." in text_of(again)


def test_link_without_an_address_is_mailed_to_nobody(as_organiser, ana, outbox):
    page = as_organiser.post(f"/organise/presenters/{ana.pk}/link/", {"email": ""})

    assert (page.status_code, bool(page.context["link_url"]), outbox.kinds()) == (200, True, [])


def test_wrong_address_makes_no_link(as_organiser, ana):
    page = as_organiser.post(f"/organise/presenters/{ana.pk}/link/", {"email": "ana"})

    assert (page.status_code, PresenterLink.objects.count()) == (422, 0)


def test_links_are_for_guests_and_made_by_organisers(as_organiser, as_member, ana):
    member = PresenterFactory(guest_name="", member=MemberFactory())

    with pytest.raises(Refused, match="a member signs in"):
        presenting.make_link(presenter_id=member.pk, email="", by=as_organiser.person.user, now=NOW)
    assert as_organiser.get(f"/organise/presenters/{member.pk}/").status_code == 404
    assert as_member.post(f"/organise/presenters/{ana.pk}/link/").status_code == 403
    assert PresenterLink.objects.count() == 0


def test_second_link_at_once_is_refused_until_the_first_is_taken_back_or_a_minute_old(
    as_organiser, ana, outbox
):
    address = f"/organise/presenters/{ana.pk}/link/"
    as_organiser.post(address, {"email": "ana@example.net"})
    again = as_organiser.post(address, {"email": "other@example.net"})

    assert (again.status_code, PresenterLink.objects.count(), outbox.kinds()) == (409, 1, ["presenter_link"])
    assert (
        "A link was made a moment ago. If you have not seen it, take it back below, then make another. "
        "Nothing was made."
    ) in text_of(again)
    ana.refresh_from_db()
    assert ana.email == "ana@example.net"

    link, by = ana.links.get(), as_organiser.person.user
    later = link.made_at + timedelta(seconds=60)
    presenting.make_link(presenter_id=ana.pk, email="", by=by, now=later)
    presenting.revoke(link_id=ana.links.last().pk, now=later)
    presenting.make_link(presenter_id=ana.pk, email="", by=by, now=later)
    assert PresenterLink.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_link_and_one_mail():
    GroupFactory()
    by, start = OrganiserFactory().user, Barrier(2)

    def click(ana: Presenter) -> str:
        start.wait()
        try:
            presenting.make_link(presenter_id=ana.pk, email="ana@example.net", by=by, now=NOW)
        except Refused:
            return "refused"
        finally:
            connections.close_all()
        return "made"

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(click, [PresenterFactory()] * 2)) == ["made", "refused"]
    assert (PresenterLink.objects.count(), Message.objects.count()) == (5, 5)


# --- Somebody is erased (rule 9) -----------------------------------------------------------------------
def test_deleting_a_guest_takes_the_mails_to_them(ana, db):
    kept = PresenterFactory(guest_name="Bo", email="bo@example.net")
    gone = PresenterFactory(guest_name="Cy", email="cy@example.net")
    for each in (kept, gone):
        link, token = presenting.issue(each, by=None, now=NOW)
        mails_talks.presenter_link(each, link.pk, token, GroupFactory.build(), now=NOW)

    gone.delete()

    assert list(Message.objects.values_list("recipient", flat=True)) == [f"presenter:{kept.pk}"]


@pytest.mark.parametrize("way", ["account", "member", "many"])
def test_erasing_a_member_leaves_nothing_of_the_guest_they_were(client, ana, talk, token, way):
    kept = PresenterFactory(guest_name="Bo", bio="Bo’s", url="https://example.org/bo", email="bo@example.net")
    presenting.issue(kept, by=None, now=NOW)
    presenting.issue(ana, by=None, now=NOW)
    presenting.revoke(link_id=ana.links.last().pk, now=NOW - timedelta(days=2))
    for each in (ana, kept):
        mails_talks.presenter_link(each, each.links.first().pk, "token", GroupFactory.build(), now=NOW)
    member = MemberFactory()
    Presenter.objects.filter(pk=ana.pk).update(
        guest_name="", member=member, bio="Mine", url="https://example.org/ana", email="ana@example.net"
    )

    {"account": member.user.delete, "member": member.delete, "many": type(member).objects.all().delete}[way]()

    rows = Presenter.objects.order_by("pk").values_list("member", "guest_name", "bio", "url", "email")
    assert list(rows) == [
        (None, "", "", "", ""),
        (None, "Bo", "Bo’s", "https://example.org/bo", "bo@example.net"),
    ]
    revoked = ana.links.values_list("revoked_at", flat=True)
    assert [at is not None for at in revoked] == [True, True]
    assert revoked[1] == NOW - timedelta(days=2)
    assert kept.links.get().revoked_at is None
    assert set(Message.objects.values_list("recipient", flat=True)) == {f"presenter:{kept.pk}"}
    assert "Mine" not in text_of(client.get(f"/presenters/{ana.pk}/"))
