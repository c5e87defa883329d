"""The catalog's tables, one file each."""

from catalog.models.api_key import ApiKey
from catalog.models.api_key_day import ApiKeyDay
from catalog.models.audio_file import AudioFile
from catalog.models.bulk_work import BulkWork
from catalog.models.client_fingerprint import ClientFingerprint
from catalog.models.decision import Decision
from catalog.models.deployment import Deployment
from catalog.models.event_clock import EventClock
from catalog.models.evidence_link import EvidenceLink
from catalog.models.fingerprint import Fingerprint
from catalog.models.idempotent_call import IdempotentCall
from catalog.models.index_lease import IndexLease
from catalog.models.index_operation import IndexClock, IndexOperation
from catalog.models.job import Job
from catalog.models.match import Match
from catalog.models.merge import Merge
from catalog.models.pair_care import PairCare, PairNote
from catalog.models.pending_file import PendingFile
from catalog.models.rule import Rule, RuleRun
from catalog.models.scan import Scan
from catalog.models.scan_schedule import ScanSchedule
from catalog.models.track import Track
from catalog.models.upload import Upload
from catalog.models.waiting_pair import WaitingPair

__all__ = [
    "ApiKey",
    "ApiKeyDay",
    "AudioFile",
    "BulkWork",
    "ClientFingerprint",
    "Decision",
    "Deployment",
    "EventClock",
    "EvidenceLink",
    "Fingerprint",
    "IdempotentCall",
    "IndexClock",
    "IndexLease",
    "IndexOperation",
    "Job",
    "Match",
    "Merge",
    "PairCare",
    "PairNote",
    "PendingFile",
    "Rule",
    "RuleRun",
    "Scan",
    "ScanSchedule",
    "Track",
    "Upload",
    "WaitingPair",
]
