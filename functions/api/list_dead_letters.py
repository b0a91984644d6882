"""GET /dead-letters"""

from payhub.entrypoints.http import OPERATOR, endpoint
from payhub.entrypoints.representations import letters_answer
from payhub.operations.list_dead_letters import ListDeadLetters, list_dead_letters

handler = endpoint(list_dead_letters, ListDeadLetters, letters_answer, role=OPERATOR)
