#!/usr/bin/env bash
# Install the tools whose exports are imported, each in an environment of its own below the folder
# that is named. The tests use those that are there and skip the others.
set -uo pipefail
folder=${1:?name a folder}
python=${PYTHON:-python3}
mkdir -p "$folder"

pip_tool() { # name, requirements: a virtual environment in which the tool can be imported
  local at="$folder/$1" module=$1; shift
  [ -e "$at/.installed" ] && return
  rm -rf "$at"
  "$python" -m venv "$at" && "$at/bin/pip" install --quiet --quiet --disable-pip-version-check "$@" \
    && "$at/bin/python" -W ignore -c "import $module" && touch "$at/.installed"
}

npm_tool() { # without the optional packages, of which its database alone is needed
  local at="$folder/promptfoo" library
  [ -e "$at/.installed" ] && return
  command -v npm >/dev/null || { echo "npm is not installed"; return 1; }
  rm -rf "$at" && mkdir -p "$at"
  library="@libsql/$(node -p '`${process.platform}-${process.arch}`')"
  [ "$(uname -s)" = Linux ] && library="$library-gnu"
  npm install --prefix "$at" --omit=optional --omit=peer --ignore-scripts \
    --no-audit --no-fund --loglevel=error promptfoo@0.121.20 "$library@0.5.29" >/dev/null \
    && PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_CONFIG_DIR="$at" \
      "$at/node_modules/.bin/promptfoo" --version >/dev/null && touch "$at/.installed"
}

npm_tool || echo "promptfoo is not installed: its tests are skipped" >&2
pip_tool inspect_ai inspect_ai==0.3.285 \
  || echo "Inspect AI is not installed: its tests are skipped" >&2
# The release of ragas imports a module that newer releases of this package no longer have.
pip_tool ragas ragas==0.4.3 'langchain-community<0.4' \
  || echo "ragas is not installed: its tests are skipped" >&2
