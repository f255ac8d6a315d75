"""Golden transcripts: what each personality puts on the wire, byte by byte, and which quirk changes which of them.

`scripts` says what is asked of which PBX, `replay` asks it and writes down what came back, `stage` makes the PBX and knows
which quirks it consulted, `flips` says what each is switched to. The transcripts are in `fixtures/golden/<personality>/`; `python -m tests.golden --write` makes them anew,
`python -m tests.golden --changes` writes into the register what each quirk changes.
"""
