"""GET /openapi.json and GET /docs"""

from payhub.entrypoints.documentation import documentation

handler = documentation()
