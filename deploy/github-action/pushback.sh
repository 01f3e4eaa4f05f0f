#!/usr/bin/env bash
# Tells Pushback of a deploy, or waits for its verdict, with curl and jq. All that it is given
# comes by the environment: PUSHBACK_SERVER, PUSHBACK_TOKEN, SERVICE, ENVIRONMENT, VERSION, REGION;
# to tell also STATUS; to wait also TIMEOUT, INTERVAL (seconds) and UNDECIDED (fail, warn).
#
#   pushback.sh tell    exit 0: it is on disk; 1: it could not be told
#   pushback.sh wait    exit 0: ok; 1: Pushback cannot be asked; 2: a setting is wrong; 3: bad; 4: it cannot be told
set -euo pipefail

readonly max_silence=120 # seconds without an answer after which waiting ends

fail() { # fail CODE TEXT: ends with a line that GitHub shows on the run's page
  printf '::error title=Pushback::%s\n' "$(oneline "$2")"
  exit "$1"
}

# oneline keeps what a server or a person wrote from being read as a command of the runner, which
# is a line that begins with two colons.
oneline() { printf '%s' "$1" | tr -d '\r' | tr '\n\t' '  ' | cut -c1-500; }

output() { # output NAME VALUE: of the step; nowhere outside of GitHub
  [[ -z ${GITHUB_OUTPUT:-} ]] || printf '%s=%s\n' "$1" "$(oneline "$2")" >>"$GITHUB_OUTPUT"
}

for name in PUSHBACK_SERVER PUSHBACK_TOKEN SERVICE ENVIRONMENT VERSION; do
  [[ -n ${!name:-} ]] || fail 2 "$name is empty"
done
[[ $PUSHBACK_SERVER =~ ^https?://[^[:space:]]+$ ]] || fail 2 "the server is no http address"
[[ $PUSHBACK_TOKEN =~ ^[[:graph:]]+$ ]] || fail 2 "the token holds spaces or more than one line"

body=$(mktemp)
trap 'rm -f "$body"' EXIT

# ask calls Pushback, prints the status and leaves the answer in $body. The token goes by a file
# descriptor, because every user of the runner can read the arguments of a process.
ask() { # ask PATH [CURL ARGUMENTS]
  local path=$1
  shift
  curl --silent --show-error --max-time 20 --max-filesize 1048576 --output "$body" --write-out '%{http_code}' \
    --header @<(printf 'Authorization: Bearer %s\n' "$PUSHBACK_TOKEN") "$@" "${PUSHBACK_SERVER%/}$path" || true
}

field() { jq -r "$1 // empty" "$body" 2>/dev/null | head -c 1000 || true; }

encoded() { jq -rn --arg text "$1" '$text | @uri'; }

tell() {
  local status event
  case ${STATUS:-} in started | succeeded | failed) ;; *) fail 2 "tell is not started, succeeded or failed" ;; esac
  # The run is part of the change's name, so that a version may be deployed again by another run.
  event=$(jq -n --arg service "$SERVICE" --arg environment "$ENVIRONMENT" --arg version "$VERSION" --arg region "${REGION:-}" \
    --arg status "$STATUS" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg actor "${GITHUB_ACTOR:-}" \
    --arg run "${GITHUB_RUN_ID:-}" --arg url "${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}/actions/runs/${GITHUB_RUN_ID:-}" \
    '{service: $service, environment: $environment, version: $version, status: $status, at: $at, kind: "deploy"}
      + (if $region == "" then {} else {region: $region} end)
      + (if $actor == "" then {} else {actor: $actor} end)
      + (if $url | startswith("http") then {url: $url} else {} end)
      + (if $run == "" then {} else {change_id: ["github-run", $run, $service, $environment, $region, $version] | join("/")} end)')
  status=$(printf '%s' "$event" | ask /v1/events --retry 3 --retry-connrefused --header 'Content-Type: application/json' --data-binary @-)
  case $status in
  200 | 201) ;;
  000) fail 1 "Pushback cannot be reached" ;;
  *) fail 1 "Pushback refused the deploy ($status): $(field .detail) $(field .hint)" ;;
  esac
  printf 'Pushback knows: %s %s %s in %s\n' "$(oneline "$SERVICE")" "$(oneline "$VERSION")" "$STATUS" "$(oneline "$ENVIRONMENT")"
  output change "$(field .key)"
  jq -r '.warnings[]? | .detail' "$body" | while IFS= read -r warning; do
    printf '::warning title=Pushback::%s\n' "$(oneline "$warning")"
  done
}

undecided() { # ends where Pushback cannot tell
  [[ ${UNDECIDED:-fail} != warn ]] || {
    printf '::warning title=Pushback::%s\n' "$(oneline "$1")"
    exit 0
  }
  fail 4 "$1"
}

wait_for_verdict() {
  local status result reason path last='' answered=$SECONDS
  [[ ${TIMEOUT:-3600} =~ ^[0-9]{1,6}$ && ${INTERVAL:-10} =~ ^[0-9]{1,4}$ ]] || fail 2 "timeout and interval are seconds"
  case ${UNDECIDED:-fail} in fail | warn) ;; *) fail 2 "undecided is not fail or warn" ;; esac
  path="/v1/verdicts/$(encoded "$SERVICE")/$(encoded "$VERSION")?environment=$(encoded "$ENVIRONMENT")"
  [[ -z ${REGION:-} ]] || path+="&region=$(encoded "$REGION")"
  for (( ; ; )); do
    status=$(ask "$path")
    result='' reason=''
    case $status in
    200) result=$(field .result) reason=$(field .reason) answered=$SECONDS ;;
    4??) fail 1 "Pushback refused the question ($status): $(field .detail) $(field .hint)" ;;
    *) ((SECONDS - answered <= max_silence)) || fail 1 "Pushback has not answered for $max_silence seconds" ;;
    esac
    if [[ -n $result ]]; then
      output result "$result"
      output page "$(field .page)"
      [[ $reason == "$last" ]] || printf 'Pushback: %s\n' "$(oneline "$reason")"
      last=$reason
    fi
    case $result in
    ok) exit 0 ;;
    bad) fail 3 "$reason. $(field .page)" ;;
    undecided) undecided "$reason. $(field .page)" ;;
    esac
    ((SECONDS < ${TIMEOUT:-3600})) || undecided "no verdict within ${TIMEOUT:-3600} seconds: ${last:-no answer}"
    sleep "${INTERVAL:-10}"
  done
}

case ${1:-} in
tell) tell ;;
wait) wait_for_verdict ;;
*) fail 2 "usage: pushback.sh tell|wait" ;;
esac
