"""The order of work: each stage reads shards, works, and writes shards; stages meet only on disk."""
