"""`python -m agentprop` is the command `agentprop`."""

from agentprop.cli import main

if __name__ == "__main__":
    main()
