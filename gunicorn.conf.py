"""How gunicorn serves the bridge: read by itself in this folder. The command line overrides it."""

import ctypes
import gc
import sys

# An LMS may begin a launch with a long address; gunicorn takes 4094 characters unless told otherwise.
limit_request_line = 8190

# Nothing here is steered through gunicorn's control socket, which would lie in the home folder: that may be read-only.
control_socket_disable = True

# Loaded once and then forked: workers start in an instant and share what they do not change.
preload_app = True

# One heap for all threads of a worker: they take turns anyway, and each heap of their own holds megabytes.
M_ARENA_MAX = -8
if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def when_ready(server: object) -> None:
    """Leave what was loaded out of garbage collection, which would write to the shared pages of every worker."""
    gc.collect()
    gc.freeze()
    # A request makes thousands of short-lived objects; looking through them 40 times a request finds nothing, and
    # letting them gather longer costs a worker two megabytes.
    gc.set_threshold(5_000, 5, 100)


def post_fork(server: object, worker: object) -> None:
    """Let a thread finish what it does: a request needs a few milliseconds, and taking turns within it costs more."""
    sys.setswitchinterval(0.02)
