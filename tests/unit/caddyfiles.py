"""Caddyfiles as people write them, and files that Caddy refuses."""

GOOD: dict[str, str] = {
    "one proxied host": """
example.com {
	reverse_proxy app:3000
}
""",
    "no braces": """
app.example.com

reverse_proxy web:8080
encode gzip
""",
    "no braces, path first": """
:8080
root * /srv
file_server browse
respond /health 200
""",
    "single page app with an api": """
# the shop
shop.example.com {
	encode zstd gzip

	handle /api/* {
		reverse_proxy api:3000
	}

	handle {
		root * /srv/web
		try_files {path} /index.html
		file_server
	}
}
""",
    "prefix taken off": """
example.com {
	handle_path /api/* {
		reverse_proxy backend:8000
	}
	handle_path /docs* {
		root * /docs
		file_server
	}
	reverse_proxy web:3000
}
""",
    "nested handles": """
example.com {
	handle_path /api/* {
		handle /v1/* {
			reverse_proxy v1:3000
		}
		handle_path /v2/* {
			reverse_proxy v2:3000
		}
		respond /metrics 403
	}
	handle {
		reverse_proxy web:3000
	}
}
""",
    "metrics refused": """
api.example.com {
	tls /etc/caddy/certs/origin.pem /etc/caddy/certs/origin.key
	respond /metrics 403
	reverse_proxy api:3000
}
""",
    "origin certificates, redirect": """
{
	auto_https off
	email ops@example.com
}

http://api.example.com, http://www.example.com {
	redir https://{host}{uri} permanent
}

https://api.example.com {
	tls /certs/cert.pem /certs/key.pem
	@metrics path /metrics /metrics/*
	respond @metrics 403
	reverse_proxy api:3000 {
		health_uri /health
		health_interval 10s
	}
}

https://www.example.com {
	tls /certs/cert.pem /certs/key.pem
	root * /srv/web
	try_files {path} /index.html
	file_server
	header /assets/* Cache-Control "public, max-age=31536000, immutable"
}
""",
    "several sites": """
a.example.com, b.example.com:8443 {
	reverse_proxy one:1000
}
c.example.com
{
	reverse_proxy two:2000
}
d.example.com,
e.example.com {
	respond "hello" 200
}
""",
    "every kind of address": """
https://a.example.com:9443, http://b.example.com, *.c.example.com, localhost, :9000, 10.0.0.1, [::1]:8888 {
	respond "here"
}
""",
    "path in an address": """
example.com/blog/* {
	reverse_proxy blog:80
}
example.com {
	reverse_proxy web:80
}
""",
    "all hosts of a scheme": """
http:// {
	redir https://{host}{uri} 308
}
https:// {
	tls internal {
		on_demand
	}
	reverse_proxy web:80
}
""",
    "snippets": """
(logged) {
	log {
		output file /var/log/access.log {
			roll_size 10mb
		}
	}
}
(safe) {
	header {
		Strict-Transport-Security "max-age=31536000; includeSubDomains"
		X-Frame-Options DENY
		-Server
	}
	import logged
}
a.example.com {
	import safe
	reverse_proxy a:80
}
b.example.com {
	import safe
	reverse_proxy b:80
}
""",
    "snippet with arguments": """
(service) {
	reverse_proxy {args.0}:{args.1}
	header X-Service "{args.0}"
}
a.example.com {
	import service api 3000
}
b.example.com {
	import service web 8080
}
""",
    "snippet of a whole site": """
(site) {
	{args.0}.example.com {
		reverse_proxy {args.0}:80
	}
}
import site alpha
import site beta
""",
    "wildcard by host matcher": """
*.example.com {
	tls {
		dns cloudflare {env.CLOUDFLARE_API_TOKEN}
	}
	@grafana host grafana.example.com
	handle @grafana {
		reverse_proxy grafana:3000
	}
	@git host git.example.com
	handle @git {
		reverse_proxy gitea:3000
	}
	handle {
		abort
	}
}
""",
    "websockets": """
chat.example.com {
	@socket {
		header Connection *Upgrade*
		header Upgrade websocket
	}
	reverse_proxy @socket sockets:6001
	reverse_proxy /socket.io/* sockets:6001
	reverse_proxy web:3000
}
""",
    "php": """
blog.example.com {
	root * /var/www/html/public
	encode gzip
	php_fastcgi php:9000
	file_server
}
""",
    "php with files that are hidden": """
:80 {
	root * /app
	@hidden path /.env /.git/*
	respond @hidden 404
	php_fastcgi unix//run/php/php8.2-fpm.sock {
		index index.php
	}
	file_server {
		hide .git
		index index.html
	}
}
""",
    "basic authentication": """
admin.example.com {
	basicauth /private/* {
		bob JDJhJDE0JFdmazF2QWphVmZZNTJON1RMNG5EMy5GbHM5UEJMNU5TamFaLmw0QTg=
	}
	reverse_proxy admin:9000
}
""",
    "asks another service first": """
app.example.com {
	forward_auth authelia:9091 {
		uri /api/verify?rd=https://auth.example.com/
		copy_headers Remote-User Remote-Groups
	}
	reverse_proxy app:80
}
""",
    "order of directives": """
example.com {
	file_server
	respond /teapot "short and stout" 418
	reverse_proxy /api/* api:80
	redir /old /new 301
	error /secret "no" 404
	root * /srv
	abort /abort
	rewrite /r/* /s{uri}
	reverse_proxy /api/deep/* deep:80
	reverse_proxy /api* any:80
}
""",
    "route keeps the order": """
example.com {
	route /api/* {
		uri strip_prefix /api
		reverse_proxy api:80
		file_server
	}
	route {
		file_server
		reverse_proxy web:80
	}
}
""",
    "order of an unsorted file": """
:80 {
	handle {
		respond 3
	}
	handle_path /longer/path/* {
		respond 1
	}
	handle /short* {
		respond 2
	}
	handle_path /z/* {
		respond 4
	}
}
""",
    "rewriting before the proxy": """
{$DOMAIN:localhost} {
	request_body {
		max_size 50MB
	}
	handle_path /api/* {
		rewrite * /api/v1{uri}
		reverse_proxy backend:8000
	}
	handle /admin/* {
		reverse_proxy backend:8000
	}
	handle {
		reverse_proxy frontend:80
	}
}
""",
    "variables with defaults": """
{
	email {$EMAIL:nobody@example.com}
}
{$SITES:one.example.com, two.example.com} {
	reverse_proxy {$UPSTREAMS:api:3000 api:3001}
	header X-Stage "{$STAGE:staging}"
}
""",
    "other ports": """
{
	http_port 8080
	https_port 8443
}
example.com {
	respond "secure"
}
http://example.com {
	redir https://{host}:8443{uri}
}
plain.example.com:8080 {
	respond "plain"
}
""",
    "upstream in another protocol": """
secure.example.com {
	reverse_proxy https://10.0.0.5:8443 {
		transport http {
			tls_insecure_skip_verify
		}
		header_up Host {upstream_hostport}
	}
}
grpc.example.com {
	reverse_proxy h2c://grpc:50051
}
""",
    "upstream with tls": """
example.com {
	reverse_proxy {
		to one:443 two:443
		to three:443
		lb_policy least_conn
		lb_try_duration 5s
		health_uri /up
		transport http {
			tls
			tls_server_name internal.example.com
		}
	}
}
""",
    "upstreams of every form": """
:80 {
	reverse_proxy /a/* :3000
	reverse_proxy /b/* unix//run/app.sock
	reverse_proxy /c/* bare
	reverse_proxy /d/* http://plain
	reverse_proxy /e/* https://encrypted
	reverse_proxy /f/* {http.request.host.labels.2}:8080
	reverse_proxy /g/* localhost:3000 127.0.0.1:3001 [::1]:3002
}
""",
    "matchers in blocks": """
example.com {
	@static {
		path *.css *.js /assets/*
		not path /assets/private/*
	}
	@post {
		method POST PUT
		path /submit
	}
	@elsewhere {
		not {
			path /submit
			method GET
		}
		not path /a /b
		header X-Test yes
	}
	header @static Cache-Control max-age=3600
	reverse_proxy @post forms:80
	respond @elsewhere "no" 405
	file_server @static
}
""",
    "expressions": """
example.com {
	@api `path('/api/*')`
	@get expression {method} == 'GET'
	respond @api 404
	respond @get "got"
}
""",
    "several roots": """
example.com {
	root * /srv/all
	root /static/* /srv/static
	@uploads path /uploads/* /media/*
	root @uploads /srv/uploads
	file_server
}
""",
    "file server with its own root": """
example.com {
	root * /srv
	file_server /downloads/* {
		root /downloads
		browse
	}
	file_server
}
""",
    "errors": """
example.com {
	root * /srv
	file_server
	handle_errors {
		@missing expression {err.status_code} == 404
		rewrite @missing /404.html
		file_server
	}
}
""",
    "maintenance": """
example.com {
	@allowed remote_ip 192.168.0.0/16 10.0.0.0/8
	handle @allowed {
		reverse_proxy app:80
	}
	handle {
		respond "Back soon" 503 {
			close
		}
	}
}
""",
    "www to the bare name": """
www.example.com {
	redir https://example.com{uri} html
}
old.example.com {
	redir https://example.com{uri} temporary
}
example.com {
	redir /here https://elsewhere.example.com 302
	reverse_proxy app:80
}
""",
    "quotes and backquotes": """
example.com {
	header Content-Security-Policy "default-src 'self'; script-src \\"none\\""
	header X-Raw `{"a": "b \\c"}`
	respond "a # is no comment" 200
	respond /raw `back "quoted"` 202
	respond /word has#hash
}
""",
    "continued lines": """
example.com {
	reverse_proxy \\
		one:80 \\
		two:80
	respond /long \\
		"text" 201 # said
}
""",
    "local development": """
{
	local_certs
	admin off
	auto_https disable_redirects
}
app.localhost {
	tls internal
	reverse_proxy host.docker.internal:5173
}
""",
    "bound to one address": """
example.com {
	bind 192.0.2.10
	reverse_proxy web:2000 {
		header_up Host {host}
		header_up X-Real-IP {remote_host}
		flush_interval -1
	}
}
""",
    "order option": """
{
	order respond before redir
	order reverse_proxy first
}
example.com {
	redir /x /y
	respond /z 200
	reverse_proxy /w web:80
}
""",
    "metrics and acme": """
:2020 {
	metrics /metrics
	acme_server /acme/*
	respond 404
}
""",
    "windows line ends": 'example.com {\r\n\treverse_proxy app:3000\r\n\trespond /x "y"\r\n}\r\n',
    "byte order mark": "\ufeffexample.com {\n\trespond 204\n}\n",
    "only options": "{\n\temail a@example.com\n}\n",
    "nothing": "# only a comment\n",
    "handles that end nothing": """
example.com {
	handle /a/* {
		header X-A yes
	}
	handle /a/b/* {
		respond "never"
	}
	handle {
		respond "rest"
	}
	respond "after" 202
}
""",
    "variables that bring directives": """
{
	{$OPTIONS}
}
{$MORE}
{$NAME:localhost} {
	{$DIRECTIVES}
	reverse_proxy app:80
}
""",
}

NEWER: dict[str, str] = {
    "heredoc": """
example.com {
	respond <<HTML
		<p>{host}</p>

		<p>"quoted"</p>
		HTML 418
	reverse_proxy /api/* api:80
}
""",
    "snippet with arguments in brackets": """
(service) {
	reverse_proxy {args[:]}
	header X-First {args[0]}
}
example.com {
	import service one:80 two:80
}
""",
    "named route": """
&(files) {
	root * /srv
	file_server
}
example.com {
	reverse_proxy /api/* api:80
	invoke files
}
""",
    "root without a matcher": """
example.com {
	root /srv
	file_server
}
""",
}

BAD: dict[str, str] = {
    "brace never closed": "example.com {\n\trespond 200\n",
    "brace closed twice": "example.com {\n\trespond 200\n}\n}\n",
    "brace touches an address": "example.com{\n\trespond 200\n}\n",
    "empty braces": "example.com {}\n",
    "word after a brace": "example.com {\n\thandle { respond 200 }\n}\n",
    "brace on a new line": "example.com {\n\thandle\n\t{\n\t\trespond 200\n\t}\n}\n",
    "quote never closed": 'example.com {\n\trespond "x\n}\n',
    "backquote never closed": "example.com {\n\trespond `x\n}\n",
    "comma without an address": "example.com, {\n\trespond 200\n}\n",
    "comma at the end": "example.com,",
    "options not at the top": "example.com {\n\trespond 200\n}\n{\n\temail a@example.com\n}\n",
    "second site without braces": "one.example.com\nrespond 200\ntwo.example.com {\n\trespond 200\n}\n",
    "snippet defined twice": "(a) {\n\tencode gzip\n}\n(a) {\n\tencode gzip\n}\nexample.com {\n\timport a\n}\n",
    "matcher defined twice": "example.com {\n\t@a path /a\n\t@a path /b\n\trespond @a 200\n}\n",
    "matcher never defined": "example.com {\n\trespond @a 200\n}\n",
    "import of nothing": "example.com {\n\timport\n}\n",
    "snippet that imports itself": "(a) {\n\timport a\n}\nexample.com {\n\timport a\n}\n",
    "path in an upstream": "example.com {\n\treverse_proxy http://api:3000/v1\n}\n",
    "port that is none": "example.com:99999999 {\n\trespond 200\n}\n",
}

TOLERATED: dict[str, str] = {
    "unknown directive": "example.com {\n\trate_limit 5\n\trespond 200\n}\n",
    "import of a file that is not there": "example.com {\n\timport elsewhere\n}\n",
    "a site twice": "example.com {\n\trespond 200\n}\nexample.com {\n\trespond 201\n}\n",
    "module that is not there": "example.com {\n\ttls {\n\t\tdns unknown {env.T}\n\t}\n}\n",
    "two schemes of upstreams": "example.com {\n\treverse_proxy https://a h2c://b\n}\n",
    "wrong number of words": "example.com {\n\tredir\n}\n",
}
"""What Caddy refuses and bayplan reads: a plugin or a file may be there when it runs, and rules say the rest."""

STRICTER: dict[str, str] = {
    "inner brace never closed": "example.com {\n\thandle {\n\t\trespond 200\n}\n",
    "unknown scheme": "ftp://example.com {\n\trespond 200\n}\n",
    "brace at the end of a line": "example.com {\n\thandle {\n\t\trespond 200 }\n}\n",
    "directive instead of an address": "respond hello\n",
}
"""What older versions of Caddy take for something that nobody means."""

UNLIKE_AS_WORDS = frozenset({"variables with defaults", "expressions", "nothing"})
"""Where it matters whether a word has quotes: a default of several words, an expression; and a file of no words."""
