#!/bin/sh
# The machine's first program. It puts this computer's files under a layer of memory, so that everything can be read and
# written and nothing is changed, lays the kernel's own file systems over them, and moves there.
export PATH=/bin

fail() {
  echo "coracle-vm: $*" >/dev/console
  echo o >/proc/sysrq-trigger
  sleep 60
}

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o mode=755,nosuid devtmpfs /dev

for module in /modules/*; do
  [ -e "$module" ] || continue # all is built in
  insmod "$module" || fail "could not load $module"
done

mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host || fail 'could not mount the host'
mount -t tmpfs -o mode=755 layers /layers
mkdir /layers/upper /layers/work
mount -t overlay -o lowerdir=/host,upperdir=/layers/upper,workdir=/layers/work overlay /new ||
  fail 'could not lay an overlay over the host'

# For modprobe, where the kernel is not one that is installed.
modules=$(cat /modules-of-kernel)
release=${modules##*/}
if [ "$modules" != "/lib/modules/$release" ]; then
  mkdir -p "/new/lib/modules/$release"
  mount -o bind "/host$modules" "/new/lib/modules/$release" || fail "could not lay $modules over /lib/modules/$release"
fi

mount --move /proc /new/proc
mount --move /sys /new/sys
mount --move /dev /new/dev
mount -t securityfs -o nosuid,nodev,noexec securityfs /new/sys/kernel/security
mkdir -p /new/dev/pts /new/dev/shm /new/dev/mqueue
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /new/dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /new/dev/shm
mount -t mqueue -o nosuid,nodev,noexec mqueue /new/dev/mqueue
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /new/run
mkdir -p /new/run/coracle-vm/host-tmp
mount -o bind /new/tmp /new/run/coracle-vm/host-tmp # for a checkout that lies there
mount -t tmpfs -o mode=1777 tmpfs /new/tmp # as on a disk: a test may want a set-user-id program or a device that works
ln -s /proc/self/fd /new/dev/fd
ln -s fd/0 /new/dev/stdin
ln -s fd/1 /new/dev/stdout
ln -s fd/2 /new/dev/stderr

cgroup=/new/sys/fs/cgroup

# As systemd mounts it, and with all controllers for the children of the root.
lay_version_2() {
  mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 $cgroup || fail 'could not mount cgroup2'
  for controller in $(cat $cgroup/cgroup.controllers); do
    echo "+$controller" >$cgroup/cgroup.subtree_control || fail "could not enable the controller $controller"
  done
}

# As systemd mounts it: some controllers together, with links of their own names, and a hierarchy that has only a name.
lay_version_1() {
  mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs $cgroup
  for controllers in none,name=systemd cpu,cpuacct net_cls,net_prio cpuset memory pids blkio devices freezer hugetlb rdma misc; do
    directory=$cgroup/${controllers#none,name=}
    mkdir "$directory"
    mount -t cgroup -o "nosuid,nodev,noexec,$controllers" cgroup "$directory" || fail "could not mount the cgroups of $controllers"
    case $controllers in
    none*) ;;
    *,*) ln -s "$controllers" "$cgroup/${controllers%,*}" && ln -s "$controllers" "$cgroup/${controllers#*,}" ;;
    esac
  done
}

case " $(cat /new/proc/cmdline) " in
*' coracle.cgroups=1 '*) lay_version_1 ;;
*' coracle.cgroups=hybrid '*)
  lay_version_1
  mkdir $cgroup/unified
  mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 $cgroup/unified || fail 'could not mount cgroup2'
  ;;
*) lay_version_2 ;;
esac

ip link set lo up
hostname coracle-vm

cp -a /bin /supervise /new/run/coracle-vm/
exec switch_root /new /run/coracle-vm/bin/sh /run/coracle-vm/supervise
fail 'could not move to the new root'
