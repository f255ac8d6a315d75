"""What a client of the control plane can meet: one tree of exceptions, whose root is `ControlError`."""

from __future__ import annotations


class ControlError(Exception):
    """The control plane did not do it: the *status* of its answer, a *code* for programs, and the *field* at fault, if one is."""

    def __init__(self, status: int, code: str, message: str, field: str | None) -> None:
        # Of several problems each begins with its field, the first with this one.
        super().__init__(f"{message} ({field})" if field and not message.startswith(f"{field}: ") else message)
        self.status, self.code, self.field = status, code, field


class ControlRefused(ControlError):
    """The control plane said no."""


class ControlUnauthorised(ControlRefused):
    """It is not the control token of the ucmsim that runs now."""


class ControlNotFound(ControlRefused):
    """There is no such PBX or fault."""


class ControlUnreachable(ControlError):
    """Nothing answers at the control plane's address, or what answers is not ucmsim."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "unreachable", message, None)


def refused(status: int, code: str, message: str, field: str | None) -> ControlRefused:
    """Return what is raised at an error with this *status*."""
    kinds = {401: ControlUnauthorised, 404: ControlNotFound}
    return kinds.get(status, ControlRefused)(status, code, message, field)
