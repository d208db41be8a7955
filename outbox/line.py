"""One connection to the mail server or provider, kept for as many mails as go out together."""

from __future__ import annotations

import contextlib
import time

from django.core.mail import EmailMultiAlternatives, get_connection

from outbox import faults, pace

GOODBYE = 5.0  # seconds to take leave of a server


class Line:
    """A connection that is opened for the first mail and closed at the end; use it with `with`.

    away: whether the last mail met a fault that the next one would meet, too.
    """

    def __init__(self) -> None:
        self._connection = None
        self.away = False

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_) -> None:
        self._hang_up()

    def hand_over(self, mail: EmailMultiAlternatives) -> None:
        """Have a mail taken. Raises whatever the server, the provider or the network answered instead."""
        worked_before, until = self._connection is not None, time.monotonic() + pace.longest_attempt()
        try:
            try:
                self._send(mail, until=until)
            except Exception as fault:
                if not (worked_before and faults.hung_up(fault)):
                    raise
                # Some servers end a connection after so many mails. That says nothing about this one.
                self._hang_up()
                self._send(mail, until=until)
        except Exception as fault:
            self.away = faults.of_connection(fault)
            if self.away:
                self._hang_up()
            raise

    def _send(self, mail: EmailMultiAlternatives, *, until: float) -> None:
        with pace.at_most(max(until - time.monotonic(), 0.1)):
            if self._connection is None:
                self._connection = get_connection(fail_silently=False)
                self._connection.open()
            if not self._connection.send_messages([mail]):
                raise faults.CannotBeBuilt("There is no address to send it to.")

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # What was taken is taken; a server that does not say goodbye changes nothing.
            with contextlib.suppress(Exception), pace.at_most(GOODBYE):
                connection.close()
