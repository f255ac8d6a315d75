"""`ucmsim ctl`: drives a running ucmsim from the command line, over its control plane.

`command` is the group; `showing` prints answers, `words` reads what is typed.
"""

from ucmsim.commands.ctl.command import ctl

__all__ = ["ctl"]
