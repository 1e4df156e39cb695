"""What the steps of the image workflow run in bash, without an expression of GitHub's, which could bring in code."""

import re
import shlex
from collections.abc import Iterator, Sequence

from bayplan.model.parts import Asked, Given, parts_of
from bayplan.writers.published import Published, Told

FILE = ".github/workflows/docker-build.yml"
PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
WIDTH = 100
LATEST = "latest"
MISSING = "is built in: set it in Settings, Secrets and variables, Actions, Variables"

FUNCTION = f"""\
image() {{ # image NAME REPOSITORY CONTEXT DOCKERFILE [ARGUMENT=VALUE...] -- PATH...
  local name=$1 repository=${{2,,}} context=$3 file=$4 arguments=() tags=() key there=true
  shift 4
  while [ "$1" != -- ]; do arguments+=("$1") && shift; done
  shift
  # What it is made from; this file too, for it says for which platforms
  key=$(
    {{ git ls-tree HEAD -- {FILE} "$@" && printf '%s\\n' "${{arguments[@]}}"; }} |
      sha256sum | cut -c -40
  )
  if [ "$EVERYTHING" = true ] ||
    ! docker buildx imagetools inspect "$repository:tree-$key" >/dev/null 2>&1; then
    there=false
  fi
  tags=("@prefix@$GITHUB_SHA" "@prefix@${{GITHUB_REF_NAME//[^a-zA-Z0-9_.-]/-}}")
  if [ "$GITHUB_REF" = refs/heads/@branch@ ]; then tags+=("@latest@"); fi
  jq -cn --arg name "$name" --arg repository "$repository" --arg context "$context" \\
    --arg file "$file" --arg arguments "$(printf '%s\\n' "${{arguments[@]}}")" \\
    --arg key "$key" --arg tags "${{tags[*]}}" --argjson there "$there" '$ARGS.named'
}}
"""
RESULT = """\
images=$(jq -cs . "$RUNNER_TEMP/images")
jq -r '.[] | "\\(.name): \\(if .there then "is there" else "must be built" end)"' <<<"$images"
echo "images=$images" >>"$GITHUB_OUTPUT"
echo "build=$(jq -c 'map(select(.there | not))' <<<"$images")" >>"$GITHUB_OUTPUT"
"""
DIGEST = """\
mkdir -p "digests/$IMAGE"
echo "$DIGEST" >"digests/$IMAGE/$ARCH"
"""
JOIN = """\
jq -r '.[] | [.name, .repository, .key, .tags] | @tsv' <<<"$IMAGES" |
  while read -r name repository key tags; do
    sources=("$repository:tree-$key")
    if [ -d "digests/$name" ]; then
      mapfile -t sources < <(sed "s|^|$repository@|" "digests/$name"/*)
      tags="tree-$key $tags"
    fi
    for tag in $tags; do
      docker buildx imagetools create --tag "$repository:$tag" "${sources[@]}"
    done
  done
"""


def plan(images: Sequence[Published], branch: str) -> str:
    """Return the script that finds out which images must be built."""
    calls = "".join(f"  {line}\n" for image in images for line in _call(image))
    apart = any(image.prefix or image.latest != LATEST for image in images)
    prefix, latest = ("${prefix-}", f"${{latest-{LATEST}}}") if apart else ("", LATEST)
    function = FUNCTION.replace("@prefix@", prefix).replace("@latest@", latest).replace("@branch@", branch)
    return f'{function}{_guards(images)}{{\n{calls}}} >"$RUNNER_TEMP/images"\n{RESULT}'


def _guards(images: Sequence[Published]) -> str:
    """Return the refusal to publish an image in which a value is missing that only the operator knows."""
    needed = {each.name for image in images for told in image.told if _is_needed(told) for each in told.settings}
    if not needed:
        return ""
    lines = "".join(f'  : "${{{name}:?{MISSING}}}"\n' for name in sorted(needed))
    return f'if [ "$GITHUB_EVENT_NAME" != pull_request ]; then\n{lines}fi\n'


def _is_needed(told: Told) -> bool:
    return told.variable.for_browsers or any(each.default is None and each.required for each in told.settings)


def _call(image: Published) -> Iterator[str]:
    """Yield the lines of one image: its names, its arguments, and the paths it is made from."""
    built = image.own.image
    words = ["image", quoted(image.name), _repository(image), quoted(built.context), quoted(built.dockerfile)]
    if image.latest != LATEST:
        words.insert(0, f"latest={quoted(image.latest)}")
    if image.prefix:
        words.insert(0, f"prefix={quoted(image.prefix)}")
    lines = [" ".join(words), *(f"  {_argument(told)}" for told in image.told), "  --"]
    for path in map(quoted, sorted(image.paths)):
        if len(lines[-1]) + len(path) < WIDTH:
            lines[-1] += f" {path}"
        else:
            lines.append(f"  {path}")
    yield from (f"{line} \\" for line in lines[:-1])
    yield lines[-1]


def _repository(image: Published) -> str:
    """Return the name in double quotes; a variable has braces where letters follow it."""
    text = "".join(part.text if isinstance(part, Given) else f"${{{part.name}}}" for part in parts_of(image.repository))
    return '"' + re.sub(r"\$\{(\w+)\}(?![\w])", r"$\1", text) + '"'


def _argument(told: Told) -> str:
    """Return a build argument as one word of bash; one that nobody must give is left out where nobody does."""
    name = told.variable.name
    parts = parts_of(told.value)
    if len(parts) == 1 and isinstance(parts[0], Asked) and parts[0].default is None and not parts[0].required:
        return f'${{{parts[0].name}:+"{name}=${parts[0].name}"}}'
    return f"{name}=" + "".join(quoted(part.text) if isinstance(part, Given) else _value(part) for part in parts)


def _value(asked: Asked) -> str:
    if asked.default is None:
        return f'"${{{asked.name}}}"'
    return f'"${{{asked.name}:-{_inside(asked.default)}}}"'


def _inside(text: str) -> str:
    """Return a text as it stands inside double quotes and braces, where a single quote would begin a word."""
    return text if PLAIN.fullmatch(text) else f"$(printf %s {quoted(text)})"


def quoted(text: str) -> str:
    """Return a text as one word of bash, in which GitHub sees no expression."""
    word = text if PLAIN.fullmatch(text) else shlex.quote(text)
    return word.replace("${{", "$''{{")
