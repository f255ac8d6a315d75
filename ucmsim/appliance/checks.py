"""The checks that a request passes before its handler sees it, in the order of the device: path, address, credentials, method.

Spec 2.9. Pure but for the nonces, which are spent in the reactor thread.
"""

from __future__ import annotations

from dataclasses import replace

from ucmsim.appliance.face import Face, Faces, Work
from ucmsim.authentication.auth import judge
from ucmsim.authentication.nonces import Nonces
from ucmsim.clock import When
from ucmsim.faults import Situation
from ucmsim.http import pages
from ucmsim.http.reply import Content
from ucmsim.http.request import ApiRequest, Reading
from ucmsim.refusals import Code, Refusal

_CHALLENGED = Refusal.of(
    Code.CHALLENGED_BY_FAULT,
    "the credentials are good, and a fault asks for them again",
    "give up after the second 401",
)


class Checks:
    """The checks of one PBX, which knows the *nonces* that it has issued."""

    def __init__(self, reading: Reading, faces: Faces, nonces: Nonces) -> None:
        self._reading = reading
        self._faces = faces
        self._nonces = nonces

    def passed(self, request: ApiRequest, when: When, face: Face, situation: Situation) -> Content | Work:
        """Return what the handler of *request* answers, or the page of the check that it does not pass."""
        handler = face.handlers.get(request.handler or "")
        if handler is None and (page := self._nowhere(request, face)):
            return page
        if not situation.permitted:
            return pages.DENIED.refused(situation.refusal or face.access.refusal(situation.why))
        methods = self._reading.methods
        unknown_method = request.method not in methods
        if not (unknown_method and face.method_first) and self._asks(face, situation):
            challenge = self._challenge(request, when, face, situation)
            if challenge is not None:
                return challenge
        if unknown_method:
            return pages.NOT_IMPLEMENTED.refused(
                Refusal.of(Code.METHOD, f"the method is none of {', '.join(methods)}", "send GET")
            )
        if handler is None:
            return pages.not_found(request.path)
        if request.form_too_large:
            return pages.form_too_large(self._reading.form_limit)
        return handler(request, when)

    @staticmethod
    def _asks(face: Face, situation: Situation) -> bool:
        """Return whether credentials are asked for; a device that is given a user name begins to."""
        return bool(face.authenticates or situation.challenged or situation.username)

    def _nowhere(self, request: ApiRequest, face: Face) -> Content | None:
        """Return the page for a path that nobody serves, None if it comes after the checks. Spec 2.6."""
        path = request.handler
        if face.static_denied and path is not None and (path == "static" or path.startswith("static/")):
            return pages.NOTHING_STATIC
        return pages.not_found(request.path) if face.nowhere_first else None

    def _challenge(self, request: ApiRequest, when: When, face: Face, seen: Situation) -> Content | None:
        account, nonces = face.account, self._nonces
        if seen.username is not None or seen.password is not None:
            username, password = seen.username or account.username, seen.password or account.password
            account = replace(account, username=username, password=password)
        if seen.realm is not None:
            account = replace(account, challenges=seen.realm)
        if face is not self._faces.own:
            nonces = nonces.under(face.quirks)
        if seen.nonce_lifetime is not None:
            nonces = nonces.with_lifetime(seen.nonce_lifetime)
        given, always = request.header("authorization"), seen.challenged
        verdict = judge(given, request.method, account, nonces, when.wall, target=request.target)
        if verdict.granted and not always:
            return None
        stale = always == "stale" if always else verdict.stale
        page = pages.unauthorized(account.challenges or account.realm, nonces.issue(when.wall), stale=stale)
        return page.refused(verdict.refusal or _CHALLENGED)
