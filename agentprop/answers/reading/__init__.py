"""Text of an answer in any usual notation → trees (`nodes`), with what was consumed and what was ignored."""
