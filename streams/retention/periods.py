"""How long samples are kept: all of them for a while, then thinned ones. `pruning` deletes the others. Pure."""

from datetime import timedelta
from typing import Final

#: Defaults: how long every sample is kept; how long thinned samples are kept.
RAW_FOR: Final = timedelta(days=1)
RETENTION: Final = timedelta(days=30)

#: How long the mark of a removed row is kept: much longer than any hub may be behind.
TOMBSTONES: Final = timedelta(days=1)

#: Thinning leaves the least, the greatest and the last sample of each stretch this long; how much time one round
#: covers.
THINNED: Final = timedelta(minutes=5)
STRETCH: Final = timedelta(hours=1)
