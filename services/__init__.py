"""Concierge's services. Each folder is one service, or a pure library several services share."""
