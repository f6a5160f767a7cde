# Process 1 of the machine once it is up: takes the job from the host, runs it, and tells the host how it ended. The ports
# are char devices; the job gets pipes, for programs know how to write to these.
export PATH=/run/coracle-vm/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /run/coracle-vm || exit
mount --make-rshared /
ulimit -Hn 1048576

# The host names the ports a moment after their driver is loaded.
port() {
  while true; do
    for entry in /sys/class/virtio-ports/*; do
      if [ "$(cat "$entry/name" 2>&-)" = "$1" ]; then
        echo "/dev/${entry##*/}"
        return
      fi
    done
    sleep 0.02
  done
}

out_port=$(port out)
err_port=$(port err)
exec 3<>"$(port job)"
read -r size <&3
head -c "$size" <&3 >job
mkfifo out err

# How much went to the host is counted, so that it can wait for the last byte.
tee "$out_port" <out 3>&- | wc -c >out.count 3>&- &
tee "$err_port" <err 3>&- | wc -c >err.count 3>&- &

setsid sh job </dev/null >out 2>err 3>&- &
echo started >&3
wait $!
code=$?

# Whoever outlives the job would hold its pipes open. The job got a session of its own; this script and the kernel's threads
# have none.
alive=yes
while [ $alive ]; do
  alive=
  for process in /proc/[0-9]*; do
    read -r stat 2>&- <"$process/stat" || continue
    set -- ${stat##*) }
    if [ "$4" -gt 1 ] && [ "$1" != Z ]; then
      kill -KILL "${process#/proc/}" 2>&-
      alive=yes
    fi
  done
done
wait

echo "exit $code $(cat out.count) $(cat err.count)" >&3
# The host ends the machine when it has everything; if the host is gone, the port is at its end.
read -r _ <&3
echo o >/proc/sysrq-trigger
sleep 60
