#!/bin/sh
# Finds Chromium for the browser journeys, installs it on Debian and Ubuntu as root, or says in one line how to.
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser journeys ..."
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium) >/dev/null 2>&1 && exit 0
fi
echo "No Chromium: the browser journeys are skipped; install it (Debian: apt install chromium) or set CHROMIUM=/path/to/it."
exit 0
