#!/bin/sh
# Make a signed repository laid out and named like Docker's own, of Debian's packages under the names that Docker gives them.
# Usage: make_repository.sh DIRECTORY, as root on a Debian server.
set -eu
root=$1/debian
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
arch=$(dpkg --print-architecture)
work=$(mktemp -d)

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends apt-utils gpg gpg-agent >/dev/null
# Debian 12's own engine is too old. That of Debian 13 runs there, with Debian 12's containerd and runc.
newer=/etc/apt/sources.list.d/newer.list
if [ "$suite" = bookworm ]; then
  apt-get indextargets --format 'deb $(REPO_URI) trixie main' "Codename: $suite" 'Component: main' \
    'Identifier: Packages' >"$newer"
  printf 'Package: %s\nPin: release n=trixie\nPin-Priority: %s\n\n' \
    'docker.io docker-cli docker-compose docker-buildx' 990 '*' 100 >/etc/apt/preferences.d/newer
  apt-get update -qq
fi

# Docker's package, and the Debian packages that hold the same files.
repackage() {
  name=$1
  shift
  for package in "$@"; do
    (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x "$package"_*.deb "$name")
  done
  dpkg-deb -e "$work/$1"_*.deb "$work/$name/DEBIAN"
  # Dependencies by the new names; what is packed in needs none.
  sed -i -e "s/^Package: .*/Package: $name/" -e '/^\(Provides\|Breaks\|Replaces\|Conflicts\|Recommends\|Suggests\):/d' \
    -e '/^Depends:/s/\<runc\>[^,]*\(, \|$\)//' -e '/^Depends:/s/\<containerd\> ([^)]*)/containerd.io/' \
    -e "/^Description:/i Conflicts: $(echo "$@" | sed 's/ /, /g')\nReplaces: $(echo "$@" | sed 's/ /, /g')" \
    "$work/$name/DEBIAN/control"
  dpkg-deb -Znone -b "$work/$name" "$root/pool/$name.deb" >/dev/null
}

mkdir -p "$root/pool" "$root/dists/$suite/stable/binary-$arch"
repackage docker-ce docker.io
repackage docker-ce-cli docker-cli
repackage containerd.io containerd runc
repackage docker-compose-plugin docker-compose
repackage docker-buildx-plugin docker-buildx
# The server goes on as one that knows its own release alone.
rm -f "$newer" /etc/apt/preferences.d/newer

cd "$root"
apt-ftparchive packages pool >"dists/$suite/stable/binary-$arch/Packages"
apt-ftparchive -o APT::FTPArchive::Release::Suite="$suite" -o APT::FTPArchive::Release::Components=stable \
  -o APT::FTPArchive::Release::Origin=Mirror release "dists/$suite" >"$work/Release"

export GNUPGHOME="$work/gpg"
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key mirror default default never
gpg --batch --quiet --armor --clearsign --output "dists/$suite/InRelease" "$work/Release"
gpg --batch --quiet --passphrase '' --quick-generate-key stranger default default never
gpg --batch --armor --export stranger >../stranger.asc
gpg --batch --armor --export mirror >gpg
rm -rf "$work"
