"""The stages: each one reads shards, works, and writes shards; they communicate only through files and pipes."""
