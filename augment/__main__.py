"""Let `python -m augment` be the command line."""

from augment.entry import main

main()
