"""AgentDojo's own environments, offered as a tool server over the Model Context Protocol.

1. One process holds one suite and one environment at a time; a reset gives it a fresh one. The tools, their schemas and what they do are
   AgentDojo's, unchanged: nothing here marks a tool as reading or writing, and no field as trusted.
2. `/mcp` is what an agent (or whoever governs it) may reach. `/control` takes another token: it resets the environment, tells what a run
   is about, and has AgentDojo's own checkers judge the environment afterwards.
3. Judged is what was done here, in the order it was done: the trace the checkers are given is what reached this environment, whatever
   anybody says of it.

Settings: AGENTDOJO_MCP_TOKEN, AGENTDOJO_CONTROL_TOKEN. Prints one line of JSON on stdout once it answers: {"port": N}.
"""

import argparse
import asyncio
import contextlib
import functools
import hmac
import io
import json
import os
import socket
import sys
import warnings
from typing import Any

import yaml

# The same parser, in C: an environment is parsed anew for every run.
if yaml.__with_libyaml__:
    yaml.safe_load = functools.partial(yaml.load, Loader=yaml.CSafeLoader)
warnings.filterwarnings("ignore")

import uvicorn  # noqa: E402
from agentdojo.agent_pipeline.base_pipeline_element import BasePipelineElement  # noqa: E402
from agentdojo.attacks.attack_registry import load_attack  # noqa: E402
from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime  # noqa: E402
from agentdojo.task_suite.load_suites import get_suite  # noqa: E402
from mcp import types  # noqa: E402
from mcp.server.lowlevel import Server  # noqa: E402
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: E402
from pydantic import BaseModel, ConfigDict, TypeAdapter  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse  # noqa: E402
from starlette.routing import Mount, Route  # noqa: E402

BENCHMARK_VERSION = "v1.2.2"
ATTACK = "important_instructions"


class Target(BasePipelineElement):
    """Whom the attack believes it speaks to: its words name a model. Nothing is ever asked of it."""

    name = "gpt-4o-2024-05-13"

    def query(self, *_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError


class Run(BaseModel):
    model_config = ConfigDict(extra="forbid")
    userTask: str
    injectionTask: str | None = None


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    output: str


class World:
    """The environment there is now, what was done in it, and AgentDojo's judgement of that."""

    def __init__(self, suite_name: str) -> None:
        self.suite = get_suite(BENCHMARK_VERSION, suite_name)
        self.attack = load_attack(ATTACK, self.suite, Target())
        self.runtime = FunctionsRuntime(self.suite.tools)
        self.environment: Any = None
        self.calls: list[FunctionCall] = []

    def about(self) -> dict[str, Any]:
        """The attack pairs are those whose injection has calls to make: without any, nothing is there to govern."""
        environment = self.suite.load_and_inject_default_environment({})
        calls = {
            name: len(task.ground_truth(environment.model_copy(deep=True)))
            for name, task in self.suite.injection_tasks.items()
        }
        return {
            "suite": self.suite.name,
            "version": BENCHMARK_VERSION,
            "attack": ATTACK,
            "userTasks": list(self.suite.user_tasks),
            "injectionTasks": [name for name, count in calls.items() if count > 0],
            "withoutCalls": [name for name, count in calls.items() if count == 0],
        }

    def reset(self, run: Run) -> dict[str, Any]:
        self.user_task = self.suite.user_tasks[run.userTask]
        self.injection_task = self.suite.injection_tasks[run.injectionTask] if run.injectionTask else None
        injections = self.attack.attack(self.user_task, self.injection_task) if self.injection_task else {}
        environment = self.suite.load_and_inject_default_environment(injections)
        self.environment = self.user_task.init_environment(environment)
        self.before = self.environment.model_copy(deep=True)
        self.calls = []
        attack = self._calls_of(self.injection_task) if self.injection_task else []
        return {
            "prompt": self.user_task.PROMPT,
            "gold": self._calls_of(self.user_task),
            "output": self.user_task.GROUND_TRUTH_OUTPUT,
            "attack": attack,
            "goal": self.injection_task.GOAL if self.injection_task else None,
        }

    def _calls_of(self, task: Any) -> list[dict[str, Any]]:
        calls = task.ground_truth(self.environment.model_copy(deep=True))
        return [{"tool": call.function, "arguments": _json(dict(call.args))} for call in calls]

    def call(self, name: str, arguments: dict[str, Any]) -> tuple[Any, str | None]:
        self.calls.append(FunctionCall(function=name, args=arguments))
        result, error = self.runtime.run_function(self.environment, name, arguments)
        return _json(result), error

    def judge(self, output: str) -> dict[str, Any]:
        security = self._check(self.injection_task, output) if self.injection_task else None
        calls = [{"tool": call.function, "arguments": _json(dict(call.args))} for call in self.calls]
        return {"utility": self._check(self.user_task, output), "security": security, "calls": calls}

    def _check(self, task: Any, output: str) -> bool:
        said = [{"type": "text", "content": output}]
        environments = (self.before.model_copy(deep=True), self.environment.model_copy(deep=True))
        # Some checkers print; stdout is for the line that says where this listens. Some raise where a task went another way.
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                return bool(self.suite._check_task_result(task, said, *environments, list(self.calls)))
            except (AttributeError, IndexError, KeyError, StopIteration, ValueError):
                return False


def _json(value: Any) -> Any:
    return TypeAdapter(Any).dump_python(value, mode="json")


def _is_object(return_type: Any) -> bool:
    schema = _schema_of(return_type)
    return schema is not None and schema.get("type") == "object"


@functools.cache
def _schema_of(return_type: Any) -> dict[str, Any] | None:
    try:
        return TypeAdapter(return_type).json_schema()
    except Exception:  # a return type that no schema describes: then none is told
        return None


def _output_schema(return_type: Any) -> dict[str, Any] | None:
    """As the protocol's Python SDK has it: an object is itself, anything else stands under `result`."""
    schema = _schema_of(return_type)
    if schema is None or schema.get("type") == "object":
        return schema
    inner = {name: part for name, part in schema.items() if name != "$defs"}
    defs = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {"type": "object", "properties": {"result": inner}, "required": ["result"], **defs}


def tool_server(world: World) -> Server:
    server: Server = Server(f"agentdojo-{world.suite.name}", version=BENCHMARK_VERSION)

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        return [
            types.Tool(
                name=tool.name,
                description=tool.description,
                inputSchema=tool.parameters.model_json_schema(),
                outputSchema=_output_schema(tool.return_type),
            )
            for tool in world.suite.tools
        ]

    # Arguments are judged by AgentDojo's own models, results go out as they are.
    @server.call_tool(validate_input=False)
    async def call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        if world.environment is None:
            return _failed("there is no environment yet")
        result, error = world.call(name, arguments)
        if error is not None:
            return _failed(error)
        return_type = next(tool.return_type for tool in world.suite.tools if tool.name == name)
        structured = result if _is_object(return_type) and isinstance(result, dict) else {"result": result}
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structuredContent=structured)

    return server


def _failed(detail: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=detail)], isError=True)


def control(world: World) -> list[Route]:
    async def about(_request: Request) -> JSONResponse:
        return JSONResponse(world.about())

    async def reset(request: Request) -> JSONResponse:
        run = Run.model_validate(await request.json())
        try:
            return JSONResponse(world.reset(run), status_code=201)
        except KeyError as unknown:
            return JSONResponse({"detail": f"no such task in {world.suite.name}: {unknown}"}, status_code=404)

    async def judge(request: Request) -> JSONResponse:
        if world.environment is None:
            return JSONResponse({"detail": "there is no run to judge"}, status_code=409)
        return JSONResponse(world.judge(Verdict.model_validate(await request.json()).output))

    return [
        Route("/about", about, methods=["GET"]),
        Route("/runs", reset, methods=["POST"]),
        Route("/verdict", judge, methods=["POST"]),
    ]


class Guarded:
    """Whoever has no token reaches nothing: neither the tools nor the judge."""

    def __init__(self, app: Any, token: str) -> None:
        self.app = app
        self.expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", []))
        if scope["type"] == "http" and not hmac.compare_digest(headers.get(b"authorization", b""), self.expected):
            await JSONResponse({"detail": "no such token"}, status_code=401)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def application(world: World, mcp_token: str, control_token: str) -> Starlette:
    manager = StreamableHTTPSessionManager(app=tool_server(world), json_response=True, stateless=True)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> Any:
        async with manager.run():
            yield

    async def mcp(scope: Any, receive: Any, send: Any) -> None:
        await manager.handle_request(scope, receive, send)

    routes = [
        Mount("/control", app=Guarded(Starlette(routes=control(world)), control_token)),
        Route("/mcp", endpoint=Guarded(mcp, mcp_token)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def serve(app: Starlette) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    await serving


def main() -> None:
    parser = argparse.ArgumentParser(description="AgentDojo's environments as a tool server")
    parser.add_argument("--suite", required=True, choices=["banking", "slack", "travel", "workspace"])
    suite = parser.parse_args().suite
    missing = [name for name in ("AGENTDOJO_MCP_TOKEN", "AGENTDOJO_CONTROL_TOKEN") if not os.environ.get(name)]
    if missing:
        sys.exit(f"not set: {', '.join(missing)}")
    app = application(World(suite), os.environ["AGENTDOJO_MCP_TOKEN"], os.environ["AGENTDOJO_CONTROL_TOKEN"])
    asyncio.run(serve(app))


if __name__ == "__main__":
    main()
