"""Scenarios: bad days as YAML, played on a running PBX beside the client that is judged.

`language` has the keys and `reading` reads them, `remainder` also where something has the wrong form, `seen` is what is known of the client, `course` decides which step is
due and `judging` what came of each expectation, all of it pure. `performing` performs over the control plane, which only
`bridge` talks to; `playing` runs it beside a test, `shipped` finds the files in the package.
"""
