"""The loads, one for each service."""

from tests.chaos.loads.bulk_actions import BulkActions
from tests.chaos.loads.content_actions import ContentActions
from tests.chaos.loads.go1_attempts import Go1Attempts
from tests.chaos.loads.load import Load
from tests.chaos.loads.salesforce_rows import SalesforceRows

LOADS: tuple[Load, ...] = (ContentActions(), BulkActions(), Go1Attempts(), SalesforceRows())
