"""A service that needs the outside world has only internal networks.

What it means: every network of the service is `internal: true`, and its code uses a service on the internet: an object
store, payments, mail, an AI model.

Why it is bad: an internal network has no route outside. The service starts, is healthy, and fails at the first request
that needs the other side.

Bad:

```dockerfile apps/mailer/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/mailer/dist/main.js"]
```

```yaml compose.yaml
services:
  mailer:
    build:
      context: .
      dockerfile: apps/mailer/Dockerfile
    networks: [backend]
networks:
  backend:
    internal: true
```

Good:

```dockerfile apps/mailer/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/mailer/dist/main.js"]
```

```yaml compose.yaml
services:
  mailer:
    build:
      context: .
      dockerfile: apps/mailer/Dockerfile
    networks: [backend, egress]
networks:
  backend:
    internal: true
  egress: {}
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import ComposeFile, DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Dependency, Package, Workspace
from bayplan.rules.facts.apps import app_of, apps, is_production, members

OBJECT_STORE = re.compile(r"^(@aws-sdk/client-s3|@aws-sdk/s3-request-presigner|aws-sdk|minio|@google-cloud/storage)$")
OUTSIDE = re.compile(
    r"^(stripe|openai|@anthropic-ai/sdk|@google/(generative-ai|genai)|@mistralai/.*|ai|cohere-ai|replicate|groq-sdk|"
    r"@ai-sdk/.*|resend|postmark|@sendgrid/mail|mailgun(-js|\.js)|nodemailer|twilio|@sentry/.*|posthog-node|"
    r"@octokit/.*|octokit|@slack/web-api|algoliasearch|firebase-admin|@supabase/supabase-js|@clerk/.*|"
    r"@aws-sdk/client-.*|@azure/.*|@google-cloud/.*|plaid|web3|ethers|viem|telegraf|discord\.js)$"
)
STORES = re.compile(r"(^|/)(minio|localstack|garage|seaweedfs|rustfs|ceph|s3mock|s3proxy|fake-gcs-server)")
MAIL = re.compile(r"(^|/)(mailpit|mailhog|maildev|postfix|smtp|docker-mailserver)")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    every = apps(workspace, deployment)
    for compose in deployment.composes:
        internal = {network.name: network for network in compose.networks if network.internal}
        for service in compose.services:
            app = app_of(every, service)
            names = [network.value for network in service.networks]
            if app is None or not names or any(name not in internal for name in names) or _has_proxy(service):
                continue
            package = app.runs(service)
            needed = _needs(members(workspace, package), compose) if package else None
            if needed is not None:
                yield Finding(
                    "no-way-out",
                    Effect.NOT_REACHABLE,
                    f"`{service.name}` has only internal networks, and {needed.name} needs the internet",
                    (
                        Place(service.networks[0].at, "no network of it leads outside"),
                        Place(internal[names[0]].at, "internal: nothing on it can reach the internet"),
                        Place(needed.at, f"{needed.name} talks to a service outside"),
                    ),
                    f"`{service.name}` starts and is healthy, and everything that needs {needed.name} fails",
                    f"give `{service.name}` one more network that is not internal",
                )


def _has_proxy(service: DeployedService) -> bool:
    return any(name.upper() in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in service.environment)


def _needs(packages: tuple[Package, ...], compose: ComposeFile) -> Dependency | None:
    images = [service.image.value for service in compose.services if service.image]
    has_store = any(STORES.search(image) for image in images)
    has_mail = any(MAIL.search(image) for image in images)
    for member in packages:
        for dependency in member.dependencies:
            if not is_production(dependency.kind) or dependency.folder is not None:
                continue
            if OBJECT_STORE.match(dependency.name):
                if not has_store:
                    return dependency
            elif OUTSIDE.match(dependency.name) and not (dependency.name == "nodemailer" and has_mail):
                return dependency
    return None
