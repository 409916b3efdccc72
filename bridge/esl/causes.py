"""What FreeSWITCH's hang-up causes come to, by the names that `Hangup-Cause` and `originate_disposition` have."""

from bridge.domain.calls.events import DialStatus, Ended

BY_STATUS = {
    DialStatus.ANSWER: ("SUCCESS",),
    DialStatus.NOANSWER: ("NO_ANSWER", "ALLOTTED_TIMEOUT", "NO_USER_RESPONSE", "PROGRESS_TIMEOUT", "MEDIA_TIMEOUT"),
    DialStatus.BUSY: ("USER_BUSY", "CALL_REJECTED", "USER_CHALLENGE", "REJECT_ALL", "DECLINE", "BUSY_EVERYWHERE"),
    DialStatus.CANCEL: ("ORIGINATOR_CANCEL", "LOSE_RACE", "PICKED_OFF", "MANAGER_REQUEST", "ATTENDED_TRANSFER"),
    DialStatus.CHANUNAVAIL: (
        *("USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT", "UNALLOCATED_NUMBER", "INVALID_NUMBER_FORMAT", "NUMBER_CHANGED"),
        *("NO_ROUTE_DESTINATION", "NO_ROUTE_TRANSIT_NET", "DOES_NOT_EXIST_ANYWHERE", "NOT_ACCEPTABLE"),
        *("GATEWAY_DOWN", "INVALID_GATEWAY", "INVALID_PROFILE", "INVALID_URL"),
    ),
    DialStatus.CONGESTION: (
        *("NORMAL_TEMPORARY_FAILURE", "NORMAL_UNSPECIFIED", "NORMAL_CIRCUIT_CONGESTION", "SWITCH_CONGESTION"),
        *("DESTINATION_OUT_OF_ORDER", "NETWORK_OUT_OF_ORDER", "RECOVERY_ON_TIMER_EXPIRE", "EXCHANGE_ROUTING_ERROR"),
        *("REQUESTED_CHAN_UNAVAIL", "CHANNEL_UNACCEPTABLE", "CHAN_NOT_IMPLEMENTED", "SERVICE_UNAVAILABLE"),
        *("SERVICE_NOT_IMPLEMENTED", "FACILITY_NOT_IMPLEMENTED", "FACILITY_REJECTED", "FACILITY_NOT_SUBSCRIBED"),
        *("OUTGOING_CALL_BARRED", "INCOMING_CALL_BARRED", "BEARERCAPABILITY_NOTAUTH", "BEARERCAPABILITY_NOTAVAIL"),
        *(
            "BEARERCAPABILITY_NOTIMPL",
            "INCOMPATIBLE_DESTINATION",
            "INTERWORKING",
            "PROTOCOL_ERROR",
            "ACCESS_INFO_DISCARDED",
        ),
        *("MANDATORY_IE_MISSING", "INVALID_MSG_UNSPECIFIED", "WRONG_MESSAGE", "CALL_LIMIT", "SRTP_READ_ERROR"),
    ),
}
BY_END = {
    Ended.NORMAL: ("NORMAL_CLEARING",),
    Ended.BUSY: ("USER_BUSY", "BUSY_EVERYWHERE"),
    Ended.NO_ROUTE: (
        "NO_ROUTE_DESTINATION",
        "NO_ROUTE_TRANSIT_NET",
        "INVALID_GATEWAY",
        "INVALID_PROFILE",
        "GATEWAY_DOWN",
    ),
    Ended.ABSENT: ("SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED"),
    Ended.NO_SUCH_NUMBER: ("UNALLOCATED_NUMBER", "INVALID_NUMBER_FORMAT", "DOES_NOT_EXIST_ANYWHERE"),
    Ended.ELSEWHERE: ("LOSE_RACE", "PICKED_OFF"),
}
_STATUS = {cause: status for status, causes in BY_STATUS.items() for cause in causes}
_ENDED = {cause: ended for ended, causes in BY_END.items() for cause in causes}

NO_WAY_OUT = frozenset({DialStatus.CHANUNAVAIL, DialStatus.CONGESTION})
RUNG = frozenset({DialStatus.NOANSWER, DialStatus.BUSY, DialStatus.CANCEL})
FAILED = RUNG | NO_WAY_OUT


def status(cause: str) -> DialStatus:
    """An enterprise originate (`:_:`) writes them in lower case."""
    return _STATUS.get(cause.upper(), DialStatus.OTHER)


def ended(cause: str) -> Ended:
    return _ENDED.get(cause.upper(), Ended.OTHER)
