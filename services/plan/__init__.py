"""The query plan: conditions in three-valued logic, wishes, order, and their form on the wire.

A pure library. Every service means the same by a plan because every service reads it here;
how one engine runs a condition is that engine's own compiler, in the service that owns it.
"""
