"""The directives that Caddy has, in the order in which it tries them, whatever their order in the file."""

ORDER = (
    "tracing",
    "map",
    "vars",
    "fs",
    "root",
    "log_append",
    "skip_log",
    "log_skip",
    "log_name",
    "header",
    "copy_response_headers",
    "request_body",
    "redir",
    "method",
    "rewrite",
    "uri",
    "try_files",
    "basicauth",
    "basic_auth",
    "forward_auth",
    "request_header",
    "encode",
    "push",
    "intercept",
    "templates",
    "invoke",
    "handle",
    "handle_path",
    "route",
    "abort",
    "error",
    "copy_response",
    "respond",
    "metrics",
    "reverse_proxy",
    "php_fastcgi",
    "php_server",
    "php",
    "file_server",
    "acme_server",
)
OF_THE_SITE = ("bind", "tls", "log", "handle_errors", "import")
DIRECTIVES = frozenset({*ORDER, *OF_THE_SITE})
WITHOUT_MATCHER = frozenset({*OF_THE_SITE, "try_files", "invoke", "handle_path", "log_name"})
"""Directives whose first argument is never a matcher, or always a path."""
ANSWERS = frozenset(
    {
        "abort",
        "acme_server",
        "error",
        "file_server",
        "forward_auth",
        "metrics",
        "php",
        "php_fastcgi",
        "php_server",
        "redir",
        "respond",
        "reverse_proxy",
    }
)
