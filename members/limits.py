"""How often one may knock: for each address and for each network, known or not.

The counts stand in the shared cache, a table, so they hold whichever process answers and whenever it was
started. What is counted is what was typed and where it came from; nobody is looked up (rule 2).

- An address: 5 an hour. Somebody who mistypes an answer, or has lost the mail, needs two or three; each may
  bring the owner of the address a mail, who need not have asked for it.
- A set-up code: 10 an hour from a network. It is printed, and typed once or twice.
- A network (IPv4 /24, IPv6 /64: what one household, office or lecture hall shares): 60 an hour, so that a
  full room may apply in one evening, and 200 a day, so that a program that waits gets nowhere.
"""

from __future__ import annotations

import ipaddress

from allauth.core.internal import httpkit, ratelimit
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from members.addresses import fold
from members.errors import Refused
from members.models import Group

RATES = {"door_network": "60/h/key,200/d/key", "door_address": "5/h/key", "setup_code": "10/h/key"}


class TooOften(Refused):
    """Too many requests from one network, or for one address, in a while."""


def count(request: HttpRequest, *, email: str, group: Group) -> None:
    """Count one request at the door: applying, or asking for the lost link.

    Raises TooOften, and counts nothing, when the network or the address has used its share.
    """
    network = _consume(request, "door_network", network_of(request))
    if network is None:
        raise TooOften(f"Many requests came from your network lately. Try again in an hour{_or_ask(group)}.")
    if _consume(request, "door_address", fold(email)) is None:
        network.rollback()
        raise TooOften(
            f"We were asked several times for this address in the last hour. Look into your mail, or try "
            f"again in an hour{_or_ask(group)}."
        )


def count_code(request: HttpRequest) -> None:
    """Count one try at the set-up code. Raises TooOften when the network has used its share."""
    if _consume(request, "setup_code", network_of(request)) is None:
        raise TooOften("Too many codes came from your network. Try again in an hour.")


def _or_ask(group: Group) -> str:
    return f", or write to {group.organiser_name}" if group.organiser_name else ""


def _consume(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app="studygroup", action=action, config=RATES, key=key)


def network_of(request: HttpRequest) -> str:
    """The network a request came from, such as 192.0.2.0/24 or 2001:db8::/64."""
    address = client_address(request)
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 64}", strict=False))


def client_address(request: HttpRequest) -> str:
    """Where a request came from: the last address that no proxy of ours has.

    X-Forwarded-For is believed behind TRUSTED_PROXIES proxies only. "unknown" where the server tells
    nothing; a header that is too short, so not from our proxies, is left aside.
    """
    try:
        return httpkit.get_client_ip(request) or "unknown"
    except ImproperlyConfigured:
        return httpkit.clean_client_ip(request.META.get("REMOTE_ADDR", "")) or "unknown"
