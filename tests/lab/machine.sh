#!/bin/bash
# Turns the namespaces that `machine.py` has unshared into a machine of its own, and becomes its systemd.
#   $1  a directory to build it in
#   $2  the chroot with Asterisk
#   $3  this repository, which is not on that machine
# Its disk is this one's in an overlay: what is written goes to memory, and is gone with the machine.
set -euo pipefail
build=$1 asterisk=$2 repository=$3

mount --make-rprivate /
mount -t tmpfs tmpfs "$build"
mkdir "$build"/{upper,work,root,pbx,pbx-work}
mount -t overlay overlay -o "lowerdir=/,upperdir=$build/upper,workdir=$build/work" "$build/root"
root=$build/root

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for place in dev/shm run tmp root; do
  mount -t tmpfs -o "mode=$([ "$place" = tmp ] && echo 1777 || echo 755)" tmpfs "$root/$place"
done
chmod 700 "$root/root"

# An Asterisk that is installed: its own user, its own /etc/asterisk, a unit, and `asterisk` on the PATH.
pbx=$root/srv/asterisk
mkdir -p "$pbx" "$root/etc/asterisk" "$root/run/asterisk"
mount -t overlay overlay -o "lowerdir=$asterisk,upperdir=$build/pbx,workdir=$build/pbx-work" "$pbx"
mount --bind "$pbx/etc/asterisk" "$root/etc/asterisk"
mount -t proc proc "$pbx/proc"
mount --rbind "$root/dev" "$pbx/dev"
mkdir -p "$pbx/run/asterisk"
ids=$(stat -c '%u %g' "$root/etc/asterisk/manager.conf")
sed -i "/^[^:]*:[^:]*:${ids% *}:/d" "$root/etc/passwd"
sed -i "/^[^:]*:[^:]*:${ids#* }:/d" "$root/etc/group"
echo "asterisk:x:${ids% *}:${ids#* }::/var/lib/asterisk:/usr/sbin/nologin" >> "$root/etc/passwd"
echo "asterisk:x:${ids#* }:" >> "$root/etc/group"
chown "${ids/ /:}" "$pbx/run/asterisk"
printf '#!/bin/sh\nexec chroot /srv/asterisk /usr/sbin/asterisk "$@"\n' > "$root/usr/sbin/asterisk"
chmod 755 "$root/usr/sbin/asterisk"

rm -rf "$root"/etc/systemd/system/* "$root/etc/textback" "$root/var/lib/textback" "$root/opt/textback"
units=$root/etc/systemd/system
ln -s /lib/systemd/system/multi-user.target "$units/default.target"
for unit in getty.target modprobe@.service systemd-{udevd,udev-trigger,logind,timesyncd,remount-fs,sysctl}.service \
  systemd-{modules-load,tmpfiles-setup-dev,update-utmp,binfmt}.service {docker,containerd,cron}.service docker.socket \
  {dev-hugepages,dev-mqueue,sys-kernel-debug,sys-kernel-tracing,sys-kernel-config,sys-fs-fuse-connections}.mount \
  {apt-daily,apt-daily-upgrade,dpkg-db-backup,e2scrub_all,fstrim}.timer; do
  ln -s /dev/null "$units/$unit"
done
cat > "$units/asterisk.service" <<'UNIT'
[Unit]
Description=Asterisk PBX
[Service]
ExecStart=/usr/sbin/asterisk -f -U asterisk -G asterisk
ExecReload=/usr/sbin/asterisk -rx 'core reload'
UNIT
echo textback-lab > "$root/etc/hostname"
hostname textback-lab
printf '127.0.0.1 localhost textback-lab\n' | tee "$pbx/etc/hosts" > "$root/etc/hosts"
: > "$root/etc/resolv.conf"
rm -f "$root/etc/machine-id"
cat /proc/sys/kernel/random/uuid | tr -d - > "$root/etc/machine-id"
mkdir -p "$root$repository"   # it may lie under one of the empty places made above
mount -t tmpfs tmpfs "$root$repository"

# In no network but its own, in which it has an address (RFC 5737).
ip link set lo up
ip link add lan type veth peer name nobody
ip address add 192.0.2.7/24 dev lan
ip link set lan up
ip link set nobody up
mkdir "$root/old"
cd "$root"
pivot_root . old
umount --lazy /old
mount --make-rshared /   # systemd hands secrets to services by a mount that it makes elsewhere
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
