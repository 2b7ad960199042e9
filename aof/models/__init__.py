"""Models behind one protocol: the built-in one, providers over the network, scripted ones.

`base` has the contract, `providers` the names and keys, `catalog` makes a model of a name.
"""
