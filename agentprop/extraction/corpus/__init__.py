"""Sources to documents: files, globs and directories of `.jsonl .json .parquet .csv .md .txt .tex`, plain or gzipped.

Reading is streaming: at most one record is in memory, and no record may be longer than `MAX_RECORD_BYTES`, so that a
file that is one enormous line ends with a sentence and not with the machine's memory.
"""

from agentprop.extraction.corpus.documents import Document, Fields, UnreadableRecord, read_documents
from agentprop.extraction.corpus.sources import SUFFIXES, find_files, fingerprints
from agentprop.extraction.corpus.tables import MAX_RECORD_BYTES

__all__ = [
    "MAX_RECORD_BYTES",
    "SUFFIXES",
    "Document",
    "Fields",
    "UnreadableRecord",
    "find_files",
    "fingerprints",
    "read_documents",
]
