"""What the web server and a call that may wait say to each other in a request's environment.

A server that can hold requests without a thread says in `HELD` what each of them waits for. A call that would
wait is answered at once all the same, and leaves in `WAITS` what it waits for: an object with `ends_s`, by
`time.monotonic()`, and `happened(all)`, which tells for which of all that wait something happened, and what. The server
throws the answer away, and has the request answered anew when something happened or its time is over: in `WAITED` is
then what it waited for, and in `NEWS` what happened, or nothing.
"""

HELD = "fingerprint.held"
WAITS = "fingerprint.waits"
WAITED = "fingerprint.waited"
NEWS = "fingerprint.news"
