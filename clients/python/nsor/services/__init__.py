"""The register's services, one class each, with the RPCs' own names and types. No logic: the connection has it.

Each method takes ``timeout_seconds`` for the whole call with its retries, and ``traceparent`` to join a trace of the
caller's. What each raises is said at ``Connection.call``.
"""

from nsor.services.directory import Directory
from nsor.services.lookup import Lookup
from nsor.services.notification import Notification
from nsor.services.oversight import Oversight
from nsor.services.registration import Registration

__all__ = ["Directory", "Lookup", "Notification", "Oversight", "Registration"]
