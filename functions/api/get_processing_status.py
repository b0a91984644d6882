"""GET /v1/practice/{practiceId}/processingStatus/{messageId}"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.medfusion import in_xml, processing_status_answer
from payhub.operations.get_processing_status import GetProcessingStatus, get_processing_status

handler = endpoint(
    get_processing_status, GetProcessingStatus, processing_status_answer, dialect=in_xml
)
