#!/usr/bin/env bash
# Have the programs on this machine that some tests need beside Python: PostgreSQL's. Nothing is started; the tests
# start servers of their own. Where they can't be had, those tests are skipped, which only CI takes for a failure.
set -euo pipefail

say() { echo "services: $*"; }

give_up() {
    say "the tests with PostgreSQL can't run: $*"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 0
}

has_postgres() {
    local place
    for place in $(command -v initdb || true) /usr/lib/postgresql/*/bin/initdb "$(pg_config --bindir 2>&1 || true)/initdb"
    do
        if [ -x "$place" ] && [ -x "$(dirname "$place")/postgres" ]; then return; fi
    done
    return 1
}

if has_postgres; then exit; fi
hint='install its server (initdb and postgres) to run them'
command -v apt-get >/dev/null || give_up "it is not installed, and there is no apt-get; $hint"
if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    give_up "it is not installed, and that takes root; $hint"
fi

say "installing Debian's postgresql, without starting a server"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1; }
# Debian makes and starts a cluster for whoever installs a server, unless told otherwise beforehand. Not for good: who
# installs another version later shall get what they expect.
told=/etc/postgresql-common/createcluster.d/gamesvc.conf
install() {
    "${as_root[@]}" mkdir -p "$(dirname "$told")" &&
        "${as_root[@]}" sh -c "echo 'create_main_cluster = false' >$told" &&
        apt install --no-install-recommends postgresql
    local status=$?
    "${as_root[@]}" rm -f "$told"
    return "$status"
}
if ! { apt update && install && has_postgres; }; then
    sed 's/^/services: /' "$log" >&2
    give_up "its installation failed; $hint"
fi
