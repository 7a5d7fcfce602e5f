"""A server that judges requests by GitHub's own description of its API, and treats comments as GitHub does.

    python3 mock.py <description>

The description is `generated/api.github.com.json` of npm `@octokit/openapi`. Needs `jsonschema` (PyPI).

Prints its address. `POST /_reset` with an object sets it up anew: `token`, `login`, `type` (of the token's account),
`comments` (a list of `login`, `type`, `body`). `GET /_state` gives `comments`, `requests`, and `violations`: the
requests that the description does not have (unknown path or method, unknown or bad parameter, bad body), and those of
its own answers that it does not have either. Ends when its standard input does.
"""

import copy
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

MAX_BODY = 65536


def plain(schema):
    """A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` is a type of its own there."""
    if isinstance(schema, list):
        return [plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: plain(part) for key, part in schema.items()}
    if schema.pop("nullable", False) is True:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


class Description:
    def __init__(self, text):
        whole = json.loads(text)
        self.components = plain(whole["components"])
        self.examples = whole["components"]["examples"]
        self.paths = []
        for template, methods in whole["paths"].items():
            parts = re.split(r"\{([^}]+)\}", template)
            pattern = "".join(
                re.escape(part) if index % 2 == 0 else "([^/]+)" for index, part in enumerate(parts)
            )
            self.paths.append((re.compile(pattern), template, parts[1::2], methods))
        # A path without parameters is meant before one with them.
        self.paths.sort(key=lambda path: path[1].count("{"))

    def resolve(self, part):
        while "$ref" in part:
            name = part["$ref"].removeprefix("#/components/").split("/")
            part = self.components[name[0]][name[1]]
        return part

    def errors(self, schema, value):
        schema = {**plain(schema), "components": self.components}
        return [error.message[:300] for error in jsonschema.Draft4Validator(schema).iter_errors(value)]

    def find(self, method, path):
        """The operation and its path parameters; `None` if there is none."""
        for pattern, template, names, methods in self.paths:
            match = pattern.fullmatch(path)
            if match and method.lower() in methods:
                return template, methods[method.lower()], dict(zip(names, match.groups()))
        return None

    def judge_request(self, method, address, body):
        """What is wrong with a request."""
        parts = urlsplit(address)
        found = self.find(method, parts.path)
        if found is None:
            return [f"no such operation: {method} {parts.path}"]
        _, operation, in_path = found
        wrong = []
        parameters = {}
        for parameter in operation.get("parameters", []):
            parameter = self.resolve(parameter)
            parameters[parameter["in"], parameter["name"]] = parameter
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        given = [("path", name, unquote(value)) for name, value in in_path.items()]
        given += [("query", name, value) for name, value in query]
        for place, name, text in given:
            parameter = parameters.get((place, name))
            if parameter is None:
                wrong.append(f"no such parameter in the {place}: {name}")
                continue
            schema = self.resolve(parameter["schema"])
            value = int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else text
            wrong += [f"{name}: {error}" for error in self.errors(schema, value)]
        if len({name for name, _ in query}) != len(query):
            wrong.append("a parameter is given twice")
        for (place, name), parameter in parameters.items():
            if parameter.get("required") and (place, name) not in {(place, name) for place, name, _ in given}:
                wrong.append(f"missing in the {place}: {name}")
        content = operation.get("requestBody")
        if content is None:
            if body:
                wrong.append("a body where there is none")
        elif body or content.get("required"):
            schema = content["content"]["application/json"]["schema"]
            try:
                value = json.loads(body)
            except ValueError as error:
                return wrong + [f"the body is no JSON: {error}"]
            wrong += [f"body: {error}" for error in self.errors(schema, value)]
            # The schema allows more, but what it does not name would be ignored.
            if isinstance(value, dict):
                wrong += [f"body: unknown {key}" for key in value if key not in self.resolve(schema)["properties"]]
        return wrong

    def judge_answer(self, method, address, status, value):
        """What is wrong with an answer of this server: then it is no judge."""
        found = self.find(method, urlsplit(address).path)
        responses = found[1]["responses"] if found else {}
        if str(status) not in responses:
            # Every operation may be answered with these.
            return [] if status in (401, 403, 404) else [f"no such status: {status}"]
        content = self.resolve(responses[str(status)]).get("content")
        if content is None:
            return []
        return self.errors(content["application/json"]["schema"], value)


class World:
    def __init__(self, description):
        self.description = description
        self.reset({})

    def reset(self, setup):
        self.token = setup.get("token", "")
        self.account = (setup.get("login", "github-actions[bot]"), setup.get("type", "Bot"))
        self.requests = []
        self.violations = []
        self.comments = []
        for comment in setup.get("comments", []):
            self.add(comment["login"], comment["type"], comment["body"])

    def add(self, login, kind, body):
        number = 5000 + len(self.comments)
        comment = copy.deepcopy(self.description.examples["issue-comment"]["value"])
        comment.update(
            id=number,
            node_id=f"IC_{number}",
            url=f"https://api.github.com/repos/acme/infra/issues/comments/{number}",
            html_url=f"https://github.com/acme/infra/pull/12#issuecomment-{number}",
            # What GitHub makes of a text before it keeps it.
            body=body.replace("\r\n", "\n").replace("\n", "\r\n").rstrip(),
        )
        comment["user"].update(login=login, type=kind)
        self.comments.append(comment)
        return comment

    def act(self, method, address, body):
        """Status, answer, and further headers."""
        parts = urlsplit(address)
        template, _, values = self.description.find(method, parts.path)
        if template == "/user":
            return 403, {"message": "Resource not accessible by integration"}, {}
        if (values.get("owner"), values.get("repo")) != ("acme", "infra"):
            return 404, {"message": "Not Found"}, {}
        if template == "/repos/{owner}/{repo}/issues/{issue_number}/comments":
            if values["issue_number"] != "12":
                return 404, {"message": "Not Found"}, {}
            if method == "POST":
                text = json.loads(body)["body"]
                if len(text) > MAX_BODY:
                    error = {
                        "resource": "IssueComment",
                        "code": "custom",
                        "field": "data",
                        "message": f"Body is too long (maximum is {MAX_BODY} characters)",
                    }
                    url = "https://docs.github.com/rest"
                    return 422, {"message": "Validation Failed", "errors": [error], "documentation_url": url}, {}
                return 201, self.add(*self.account, text), {}
            query = dict(parse_qsl(parts.query))
            per_page, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
            shown = self.comments[(page - 1) * per_page : page * per_page]
            last = (len(self.comments) + per_page - 1) // per_page
            links = [(page + 1, "next"), (last, "last")] if page < last else []
            links = ", ".join(
                f'<https://api.github.com{parts.path}?per_page={per_page}&page={to}>; rel="{rel}"' for to, rel in links
            )
            return 200, shown, {"Link": links} if links else {}
        if template == "/repos/{owner}/{repo}/issues/comments/{comment_id}" and method == "PATCH":
            comment = next((one for one in self.comments if str(one["id"]) == values["comment_id"]), None)
            if comment is None:
                return 404, {"message": "Not Found"}, {}
            if comment["user"]["login"] != self.account[0]:
                return 403, {"message": "Resource not accessible by integration"}, {}
            comment["body"] = json.loads(body)["body"].replace("\r\n", "\n").replace("\n", "\r\n").rstrip()
            return 200, comment, {}
        if template == "/repos/{owner}/{repo}/pulls" and method == "GET":
            return 200, [], {}
        return 500, {"message": "this server does not know how"}, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def reply(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self):
        world = self.world
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/_reset":
            world.reset(json.loads(body))
            return self.reply(200, {})
        if self.path == "/_state":
            state = {"comments": world.comments, "requests": world.requests, "violations": world.violations}
            return self.reply(200, state)
        method = self.command
        world.requests.append(f"{method} {self.path}")
        wrong = world.description.judge_request(method, self.path, body)
        if not self.headers.get("User-Agent"):
            wrong.append("no User-Agent, which GitHub refuses")
        if wrong:
            world.violations += [f"{method} {self.path}: {one}" for one in wrong]
            return self.reply(500, {"message": "violation"})
        if self.headers.get("Authorization") != f"Bearer {world.token}":
            return self.reply(401, {"message": "Bad credentials"})
        status, value, headers = world.act(method, self.path, body)
        wrong = world.description.judge_answer(method, self.path, status, value)
        world.violations += [f"the answer to {method} {self.path}: {one}" for one in wrong]
        return self.reply(status, value, headers)

    def locked(self):
        with self.lock:
            self.handle_one()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = locked


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        Handler.world = World(Description(file.read()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


main()
