"""The command line, `concierge`. Speaks gRPC, to a running deployment or to an embedded one."""
