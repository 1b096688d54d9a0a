"""What all tests have in common."""

import signal

# A background job of a shell ignores Ctrl-C, and so would the processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
