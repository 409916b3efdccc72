"""One click on a row remembers whose number that is, and one takes it back."""

from collections.abc import AsyncIterator

import pytest

from bridge.domain.callbacks.queue import Callback
from bridge.domain.texts.policy import ContactKind
from storage import contacts
from tests.desk import CUSTOMER, Desk, missed_call
from tests.web.served import Client, served
from tests.web.test_page import Page, act, post, shown


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with served(desk) as made:
        yield made


@pytest.fixture
async def row(desk: Desk) -> Callback:
    await desk.call(missed_call())
    return await desk.row()


async def kind(desk: Desk) -> ContactKind | None:
    async with desk.database.read() as db:
        found = await contacts.get(db, CUSTOMER)
    return found.kind if found else None


@pytest.mark.parametrize("outcome", ["spam", "wrong_number"])
async def test_whoever_was_none_of_ours_is_offered_to_be_blocked(
    client: Client, desk: Desk, row: Callback, outcome: str
) -> None:
    _, page = await act(client, row, "finish", outcome=outcome)
    assert "Remember as blocked" in page.words
    assert "Remember as blocked" in (await shown(client, "/done")).words
    answer = await post(client, f"/callbacks/{row.id}/remember", kind="blocked")
    assert "(202) 555-0123: blocked" in Page(await answer.text()).words
    assert await kind(desk) is ContactKind.BLOCKED
    assert "Remember as blocked" not in (await shown(client, "/done")).words
    await desk.call(missed_call(at=desk.clock.advance(minutes=5)))
    assert await desk.column("SELECT filtered FROM call ORDER BY id") == [None, "blocked"]


async def test_an_outcome_of_a_customer_offers_no_block(client: Client, row: Callback) -> None:
    _, page = await act(client, row, "finish", outcome="reached")
    assert "Remember as blocked" not in page.words


async def test_any_row_is_remembered_as_what_it_is_and_says_so(client: Client, desk: Desk, row: Callback) -> None:
    answer = await post(client, f"/callbacks/{row.id}/remember", kind="supplier")
    assert answer.status == 200
    assert await kind(desk) is ContactKind.SUPPLIER
    assert '<li class="kind">supplier</li>' in (await shown(client)).html


async def test_remembered_with_a_name_the_row_is_called_so(client: Client, desk: Desk, row: Callback) -> None:
    await post(client, f"/callbacks/{row.id}/remember", kind="shared", name="Hotel <Ritz>", back="row")
    assert (await desk.row()).name == "Hotel <Ritz>"


async def test_undo_takes_the_memory_back_once(client: Client, desk: Desk, row: Callback) -> None:
    page = Page(await (await post(client, f"/callbacks/{row.id}/remember", kind="blocked")).text())
    version = page.html.partition('/contacts/1/undo"')[2].partition('name="version" value="')[2].partition('"')[0]
    await post(client, "/contacts/1/undo", version=version)
    assert await kind(desk) is ContactKind.CUSTOMER
    again = await post(client, "/contacts/1/undo", version=version)
    assert again.status == 409
    assert "Somebody has changed this contact since" in await again.text()


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [({"kind": "king"}, 400, "Choose one of"), ({"kind": "other", "name": "a\u202eb"}, 400, "is no name: at most 80")],
)
async def test_what_cannot_be_remembered_is_said(
    client: Client, desk: Desk, row: Callback, fields: dict[str, str], status: int, said: str
) -> None:
    answer = await post(client, f"/callbacks/{row.id}/remember", **fields)
    assert answer.status == status
    assert said in await answer.text()
    assert await kind(desk) is None


async def test_a_withheld_number_cannot_be_remembered(client: Client, desk: Desk) -> None:
    await desk.call(missed_call(None))
    answer = await post(client, "/callbacks/1/remember", kind="blocked")
    assert answer.status == 409
    assert "number is not known" in await answer.text()
