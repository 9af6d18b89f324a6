"""Functions that workers of the tests load by name."""

from __future__ import annotations

import os


def square(shared, piece):
    """Ends its worker the first time that somebody comes upon piece 5, where `shared` names a folder."""
    mark = os.path.join(shared, "died")
    if shared and piece == 5 and not os.path.exists(mark):
        open(mark, "w").close()
        os._exit(1)
    return piece * piece
