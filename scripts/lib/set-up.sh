# shellcheck shell=bash
# Set-up shared by the scripts: installs packages, configures and builds. To be sourced.

# One line per phase, so that a reader of a log sees where the time goes.
phase() { printf '== %s\n' "$*"; }

# fail STATUS MESSAGE...: one line per message on standard error.
fail() {
  local status=$1
  shift
  printf '%s\n' "${0##*/}: $1" "${@:2}" >&2
  exit "$status"
}

# Runs a command, its output shown only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then cat "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

# as_root COMMAND...: sudo is used only where it is needed.
as_root() {
  if (($(id -u) == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

# missing_packages PACKAGE...: those that dpkg does not have installed, one per line.
missing_packages() {
  local installed package
  # dpkg-query's status is 1 as soon as it does not know one of the names.
  # shellcheck disable=SC2016  # dpkg-query's own ${...}.
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    if ! grep -qxF "installed $package" <<<"$installed"; then printf '%s\n' "$package"; fi
  done
}

# install_packages PACKAGE...: with apt, the missing ones only. Status 2 where that is impossible.
install_packages() {
  local missing
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail 2 'this system has no apt, so nothing was installed or built.' \
      'The packages needed, by their Debian names:' "  $*" \
      'With their equivalents installed, by hand:' \
      '  cmake --preset release && cmake --build --preset release'
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  if (($(id -u) != 0)) && ! command -v sudo >/dev/null; then
    fail 2 'packages are missing, and there is neither root nor sudo to install them.' \
      'As root:' "  apt-get install --no-install-recommends ${missing[*]}"
  fi
  phase "installing ${#missing[@]} packages: ${missing[*]}"
  quietly as_root apt-get update || fail 1 'apt-get update failed (above).'
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes \
    --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" ||
    fail 1 'apt-get install failed (above).'
}

# Continuous-integration services set CI=true.
in_ci() { [[ ${CI:-false} != false ]]; }

# configure PRESET: outside CI the tree's own NORMSWEEP_WERROR stays as it is, for changing it
# rebuilds everything.
configure() {
  local options=()
  if in_ci; then options+=(-DNORMSWEEP_WERROR=ON); fi
  phase "configuring build/$1"
  quietly cmake --preset "$1" "${options[@]}" || fail 1 "cmake --preset $1 failed (above)."
}

# build PRESET
build() {
  phase "building build/$1"
  cmake --build --preset "$1" -j "$(nproc)" || fail 1 'the build failed (above).'
}
