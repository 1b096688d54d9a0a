# What the scripts of the platforms share. A script sources it after `set -euo pipefail`.
#
# All files are made in build/platforms, or in the folder that NB101_PLATFORMS names. Systems and tools
# that a script has made there are used again; delete their folders to make them anew.
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
platforms=${NB101_PLATFORMS:-$repository/build/platforms}
platform=$(basename "$0")${1:+-$1}
build=$platforms/builds/$platform
log=$platforms/logs/$platform
mkdir -p "$platforms"/{builds,logs,systems}
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1
unset CC CXX CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER

# Two scripts at once would change the same systems.
exec 4>"$platforms/lock"
flock 4

# The terminal gets one line of result. Everything else goes to the log, whose end is printed when a
# command fails.
exec 3>&1 >"$log" 2>&1
trap '(($? == 0)) || { tail -n 40 "$log"; echo "$platform: failed; all output is in $log"; } >&3' EXIT

# result TEXT...
result() { echo "$platform, $(date -u +%F): $*" >&3; }

# install PACKAGE...: installs the packages of Debian that are missing.
install() {
  local package missing=()
  for package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# ------------------------------------------------------------------ the core, by a cross compiler

# install_zig: puts `python-zig` onto the PATH, a C++ compiler for many systems.
install_zig() {
  install python3-venv
  if [[ ! -e $platforms/zig/done ]]; then
    python3 -m venv "$platforms/zig"
    "$platforms/zig/bin/pip" install -q ziglang
    touch "$platforms/zig/done"
  fi
  PATH=$platforms/zig/bin:$PATH
}

# build_core CMAKE_ARGUMENT...: a warning ends the build.
build_core() {
  install cmake ninja-build doctest-dev
  cmake --fresh -G Ninja -S "$repository" -B "$build" -D NB101_DOCTEST=/usr/include/doctest \
    -D CMAKE_CXX_FLAGS=-Werror "$@"
  cmake --build "$build"
}

# test_core CMAKE_ARGUMENT...: builds the core with its tests and runs them. Sets `passed` to doctest's
# count of test cases.
test_core() {
  build_core -D NB101_TESTS=ON "$@"
  ctest --test-dir "$build" --verbose
  passed=$(sed -n 's/.*test cases: *\([0-9]*\) | *\([0-9]*\) passed.*/\2 of \1 test cases passed/p' "$log" | tail -n 1)
}

# ------------------------------------------------------------------ a whole system, by chroot

# make_system SUITE PACKAGE...: makes the system of a suite of Debian or Ubuntu, with these packages and
# a copy of the sources. A script that wants it for another $architecture names the $emulator too.
make_system() {
  local suite=$1
  system=$platforms/systems/$suite${architecture:+-$architecture}
  [[ ! ${architecture:-} ]] || emulate
  if [[ ! -e $system/done ]]; then
    rm -rf "$system"
    install debian-archive-keyring mmdebstrap
    # The signature of a suite that is not yet released lasts for a week, and a mirror may be older.
    mmdebstrap --variant=apt --keyring="$(keyring "$suite")" --aptopt='Acquire::Check-Valid-Until "false"' \
      --architectures="${architecture:-$(dpkg --print-architecture)}" \
      --include=ca-certificates "$suite" "$system" "$(package_source "$suite")"
    touch "$system/done"
  fi
  # The machine may reach the package index through a proxy that has a certificate of its own.
  cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
  cp /etc/resolv.conf "$system/etc/"
  rm -rf "$system/nb101fast"
  mkdir "$system/nb101fast"
  git -C "$repository" ls-files -z | tar -C "$repository" -c --null -T - | tar -C "$system/nb101fast" -x
  in_system bash -euo pipefail -c "$(declare -f install); install ${*:2}"
}

# Tells the kernel to run the programs of $architecture by $emulator.
emulate() {
  install arch-test qemu-user-static
  local formats=/proc/sys/fs/binfmt_misc
  [[ -e $formats/register ]] || mount -t binfmt_misc binfmt_misc "$formats"
  [[ -e $formats/$emulator ]] || cat "/usr/lib/binfmt.d/$emulator.conf" >"$formats/register"
}

# Prints where the packages of a suite are, as apt writes it.
package_source() {
  if is_of_ubuntu "$1"; then
    echo "deb http://archive.ubuntu.com/ubuntu $1 main universe"
  else
    echo "deb http://deb.debian.org/debian $1 main"
  fi
}

is_of_ubuntu() { [[ $1 == jammy || $1 == noble || $1 == resolute ]]; }

# Prints the file with the keys of a suite. Debian 12 lacks the package with Ubuntu's, so it comes from
# Debian 13 and is unpacked beside the systems.
keyring() {
  local debian=/usr/share/keyrings/debian-archive-keyring.gpg folder=$platforms/systems/ubuntu-keyring
  if is_of_ubuntu "$1"; then
    [[ -e $folder ]] || mmdebstrap --variant=extract --keyring="$debian" --include=ubuntu-keyring trixie "$folder" >&2
    echo "$folder/usr/share/keyrings/ubuntu-archive-keyring.gpg"
  else
    echo "$debian"
  fi
}

# in_system COMMAND...: runs it in the system that make_system has made, in the copy of the sources.
in_system() {
  unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    mount -t proc proc "$1/proc"
    mount -t devpts devpts "$1/dev/pts"
    mount -t tmpfs tmpfs "$1/dev/shm"
    exec chroot "$1" env -i -C /nb101fast HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      DEBIAN_FRONTEND=noninteractive PIP_CERT=/etc/ssl/certs/ca-certificates.crt "${@:2}"' in_system "$system" "$@"
}

# ------------------------------------------------------------------ what runs in such a system

# enter_source PACKAGE: unpacks the sources of a package of the system's suite, and goes there. These are the
# newest that are to be had: a mirror may lack sources that its list names.
enter_source() {
  sed s/^deb/deb-src/ /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list
  apt-get update -q
  rm -rf "/sources/$1"
  mkdir -p "/sources/$1"
  cd "/sources/$1"
  local version
  for version in $(apt-cache showsrc --only-source "$1" | sed -n "s/^Version: //p" | sort -rV); do
    ! apt-get source -q --download-only --tar-only "$1=$version" || break
  done
  tar -xf "$1"_*.orig.tar.* --strip-components=1
}

# test_wheel PYTHON: builds the wheel with this interpreter and runs the quick tests. Those of packages that
# have no wheel for it are skipped.
test_wheel() {
  cd /nb101fast
  "$1" -m venv --clear /environment
  source /environment/bin/activate
  rm -rf /wheel
  pip wheel -q --no-deps --wheel-dir /wheel .
  pip install -q --only-binary :all: /wheel/*.whl
  python - <<END | while read -r package; do pip install -q --only-binary :all: "$package" || true; done
from importlib.metadata import requires
for requirement in requires("nb101fast"):
    package, _, marker = requirement.partition(";")
    if marker and marker.split()[-1][1:-1] in ("arrow", "completion", "graph", "plots", "test"):
        print(package.strip())
END
  pytest -m quick -q
}
