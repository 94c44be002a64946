"""Sources to documents: files, globs, directories, zip archives and hub ids, in the layouts that corpora have.

Reading is streaming: a sample of rows, one record and a chunk of a file are in memory, and no record may be longer than
`MAX_RECORD_BYTES`, so that a file that is one enormous line ends with a sentence and not with the machine's memory.
"""

from agentprop.extraction.corpus.carriers import Carrier, register, suffixes
from agentprop.extraction.corpus.document import Document, Fields, UnreadableRecord
from agentprop.extraction.corpus.documents import Corpus, CorpusReading, FileReport, ReadRow, read_documents
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES
from agentprop.extraction.corpus.sources import Sources, find_files, find_sources, fingerprints

__all__ = [
    "MAX_RECORD_BYTES",
    "Carrier",
    "Corpus",
    "CorpusReading",
    "Document",
    "Fields",
    "FileReport",
    "ReadRow",
    "SourceFile",
    "Sources",
    "UnreadableRecord",
    "find_files",
    "find_sources",
    "fingerprints",
    "read_documents",
    "register",
    "suffixes",
]
