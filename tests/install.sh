#!/usr/bin/env bash
# Install what the tests need of Debian and npm: browser, front servers, PostgreSQL. It never fails: what can't be had is named, and the tests
# that need it are skipped in the same words. `make test` calls it before each run.
set -u

here=$(cd "$(dirname "$0")/chromium" && pwd)
missing() { echo "tests: $1 is missing${2:+, $2}. The tests that need it are skipped." >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

has() {
  case $1 in
    chromium) command -v chromium >/dev/null ;;
    fonts-noto-cjk) command -v fc-list >/dev/null && fc-list :lang=zh-cn family | grep -q . ;;
    default-jre-headless) command -v java >/dev/null ;;
    nginx | apache2) [ -x "/usr/sbin/$1" ] ;;
    libapache2-mod-xsendfile) [ -e /usr/lib/apache2/modules/mod_xsendfile.so ] ;;
    uwsgi-plugin-python3) [ -e /usr/lib/uwsgi/plugins/python3_plugin.so ] ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
    fuse3) command -v fusermount3 >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

wanted=()
for package in chromium chromium-headless-shell fonts-noto-cjk default-jre-headless nginx apache2 libapache2-mod-xsendfile \
  uwsgi-plugin-python3 postgresql strace fuse3 openssl curl age; do
  has "$package" || wanted+=("$package")
done

if [ ${#wanted[@]} -gt 0 ] && may_install; then
  echo "tests: installing ${wanted[*]} …"
  export DEBIAN_FRONTEND=noninteractive
  as_root timeout 300 apt-get update -qq >/dev/null 2>&1
  for package in "${wanted[@]}"; do
    as_root timeout 600 apt-get install -qq -y --no-install-recommends "$package" >/dev/null 2>&1
  done
fi
for package in "${wanted[@]}"; do
  has "$package" || missing "$package" "and could not be installed (try: sudo apt-get install $package)"
done

# npm ci writes .package-lock.json last: if it is newer than ours, all is there.
if [ "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ]; then
  :
elif ! command -v npm >/dev/null; then
  missing npm "which fetches axe-core, vnu-jar and html-validate"
else
  echo "tests: fetching axe-core, vnu-jar and html-validate …"
  # --ignore-scripts: vnu-jar would fetch a Java of its own.
  (cd "$here" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
    missing "what tests/chromium/package.json names" "npm ci failed"
fi
exit 0
