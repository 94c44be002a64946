"""The program on the far side of the fence: a zygote that forks, and the children that run untrusted bodies.

Started as a top-level package of its own (`inside`), with relative imports only, so that neither the zygote nor
any child ever holds a byte of agentprop's configuration, records or secrets.
"""
