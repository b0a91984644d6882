"""Both dead-letter queues"""

from payhub.entrypoints.queue import dead_letter_worker

handler = dead_letter_worker()
