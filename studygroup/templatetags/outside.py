"""Tags for the head of public pages: what other sites are told of them."""

from __future__ import annotations

from django import template
from django.core.paginator import Page
from django.urls import reverse
from django.utils.safestring import SafeString

from members.models import Group
from sessions_app import calendars, text
from sessions_app.models import Session
from studygroup import outside, social

register = template.Library()


@register.simple_tag(takes_context=True)
def canonical(context) -> str:
    """The one address of this page: SITE_URL, the path, and of the query only what chooses the content.

    That is `query` (a list's filters, such as "year=2019&") and the number of `page`, as in
    components/_pages.html. Whatever else stands in the address bar says where somebody came from.
    """
    page = context.get("page")
    query = context.get("query", "")
    if isinstance(page, Page) and page.number > 1:
        query = f"{query}page={page.number}"
    address = outside.absolute(context["request"].path)
    return f"{address}?{query.rstrip('&')}" if query else address


@register.simple_tag
def address_of(view_name: str, *args) -> str:
    """The whole address of one of our pages."""
    return outside.absolute(reverse(view_name, args=args))


@register.simple_tag
def session_description(session: Session, group: Group | None) -> str:
    """What a session is about, in at most 200 characters."""
    return outside.description(session, group)


@register.filter
def opening(source: str) -> str:
    """The beginning of a Markdown text as plain text, in at most 200 characters."""
    return text.plain_opening(source or "")


@register.filter
def picture_in_words(session: Session) -> str:
    """What the session's picture shows."""
    return social.in_words(session)


@register.inclusion_tag("components/_add_to_calendar.html", takes_context=True)
def add_to_calendar(context, session: Session) -> dict:
    """Google's and Outlook's calendars, and a file for all others."""
    return {"links": calendars.add_links(session), "viewer": context.get("viewer")}


@register.simple_tag
def event_data(session: Session, group: Group | None) -> SafeString:
    """The session as JSON-LD, safe inside a script element."""
    return outside.as_script_data(outside.event(session, group))
