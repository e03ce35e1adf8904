# shellcheck shell=bash
# What the scripts' tests have in common. To be sourced.

checks=0
failures=0

# run COMMAND...: keeps its status and its output (both streams) for the expectations below.
run() {
  status=0
  output=$("$@" 2>&1) || status=$?
}

# expect NAME COMMAND...: COMMAND succeeds.
expect() {
  checks=$((checks + 1))
  if "${@:2}"; then return; fi
  failures=$((failures + 1))
  printf 'FAILED: %s: %s\n' "$1" "${*:2}"
  printf '  the last command ended with status %s and said:\n%s\n' "$status" "$output"
}

# expect_status NAME STATUS
expect_status() { expect "$1: status" test "$status" = "$2"; }

# expect_output NAME REGEX
expect_output() { expect "$1: output has '$2'" grep -qE -- "$2" <<<"$output"; }

# Ends the test; its status says whether all expectations held.
finish() {
  printf '%d checks, %d failed\n' "$checks" "$failures"
  ((failures == 0))
}
