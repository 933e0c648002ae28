"""Make the report: ``python -m alkpool.compendium report``."""

import sys

from alkpool.compendium.report import main

sys.exit(main())
