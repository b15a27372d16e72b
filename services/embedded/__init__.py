"""The embedded deployment: every service in one process, on engines that need no server."""
