"""What the guide says of FreePBX, sentence by sentence, and where FreePBX's own sources say it (release 17)."""

import re

import pytest

from tests.lab.asterisk import REPOSITORY

GUIDE = REPOSITORY / "dialplan" / "README.md"
FIRST, BEHIND = "Then in the GUI", "Calls that end while"
OURS = "ours"
CLAIMS = (
    # core/views/trunks/pjsip.php: the tab Advanced has the field Context; core/page.trunks.php: SIP's User Details
    ("pjsip Settings > Advanced", "core/views/trunks/pjsip.php"),
    # core/functions.inc/drivers/PJSip.class.php, getDisplayVars: "context" => "from-pstn" of a new trunk
    ("as FreePBX fills it in for pjsip", "core/functions.inc/drivers/PJSip.class.php"),
    # core/functions.inc.php, generate_sip_additional: context=from-trunk-sip-NAME where the details name none; there
    # too: from-trunk-TECH-NAME is Set(GROUP()=OUT_n), Goto(from-trunk,...); OUTMAXCHANS_n is held against GROUP_COUNT
    (
        "such as `from-trunk-sip-telnyx`, in which FreePBX counts their calls for Maximum Channels",
        "core/functions.inc.php",
    ),
    # core/etc/extensions.conf: [from-digital] for PRI, [from-analog] for analog cards
    ("DAHDI enters `from-digital` or `from-analog`", "core/etc/extensions.conf"),
    # tests/doctor/test_trunks.py, tests/cli/test_init.py
    ("`textback init` and `textback doctor` say which", OURS),
    # tests/cli/test_dialplan.py: GROUP() of the trunk is set behind the one in front
    ("behind which its own goes on counting", OURS),
    # tests/cli/test_dialplan.py: contexts that were named once stay
    ("and keeps them when it runs again", OURS),
    # framework/amp_conf/astetc/manager.conf: [general] has enabled, port, bindaddr, displayconnects and no more; its
    # last line includes manager_custom.conf
    (
        "What FreePBX's `manager.conf` leaves unsaid, the stamps of events and more than one login",
        "framework/manager.conf",
    ),
    # the same file: bindaddr = 0.0.0.0; the firewall is a module of its own: firewall/Firewall.class.php
    ("`manager.conf` itself listens on every address (`bindaddr = 0.0.0.0`)", "framework/manager.conf"),
    # tests/cli/test_dialplan.py: deny and permit
    ("lets in only the address that Textback has there", OURS),
    # core/etc/extensions.conf: [from-internal] includes from-internal-additional, which has outbound-allroutes
    # (core/functions.inc.php); the forms are those of libphonenumber's metadata: tests/cli/test_dialplan.py
    ("by your outbound routes (`from-internal`), written as people dial in your country", "core/etc/extensions.conf"),
    ("`12025550142` and `01144...` in the US, `0612345678` and `0044...` in the Netherlands", OURS),
    ('`number_form` in `[[pbx]]` says so (`digits`, `e164`), and `outside_prefix = "9"`', OURS),
    # core/functions.inc.php, macro-outbound-callerid: TRUNKCIDOVERRIDE comes after TRUNKOUTCID and USEROUTCID, and
    # FORCEDOUTCID_n (CID Options) before it
    (
        "also where the trunk has an Outbound CallerID of its own; only CID Options = Force Trunk CID",
        "core/functions.inc.php",
    ),
    # core/Dialplan/gosubConfirm.php: GOSUB_RESULT=ABORT unless 1 is pressed; ringgroups and findmefollow ask by it
    ("Switch on Confirm Calls in every ring group and every follow-me", "core/Dialplan/gosubConfirm.php"),
)


def told() -> str:
    text = GUIDE.read_text(encoding="utf-8")
    part = text[text.index(FIRST) : text.index(BEHIND)]
    return " ".join(re.sub(r"^```.*?^```$", "", part, flags=re.DOTALL | re.MULTILINE).split())


@pytest.mark.parametrize(("words", "source"), CLAIMS)
def test_the_guide_says_what_the_sources_say(words: str, source: str) -> None:
    assert words in told()
    assert source == OURS or "/" in source


def test_every_sentence_of_it_has_its_source() -> None:
    sentences = re.split(r"(?<=[.;]) (?=[A-Z`])", told())
    assert [one for one in sentences if not any(words in one for words, _ in CLAIMS)] == []
