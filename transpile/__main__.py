"""`python -m transpile` is `sigma-transpile`."""

from transpile.cli import main

main()
