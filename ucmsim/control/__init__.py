"""What the control plane can do: a table of routes, and a module of handlers for each thing that can be driven.

A handler gets the `Plane`, the names in the path and the decoded body, and returns an `Answer`, or raises `ApiError` or
`FieldRefused`. Of HTTP they know statuses, and `events` with what a stream of events is asked for; `ucmsim.control.site` serves them.
"""
