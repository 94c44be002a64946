"""The public names of `agentprop`, for type checkers; at run time each is imported when it is first used."""

from agentprop.answers import equivalent as equivalent
from agentprop.answers import final_answer as final_answer
from agentprop.api.custom import Proposer as Proposer
from agentprop.api.custom import Verifier as Verifier
from agentprop.api.dataset import Dataset as Dataset
from agentprop.api.dataset import Item as Item
from agentprop.api.dataset import dataset as dataset
from agentprop.api.episodes import Episode as Episode
from agentprop.api.episodes import Episodes as Episodes
from agentprop.api.episodes import episodes as episodes
from agentprop.api.runs import RunRecords as RunRecords
from agentprop.api.runs import load as load
from agentprop.api.scoring import score as score
from agentprop.api.stages import extract as extract
from agentprop.api.stages import propose as propose
from agentprop.api.stages import verify as verify
from agentprop.errors import AgentpropError as AgentpropError
from agentprop.records import Move as Move
from agentprop.records import Observation as Observation
from agentprop.records import Problem as Problem

__version__: str
DISTRIBUTION: str
