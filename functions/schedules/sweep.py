"""Every minute: remind workers of everything that is due"""

from payhub.entrypoints.schedule import schedule
from payhub.operations.sweep import sweep

handler = schedule(sweep)
