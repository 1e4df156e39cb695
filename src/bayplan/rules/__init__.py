"""Workspace and Deployment to findings: one file, one rule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules import (
    bound_to_loopback,
    branch_pinned_action,
    bypassed_proxy,
    colliding_replicas,
    container_host_in_browser,
    data_without_volume,
    differing_credentials,
    differing_health_paths,
    differing_package_manager,
    emulated_build,
    env_file_in_image,
    evicting_queue_store,
    floating_base_image,
    floating_package_manager,
    health_check_that_cannot_fail,
    host_port_twice,
    host_twice,
    ignored_key,
    impossible_strategy,
    localhost_in_health_check,
    lost_certificates,
    missed_change,
    missing_app_modules,
    missing_certificate,
    missing_deployed_file,
    missing_dns_module,
    missing_dockerfile,
    missing_env_file,
    missing_health_tool,
    missing_history_fallback,
    missing_mounted_file,
    missing_platform,
    missing_proxy_files,
    missing_proxy_variable,
    missing_standalone_output,
    missing_start_file,
    missing_variable,
    missing_workspace_package,
    mounted_build_output,
    no_way_out,
    old_form,
    oversized_context,
    overtaken_refusal,
    package_manager_as_init,
    password_in_command,
    pg_isready_without_database,
    port_mismatch,
    private_key_in_repository,
    public_variable_at_run_time,
    published_on_internal_network,
    published_store,
    pull_request_image,
    read_only_without_tmpfs,
    redirected_health_path,
    refused_cache_mount,
    refused_key,
    root_user,
    secret_in_compose,
    secret_in_image,
    secret_in_platform_file,
    shell_form_command,
    sleeping_worker,
    stale_build_info,
    token_in_npmrc,
    unanswered_health_path,
    undocumented_variable,
    unhandled_stop_signal,
    unknown_host,
    unknown_key,
    unknown_process_group,
    unknown_upstream,
    unknown_wait,
    unpublished_proxy_port,
    unpushed_image,
    unreachable_private_address,
    unreachable_upstream,
    unset_hostname,
    unset_port,
    unused_allowance,
    unused_variable,
    upper_case_image_name,
    upstream_port,
    wait_cycle,
    waiting_for_start_only,
    waiting_for_unchecked_health,
    wrong_value,
)
from bayplan.rules.facts.whole import whole
from bayplan.tree import Tree

Check = Callable[[Workspace, Deployment], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`effect` is the worst a finding of this rule does; its page is the docstring of the file it is written in."""

    id: str
    effect: Effect
    check: Check

    @property
    def page(self) -> str:
        """Return the documentation of the rule."""
        import sys

        return sys.modules[self.check.__module__].__doc__ or ""

    @property
    def title(self) -> str:
        return self.page.partition("\n")[0]


RULES = (
    # What is copied into images, and where it ends up
    Rule("missing-workspace-package", Effect.WILL_NOT_BUILD, missing_workspace_package.check),  # stale COPY list
    Rule("missing-standalone-output", Effect.WILL_NOT_BUILD, missing_standalone_output.check),  # nothing to copy
    Rule("missing-dockerfile", Effect.WILL_NOT_BUILD, missing_dockerfile.check),  # no such file or stage
    Rule("missing-deployed-file", Effect.WILL_NOT_BUILD, missing_deployed_file.check),  # fly deploy --config
    Rule("missing-app-modules", Effect.WILL_NOT_START, missing_app_modules.check),  # pnpm links are left behind
    Rule("missing-start-file", Effect.WILL_NOT_START, missing_start_file.check),  # a command kept the old path
    Rule("stale-build-info", Effect.WILL_NOT_START, stale_build_info.check),  # tsc believes that it is done
    Rule("env-file-in-image", Effect.EXPOSES_DATA, env_file_in_image.check),  # COPY . . takes .env along
    Rule("secret-in-image", Effect.EXPOSES_DATA, secret_in_image.check),  # ARG and ENV are public
    Rule("token-in-npmrc", Effect.EXPOSES_DATA, token_in_npmrc.check),  # a layer of the build cache keeps it
    Rule("oversized-context", Effect.GROWS, oversized_context.check),  # .git and node_modules in the context
    # What images are built with
    Rule("floating-package-manager", Effect.WILL_NOT_BUILD, floating_package_manager.check),  # pnpm@latest
    Rule("differing-package-manager", Effect.WILL_NOT_BUILD, differing_package_manager.check),  # not the pinned one
    Rule("floating-base-image", Effect.GROWS, floating_base_image.check),  # no tag
    Rule("emulated-build", Effect.GROWS, emulated_build.check),  # an install under QEMU
    Rule("missing-platform", Effect.WILL_NOT_START, missing_platform.check),  # no arm64 where it runs
    Rule("missed-change", Effect.NOT_REACHABLE, missed_change.check),  # the filter does not follow
    Rule("upper-case-image-name", Effect.WILL_NOT_BUILD, upper_case_image_name.check),  # registries refuse it
    Rule("unpushed-image", Effect.WILL_NOT_START, unpushed_image.check),  # a slip in its name
    Rule("pull-request-image", Effect.EXPOSES_DATA, pull_request_image.check),  # unread code under latest
    Rule("branch-pinned-action", Effect.UNTIDY, branch_pinned_action.check),  # @main
    # Variables
    Rule("missing-variable", Effect.WILL_NOT_START, missing_variable.check),  # required and not given
    Rule("public-variable-at-run-time", Effect.NOT_REACHABLE, public_variable_at_run_time.check),  # too late
    Rule("secret-in-compose", Effect.EXPOSES_DATA, secret_in_compose.check),  # git never forgets
    Rule("secret-in-platform-file", Effect.EXPOSES_DATA, secret_in_platform_file.check),  # the same on Fly
    Rule("container-host-in-browser", Effect.NOT_REACHABLE, container_host_in_browser.check),  # http://api:4000
    Rule("differing-credentials", Effect.WILL_NOT_START, differing_credentials.check),  # URL against POSTGRES_*
    Rule("unknown-host", Effect.NOT_REACHABLE, unknown_host.check),  # localhost in a container
    Rule("undocumented-variable", Effect.UNTIDY, undocumented_variable.check),  # not in .env.example
    Rule("unused-variable", Effect.UNTIDY, unused_variable.check),  # in .env.example, and nowhere else
    # Ports and addresses
    Rule("port-mismatch", Effect.NOT_REACHABLE, port_mismatch.check),  # code, EXPOSE, checks, platforms
    Rule("unset-port", Effect.NOT_REACHABLE, unset_port.check),  # Railway makes up a PORT
    Rule("bound-to-loopback", Effect.NOT_REACHABLE, bound_to_loopback.check),  # 127.0.0.1 inside a container
    Rule("host-port-twice", Effect.WILL_NOT_START, host_port_twice.check),  # two services, one port
    Rule("no-way-out", Effect.NOT_REACHABLE, no_way_out.check),  # an internal network alone
    Rule("unreachable-private-address", Effect.NOT_REACHABLE, unreachable_private_address.check),  # IPv4 alone
    Rule(
        "published-on-internal-network", Effect.NOT_REACHABLE, published_on_internal_network.check
    ),  # Docker opens nothing there
    Rule("published-store", Effect.EXPOSES_DATA, published_store.check),  # past the firewall
    Rule("bypassed-proxy", Effect.EXPOSES_DATA, bypassed_proxy.check),  # without TLS and refusals
    # The proxy: from host name to listening process
    Rule("unknown-upstream", Effect.NOT_REACHABLE, unknown_upstream.check),  # localhost in the proxy's container
    Rule("unreachable-upstream", Effect.NOT_REACHABLE, unreachable_upstream.check),  # no network in common
    Rule("upstream-port", Effect.NOT_REACHABLE, upstream_port.check),  # the port on the host, or none
    Rule(
        "unpublished-proxy-port", Effect.NOT_REACHABLE, unpublished_proxy_port.check
    ),  # 80 alone, with automatic HTTPS
    Rule("overtaken-refusal", Effect.EXPOSES_DATA, overtaken_refusal.check),  # Caddy sorts directives
    Rule("host-twice", Effect.WILL_NOT_START, host_twice.check),  # ambiguous site definition
    Rule("missing-proxy-variable", Effect.WILL_NOT_START, missing_proxy_variable.check),  # {$NAME} of nothing
    Rule("missing-dns-module", Effect.WILL_NOT_START, missing_dns_module.check),  # module not registered
    Rule("missing-certificate", Effect.WILL_NOT_START, missing_certificate.check),  # no mount brings it
    Rule("private-key-in-repository", Effect.EXPOSES_DATA, private_key_in_repository.check),  # git never forgets
    Rule("lost-certificates", Effect.LOSES_DATA, lost_certificates.check),  # no volume at /data
    Rule("missing-proxy-files", Effect.NOT_REACHABLE, missing_proxy_files.check),  # an empty folder
    Rule("missing-history-fallback", Effect.NOT_REACHABLE, missing_history_fallback.check),  # 404 on reload
    # Health, and who waits for whom
    Rule("unanswered-health-path", Effect.NOT_REACHABLE, unanswered_health_path.check),  # no such route
    Rule("redirected-health-path", Effect.NOT_REACHABLE, redirected_health_path.check),  # checks follow none
    Rule("differing-health-paths", Effect.UNTIDY, differing_health_paths.check),  # one app, two paths
    Rule("missing-health-tool", Effect.NOT_REACHABLE, missing_health_tool.check),  # no curl in the image
    Rule("localhost-in-health-check", Effect.NOT_REACHABLE, localhost_in_health_check.check),  # ::1 for BusyBox
    Rule("unset-hostname", Effect.NOT_REACHABLE, unset_hostname.check),  # Next.js on the container's address alone
    Rule("pg-isready-without-database", Effect.GROWS, pg_isready_without_database.check),  # FATAL in the log
    Rule("waiting-for-start-only", Effect.NOT_REACHABLE, waiting_for_start_only.check),  # started, not healthy
    Rule("waiting-for-unchecked-health", Effect.WILL_NOT_START, waiting_for_unchecked_health.check),  # for ever
    Rule("wait-cycle", Effect.WILL_NOT_START, wait_cycle.check),  # each waits for the other
    Rule(
        "health-check-that-cannot-fail", Effect.WILL_NOT_START, health_check_that_cannot_fail.check
    ),  # curl without --fail
    Rule("unknown-wait", Effect.WILL_NOT_START, unknown_wait.check),  # a misspelt service
    # The files of platforms, by the platforms' own rules
    Rule("unknown-key", Effect.NOT_REACHABLE, unknown_key.check),  # passed over
    Rule("wrong-value", Effect.WILL_NOT_BUILD, wrong_value.check),  # a type, a word, a missing key
    Rule("refused-cache-mount", Effect.WILL_NOT_BUILD, refused_cache_mount.check),  # Railway's builder
    Rule("refused-key", Effect.WILL_NOT_BUILD, refused_key.check),  # not beside another
    Rule("ignored-key", Effect.UNTIDY, ignored_key.check),  # known, and not acted on
    Rule("old-form", Effect.UNTIDY, old_form.check),  # replaced by another
    # Running
    Rule("colliding-replicas", Effect.WILL_NOT_START, colliding_replicas.check),  # one port, one name
    Rule("unknown-process-group", Effect.WILL_NOT_START, unknown_process_group.check),  # for no machine
    Rule("impossible-strategy", Effect.WILL_NOT_START, impossible_strategy.check),  # bluegreen without checks
    Rule("sleeping-worker", Effect.NOT_REACHABLE, sleeping_worker.check),  # jobs wake nothing up
    Rule("unhandled-stop-signal", Effect.LOSES_DATA, unhandled_stop_signal.check),  # Fly sends SIGINT
    Rule("missing-env-file", Effect.WILL_NOT_START, missing_env_file.check),  # compose refuses
    Rule("missing-mounted-file", Effect.WILL_NOT_START, missing_mounted_file.check),  # a folder in its place
    Rule("password-in-command", Effect.UNTIDY, password_in_command.check),  # ps shows it
    Rule("data-without-volume", Effect.LOSES_DATA, data_without_volume.check),  # PostgreSQL 18 moved its folder
    Rule("evicting-queue-store", Effect.LOSES_DATA, evicting_queue_store.check),  # jobs vanish
    Rule("mounted-build-output", Effect.NOT_REACHABLE, mounted_build_output.check),  # the inode changes
    Rule("read-only-without-tmpfs", Effect.WILL_NOT_START, read_only_without_tmpfs.check),  # nowhere to write
    Rule("root-user", Effect.UNTIDY, root_user.check),  # no USER
    Rule("package-manager-as-init", Effect.UNTIDY, package_manager_as_init.check),  # npm gets the signals
    Rule("shell-form-command", Effect.UNTIDY, shell_form_command.check),  # a shell gets the signals
    # Comments that allow findings
    Rule("unused-allowance", Effect.UNTIDY, unused_allowance.check),  # it allows nothing
)
BY_ID = {rule.id: rule for rule in RULES}


def check(workspace: Workspace, deployment: Deployment, tree: Tree) -> tuple[Finding, ...]:
    """Return what is wrong and not allowed by a comment, in the order of files and lines, each thing once.

    The tree is asked for comments that allow findings, and for nothing else.
    """
    every = whole(workspace)
    found = (finding for rule in RULES for finding in rule.check(every, deployment))
    kept = unused_allowance.applied(dict.fromkeys(found), tree, _files(deployment), frozenset(BY_ID))
    once: dict[tuple[object, ...], Finding] = {}
    for finding in kept:
        once.setdefault((finding.rule, finding.places[0], finding.message), finding)
    return tuple(sorted(once.values(), key=_order))


def _files(deployment: Deployment) -> list[str]:
    return [
        *(image.path for image in deployment.images),
        *(compose.path for compose in deployment.composes),
        *(path for proxy in deployment.proxies for path in (proxy.path, *proxy.imports)),
        *(file.path for file in deployment.env_files),
        *(file.path for file in deployment.ignores),
        *(workflow.path for workflow in deployment.workflows),
        *(service.at.file for service in deployment.platform_services),
    ]


def _order(finding: Finding) -> tuple[object, ...]:
    at = finding.places[0].at
    return at.file, at.line, at.column, finding.rule, finding.message
