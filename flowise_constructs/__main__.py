"""`python -m flowise_constructs`."""

import sys

from flowise_constructs.cli import main

sys.exit(main())
