"""FreeSWITCH, over its event socket (ESL, mod_event_socket)."""
