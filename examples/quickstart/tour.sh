#!/usr/bin/env bash
# The tour of README.md as a script: from the documents in examples/corpora/ to verified problems, in a minute or two.
# Run it from the clone, after the README's first command. A test holds the two equal.
set -euo pipefail
. .venv/bin/activate

agentprop doctor
agentprop extract examples/corpora --out runs/extract
agentprop propose --n 100 --skills runs/extract --out runs/propose
agentprop verify runs/propose --out runs/verify
agentprop propose --n 20 --domain science --out - | agentprop verify - --out runs/pipe
agentprop cat runs/propose --limit 3 | jq -r .statement
agentprop show runs/propose
agentprop show runs/propose 0 --with runs/verify
