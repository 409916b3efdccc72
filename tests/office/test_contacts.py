"""Contacts out of a spreadsheet: what is taken, what is a mistake and on which line; names on rows."""

from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import UNDO_WINDOW, Outcome
from bridge.domain.calls.calls import FilterReason
from bridge.domain.texts.policy import ContactKind
from bridge.office.contacts import CannotUndoError, Contacts, ContactsError, read_csv
from storage import privacy
from storage.audit import Act
from storage.contacts import Contact
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, missed_call

MARY = Contact(CUSTOMER, "Mary Poole", ContactKind.CUSTOMER)
PIPES = Contact(OTHER, "Pipes Inc", ContactKind.SUPPLIER)


@pytest.mark.parametrize(
    "written",
    [
        "number,name,kind\n(202) 555-0123,Mary Poole,customer\n+12025557788,Pipes Inc,supplier\n",
        "\ufeffName;Phone;Type;Since\r\nMary Poole;202-555-0123;;2019\r\nPipes Inc;2025557788;Supplier;\r\n",
        'kind\tnumber\tname\n\t2025550123\t"Mary Poole"\n\nsupplier\t2025557788\tPipes Inc',
    ],
)
def test_spreadsheets_are_read_as_people_save_them(written: str) -> None:
    assert read_csv(written.encode(), "US") == [MARY, PIPES]


def test_names_from_old_windows_spreadsheets_keep_their_letters() -> None:
    [contact] = read_csv("number,name\n2025550123,José Núñez\n".encode("cp1252"), "US")
    assert contact.name == "José Núñez"


def test_the_same_line_twice_is_one_contact() -> None:
    assert len(read_csv(b"number,name\n2025550123,Mary\n+12025550123,Mary\n", "US")) == 1


def test_every_mistake_is_told_with_its_line() -> None:
    written = (
        "number,name,kind\n12,Short,\n2025550123,Mary,friend\n2025557788,Ann,\n\n2025557788,Bob,\n1.20256E+10,x,\n"
    )
    with pytest.raises(ContactsError) as caught:
        read_csv(written.encode(), "US")
    assert [mistake.line for mistake in caught.value.mistakes] == [2, 3, 6, 7]
    assert 'line 3: "friend" is no kind; there are customer, staff' in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "the first line must name the columns"),
        (b"name,kind\nMary,\n", 'one of them "number"'),
        (b'number,name\n2025550123,"Mary\n', "this is no CSV"),
        (b"number,name\n2025550123,Ma\0ry\n", "line 2"),
        ("number,name\n2025550123,Ma\u202ery\n".encode(), "is no name"),
        (b"number,name\n2025550123," + b"x" * 81, "at most 80 characters"),
        (b"\xff\xfe\x00\x01", "the first line must name the columns"),
    ],
)
def test_what_is_no_list_of_contacts_is_refused_in_plain_words(octets: bytes, said: str) -> None:
    with pytest.raises(ContactsError, match=said):
        read_csv(octets, "US")


async def test_a_name_shows_on_the_row_that_is_open_already(desk: Desk) -> None:
    await desk.call(missed_call())
    assert await Contacts(desk.database).put([MARY, PIPES], "Ann", MONDAY_NOON) == 2
    assert (await desk.row()).name == "Mary Poole"
    assert await Contacts(desk.database).put([MARY, PIPES], "Ann", MONDAY_NOON) == 0


async def test_a_row_that_is_closed_stays_as_it_was(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", MONDAY_NOON), Outcome.NO_NEED)
    await Contacts(desk.database).put([MARY], "Ann", MONDAY_NOON)
    assert (await desk.row()).name == ""


async def test_a_kind_is_changed_and_the_name_stays(desk: Desk) -> None:
    people = Contacts(desk.database)
    await people.put([MARY], "Ann", MONDAY_NOON)
    await people.kind(CUSTOMER, ContactKind.BLOCKED, "Ann", MONDAY_NOON)
    await people.kind(OTHER, ContactKind.SHARED, "Ann", MONDAY_NOON)
    assert await people.everybody(ContactKind.BLOCKED) == [Contact(CUSTOMER, "Mary Poole", ContactKind.BLOCKED)]
    assert len(await people.everybody()) == 2


async def test_long_lists_are_whole(desk: Desk) -> None:
    written = "number\n" + "\n".join(f"20255{n:05}" for n in range(50_000, 50_250))
    await Contacts(desk.database).put(read_csv(written.encode(), "US"), "Ann", MONDAY_NOON)
    assert len(await Contacts(desk.database).everybody()) == 250


@pytest.mark.parametrize("kind", [ContactKind.STAFF, ContactKind.BLOCKED])
async def test_filtered_calls_are_listed_and_not_lost(desk: Desk, kind: ContactKind) -> None:
    people = Contacts(desk.database)
    await people.kind(CUSTOMER, kind, "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER))
    [row] = await people.filtered_calls()
    assert (row.filing.number, row.filing.filtered) == (CUSTOMER, FilterReason(kind))


async def test_a_number_that_was_forgotten_can_be_remembered_again(desk: Desk) -> None:
    people = Contacts(desk.database)
    await people.put([MARY], "Ann", MONDAY_NOON)
    async with desk.database.transaction() as tx:
        alias = await privacy.pseudonym(tx, CUSTOMER, "Ann", MONDAY_NOON)
        await privacy.forget(tx, CUSTOMER, alias, Act("Ann", "forgotten", MONDAY_NOON))
    assert await people.put([PIPES], "Ann", MONDAY_NOON) == 1
    assert await people.everybody() == [PIPES]


async def test_what_a_contact_was_called_before_is_forgotten_with_it(desk: Desk) -> None:
    people = Contacts(desk.database)
    await people.put([MARY], "Ann", MONDAY_NOON)
    await people.kind(CUSTOMER, ContactKind.SUPPLIER, "Ann", MONDAY_NOON)
    async with desk.database.transaction() as tx:
        alias = await privacy.pseudonym(tx, CUSTOMER, "Ann", MONDAY_NOON)
        await privacy.forget(tx, CUSTOMER, alias, Act("Ann", "forgotten", MONDAY_NOON))
    assert not [detail for detail in await desk.column("SELECT detail FROM audit") if "Mary" in str(detail)]


async def test_what_was_remembered_of_a_number_is_taken_back_by_whoever_did_it(desk: Desk) -> None:
    people = Contacts(desk.database)
    await people.put([MARY], "Ann", MONDAY_NOON)
    blocked = await people.kind(CUSTOMER, ContactKind.BLOCKED, "Ann", MONDAY_NOON)
    with pytest.raises(CannotUndoError):
        await people.undo(blocked.id, blocked.version, "Bob", MONDAY_NOON)
    with pytest.raises(CannotUndoError, match="too late"):
        await people.undo(blocked.id, blocked.version, "Ann", MONDAY_NOON + UNDO_WINDOW + timedelta(seconds=1))
    await people.undo(blocked.id, blocked.version, "Ann", MONDAY_NOON + UNDO_WINDOW)
    assert await people.everybody() == [MARY]
    with pytest.raises(CannotUndoError):
        await people.undo(blocked.id, blocked.version, "Ann", MONDAY_NOON)


async def test_a_stranger_whose_block_is_taken_back_is_a_customer_again(desk: Desk) -> None:
    people = Contacts(desk.database)
    blocked = await people.kind(CUSTOMER, ContactKind.BLOCKED, "Ann", MONDAY_NOON)
    await people.undo(blocked.id, blocked.version, "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    assert (await desk.row()).number == CUSTOMER
