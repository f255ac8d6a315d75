"""Tests as users write them beside other plugins; `tests.matrix` copies them into folders of their own and runs them."""
