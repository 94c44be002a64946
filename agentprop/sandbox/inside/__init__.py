"""The program inside the sandbox: a zygote that forks, and the children that run untrusted bodies.

It is started as a top-level package (`inside`) with relative imports only, so that neither the zygote nor a child ever
holds any of agentprop's configuration, records or secrets.
"""
