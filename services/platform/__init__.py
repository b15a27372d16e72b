"""What every service stands on and no hotel word is in: errors, events, bus, rpc, health, logs."""
