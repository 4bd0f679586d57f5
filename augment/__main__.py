"""Let `python -m augment` be the command line."""

from augment.cli import main

main()
