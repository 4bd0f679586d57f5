"""Let `python -m augment` be the command line."""

from augment.cli.main import main

main()
