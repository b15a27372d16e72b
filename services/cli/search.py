"""`concierge search`, `chat`, `plan`, `geocode`."""

from __future__ import annotations

import uuid
from pathlib import Path

import grpc
import typer
from concierge.catalog.v1 import hotel_pb2
from concierge.geocoding.v1 import geocoding_pb2, geocoding_pb2_grpc
from concierge.query_understanding.v1 import (
    query_understanding_pb2,
    query_understanding_pb2_grpc,
)
from concierge.search.v1 import search_pb2, search_pb2_grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from services.cli import render
from services.cli.session import Place, connected, run

TIMEOUT_S = 10.0

console = Console(highlight=False)


def search(
    text: str = typer.Argument(..., help="What you want, in your own words."),
    target: str | None = Place.target,
    data: Path = Place.data,
    page_size: int = typer.Option(5, "--page-size", min=1, max=100),
    city: str = typer.Option("", "--city", help="City to assume."),
    as_json: bool = typer.Option(False, "--json", help="The whole response as JSON."),
    explain: bool = typer.Option(False, "--explain", help="Stages, scores, timings, versions."),
) -> None:
    """Find hotels in your own words."""

    async def work() -> None:
        async with connected(target, data) as channel:
            turn = search_pb2.GuestTurn(text=text, page_size=page_size, city=city)
            await one_turn(channel, turn, as_json=as_json, explain=explain)

    run(work)


def chat(
    target: str | None = Place.target,
    data: Path = Place.data,
    page_size: int = typer.Option(3, "--page-size", min=1, max=100),
) -> None:
    """Talk over several turns; an empty line ends it."""

    async def work() -> None:
        async with connected(target, data) as channel:
            conversation = uuid.uuid4().hex
            while text := _ask():
                turn = search_pb2.GuestTurn(
                    text=text, conversation_id=conversation, page_size=page_size
                )
                await one_turn(channel, turn)

    run(work)


def _ask() -> str:
    try:
        return input("you> ").strip()
    except EOFError:
        return ""


async def one_turn(
    channel: grpc.aio.Channel,
    turn: search_pb2.GuestTurn,
    *,
    as_json: bool = False,
    explain: bool = False,
) -> search_pb2.SearchHotelsResponse:
    """Say one turn, print plan, hits and answer; return the result."""
    stub = search_pb2_grpc.SearchServiceStub(channel)
    result = search_pb2.SearchHotelsResponse()
    sentences: list[str] = []
    async for part in stub.Recommend(search_pb2.RecommendRequest(turn=turn), timeout=TIMEOUT_S):
        match part.WhichOneof("part"):
            case "result":
                result = part.result
            case "sentence":
                sentences.append(part.sentence.text)
    if as_json:
        body = json_format.MessageToDict(result, preserving_proto_field_name=True)
        body["answer"] = sentences
        console.print_json(data=body)
    else:
        print_result(result, sentences)
    if explain:
        explained = await stub.Explain(
            search_pb2.ExplainRequest(search_id=result.search_id), timeout=TIMEOUT_S
        )
        if as_json:
            _print_json(explained)
        else:
            console.print(render.explanation(explained))
    return result


def print_result(result: search_pb2.SearchHotelsResponse, sentences: list[str]) -> None:
    """Print plan, hits and answer for people."""
    console.print(render.plan_tree(result.plan))
    if result.hits:
        console.print(render.hits_table(result.hits))
    if result.HasField("total_matches"):
        console.print(f"{result.total_matches} hotels satisfy the conditions", style="dim")
    if result.skipped_stages:
        console.print(f"skipped: {', '.join(result.skipped_stages)}", style="yellow")
    for sentence in sentences:
        console.print(render.plain(sentence))


def plan(
    text: str = typer.Argument(..., help="What a guest would say."),
    target: str | None = Place.target,
    data: Path = Place.data,
    as_json: bool = typer.Option(False, "--json", help="The plan as JSON."),
    explain: bool = typer.Option(False, "--explain", help="What each word was taken for, by what."),
) -> None:
    """Show what the words are taken to mean, without searching."""

    async def work() -> None:
        async with connected(target, data) as channel:
            stub = query_understanding_pb2_grpc.QueryUnderstandingServiceStub(channel)
            response = await stub.PlanQuery(
                query_understanding_pb2.PlanQueryRequest(text=text, explain=explain),
                timeout=TIMEOUT_S,
            )
            if as_json:
                _print_json(response if explain else response.plan)
                return
            console.print(render.plan_tree(response.plan))
            if explain:
                console.print(render.plan_explanation(response.explanation))

    run(work)


def geocode(
    name: str = typer.Argument(..., help="Name of a place."),
    city: str = typer.Option("", "--city", help="City that settles which one is meant."),
    target: str | None = Place.target,
    data: Path = Place.data,
    as_json: bool = typer.Option(False, "--json", help="The response as JSON."),
) -> None:
    """Find where a place is."""

    async def work() -> None:
        async with connected(target, data) as channel:
            stub = geocoding_pb2_grpc.GeocodingServiceStub(channel)
            response = await stub.Geocode(
                geocoding_pb2.GeocodeRequest(query=name, city=city), timeout=TIMEOUT_S
            )
            if as_json:
                _print_json(response)
            elif not response.places:
                typer.echo(f"error: no place called {name} is known", err=True)
                raise typer.Exit(1)
            else:
                console.print(_places_table(response))

    run(work)


def _places_table(response: geocoding_pb2.GeocodeResponse) -> Table:
    table = Table("name", "category", "city", "district", "latitude", "longitude", "source")
    for place in response.places:
        category = hotel_pb2.PlaceCategory.Name(place.category)
        table.add_row(
            render.plain(place.name),
            category.removeprefix("PLACE_CATEGORY_").lower(),
            place.city,
            place.district,
            f"{place.location.latitude:.5f}",
            f"{place.location.longitude:.5f}",
            place.source,
        )
    return table


def _print_json(message: Message) -> None:
    console.print_json(data=json_format.MessageToDict(message, preserving_proto_field_name=True))
