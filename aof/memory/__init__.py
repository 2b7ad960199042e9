"""What an agent remembers between runs. `base` has the contract, `file` the usual one."""
