"""What every adapter of a port has to do: one suite for each port, run against each of its adapters."""
