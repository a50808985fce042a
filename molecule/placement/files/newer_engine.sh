#!/bin/sh
# Make a repository on a server that has its engine as a later version. As root.
set -eu
export DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d)
apt-get update -qq
apt-get install -qq -y --no-install-recommends apt-utils >/dev/null
cd "$work"
apt-get download -qq -o APT::Sandbox::User=root docker.io
dpkg-deb -R docker.io_*.deb newer
sed -i 's/^Version: .*/&+newer/' newer/DEBIAN/control
mkdir -p /srv/newer
dpkg-deb -Znone -b newer /srv/newer/docker.io.deb >/dev/null
cd /srv/newer
apt-ftparchive packages . >Packages
echo 'deb [trusted=yes] file:/srv/newer ./' >/etc/apt/sources.list.d/newer.list
rm -rf "$work"
