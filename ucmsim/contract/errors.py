"""What a client of the control plane can meet: one tree of exceptions, whose root is `ControlError`."""

from __future__ import annotations


class ControlError(Exception):
    """The control plane did not do it; the text is a sentence that says why, and what would be right.

    *status* is the HTTP status of its answer, 0 where there was none, *code* a word for programs, which each class lists,
    and *field* the dotted key or the parameter at fault, such as ``api.tls_bind_address``, None where it is none.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None) -> None:
        # Of several problems each begins with its field, the first with this one.
        super().__init__(f"{message} ({field})" if field and not message.startswith(f"{field}: ") else message)
        self.status, self.code, self.field = status, code, field


class ControlRefused(ControlError):
    """The control plane said no.

    Its codes: ``invalid`` (400: a value, a key or a parameter is wrong), ``exists`` (409: the name of a PBX or fault is
    taken), ``bind`` (409: the port cannot be had), ``conflict`` (409: it does not go with what there is), ``failed`` (500: the PBX
    failed, as it says), ``internal`` (500: ucmsim failed, and its log says why). Who sends requests by other means than these clients may also meet ``malformed`` and
    ``not-json`` (400), ``method-not-allowed`` (405), ``too-large`` (413), ``target-too-long`` (414), ``unsupported-media-type`` (415)
    and ``headers-too-large`` (431).
    """


class ControlUnauthorised(ControlRefused):
    """It is not the control token of the ucmsim that runs now: ``unauthorized`` (401)."""


class ControlNotFound(ControlRefused):
    """There is no such PBX or fault: ``not-found`` (404)."""


class ControlStopped(ControlRefused):
    """A PBX, or ucmsim itself, was stopped while it was asked; what is there then may be asked again: ``stopped`` (503)."""


class ControlUnreachable(ControlError):
    """Nothing answers at the control plane's address, or what answers is not ucmsim: ``unreachable``, status 0."""

    def __init__(self, message: str, code: str = "unreachable") -> None:
        super().__init__(0, code, message, None)


class ControlTimeout(ControlUnreachable):
    """No answer came in time, and what was asked for may be done all the same: ``timeout``, status 0."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "timeout")


def refused(status: int, code: str, message: str, field: str | None) -> ControlRefused:
    """Return what is raised at an error with this *status*."""
    kinds = {401: ControlUnauthorised, 404: ControlNotFound, 503: ControlStopped}
    return kinds.get(status, ControlRefused)(status, code, message, field)
