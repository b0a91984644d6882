"""POST /dead-letters/{deadLetterId}/redrive"""

from payhub.entrypoints.http import OPERATOR, endpoint
from payhub.entrypoints.representations import letter_answer
from payhub.operations.redrive_dead_letter import RedriveDeadLetter, redrive_dead_letter

handler = endpoint(redrive_dead_letter, RedriveDeadLetter, letter_answer, role=OPERATOR)
