"""What the scripts of mined skills compute with: small modules of the standard library's arithmetic, nothing else.

The miner runs these very functions while it decides what a question's numbers may be; a skill's script then holds the
definitions it needs, copied out of here with everything they lead to (`script`). Names are unique over all modules.
Values are `int`, `Fraction` or `Exact` on the exact route, and Python's own numbers on the other.
"""
