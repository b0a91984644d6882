"""Every path and method that no other function takes"""

from payhub.entrypoints.documentation import unknown_route

handler = unknown_route()
