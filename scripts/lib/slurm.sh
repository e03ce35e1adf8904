# shellcheck shell=bash
# A Slurm of its own for a test: munged, slurmctld and one node's slurmd, as the user who calls and in
# one folder. To be sourced.

# Debian has daemons where the PATH of a user who is not root does not look.
PATH=$PATH:/usr/sbin:/sbin

# slurm_is_here: status 1, naming what is missing on standard output.
slurm_is_here() {
  local program
  for program in munged slurmctld slurmd sbatch squeue scontrol scancel; do
    if ! command -v "$program" >/dev/null; then
      echo "$program is missing: apt-get install munge slurmctld slurmd slurm-client"
      return 1
    fi
  done
}

# free_port: one that nobody has, below those that the kernel hands out (from 32768 on), so that
# nobody is given it while a daemon starts, or starts again.
free_port() {
  local port=$((10000 + SRANDOM % 22000))
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then free_port; else echo "$port"; fi
}

# slurm_config FOLDER: no cgroups, accounting or tasks' affinity, which containers do not have, and
# four CPUs whatever the machine has (config_overrides). cred_expire is how long a requeued job waits
# (120 s unless given, 6 at least); with ReturnToService=2 a node that was lost comes back; the timeouts
# are for machines that do much else. The daemons listen on all addresses and believe who has our
# munge's key: with NoInAddrAny it were that of the machine's name, which may be another or none.
# Where the machine has no IPv4 address but loopback's, Slurm finds none (AI_ADDRCONFIG), not even
# 127.0.0.1, unless it looks for IPv6, too.
slurm_config() {
  local host user control_port node_port parameters=
  host=$(uname -n)  # not HOSTNAME, which may come from outside of a chroot
  host=${host%%.*}
  user=$(id -un)
  if [[ $(hostname -I) != *.* ]]; then parameters=CommunicationParameters=EnableIPv6; fi
  control_port=$(free_port)
  until node_port=$(free_port) && [[ $node_port != "$control_port" ]]; do :; done
  cat <<CONFIG
ClusterName=normsweep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$control_port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$1/munge/socket,cred_expire=8
CredType=cred/munge
$parameters
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
PriorityType=priority/basic
ReturnToService=2
KillWait=5
SlurmdTimeout=300
SlurmdParameters=config_overrides
MessageTimeout=60
BatchStartTimeout=120
MaxArraySize=101
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$node_port CPUs=4 State=UNKNOWN
PartitionName=main Nodes=node1 Default=YES MaxTime=INFINITE State=UP
CONFIG
}

# slurm_start FOLDER: after it SLURM_CONF is set, and sbatch and its kin speak to this cluster. The
# files of its jobs must be in FOLDER, too, which is how slurm_stop finds them. Status 1 where a
# daemon does not start.
slurm_start() {
  slurm_folder=$1
  mkdir -p "$1"/slurm/{munge,state,spool}
  chmod 700 "$1/slurm/munge"
  (umask 077 && head -c 1024 /dev/urandom >"$1/slurm/munge/key")
  slurm_config "$1/slurm" >"$1/slurm/slurm.conf"
  unset "${!SLURM_@}" "${!SBATCH_@}" "${!SCANCEL_@}" "${!SINFO_@}" "${!SQUEUE_@}"
  export SLURM_CONF=$1/slurm/slurm.conf
  slurm_guard
  slurm_daemon munged -F --key-file="$1/slurm/munge/key" --socket="$1/slurm/munge/socket" \
    --pid-file="$1/slurm/munge/pid" --seed-file="$1/slurm/munge/seed" --force
  slurm_await test -S "$1/slurm/munge/socket" || return
  slurm_daemon slurmctld -D -i
  slurm_await slurm_answers || return
  slurm_start_node
}

# slurm_guard: where the test is killed, which no trap sees, the cluster ends all the same. In a
# session of its own and no child, so that it outlives a ctest or timeout that kills the test.
slurm_guard() {
  # shellcheck disable=SC2016  # for the shell that it starts
  (setsid bash -c 'source "$1"
    while kill -0 "$2"; do sleep 1; done
    slurm_stop "$3"' guard "${BASH_SOURCE[0]}" "$$" "$slurm_folder" </dev/null >/dev/null 2>&1 &)
}

# slurm_daemon COMMAND...: a child, $slurm_daemon_pid, whose end the shell does not announce.
slurm_daemon() {
  "$@" </dev/null >"$slurm_folder/slurm/$1.out" 2>&1 &
  slurm_daemon_pid=$!
  disown
}

# slurm_await COMMAND...: until it succeeds, two minutes at most, as long as the last daemon runs.
slurm_await() {
  local end=$((SECONDS + 120))
  while ((SECONDS < end)) && kill -0 "$slurm_daemon_pid" 2>/dev/null; do
    if "$@"; then return; fi
    sleep 0.1
  done
  return 1
}
slurm_answers() { sinfo >/dev/null 2>&1; }
slurm_takes_jobs() { [[ $(sinfo --noheader --format=%T 2>/dev/null) =~ ^(idle|mixed|allocated)$ ]]; }

# slurm_start_node: as after the machine's start (-b); waits until it takes jobs.
slurm_start_node() {
  slurm_daemon slurmd -D -b -N node1
  slurm_await slurm_takes_jobs
}

# slurm_lose_node: its daemon and all that it runs are gone at once, as after a power failure. Slurm
# sets a node that does not answer DOWN after SlurmdTimeout (300 s as it comes); here we do.
slurm_lose_node() {
  local pid pids=()
  for pid in $(slurm_processes "$slurm_folder"); do
    if [[ ! $(readlink "/proc/$pid/exe") =~ /(slurmctld|munged)(-wlm)?$ ]]; then pids+=("$pid"); fi
  done
  kill -KILL "${pids[@]}"
  scontrol update NodeName=node1 State=DOWN Reason=lost
}

# slurm_processes FOLDER: the daemons, the keeper of each job's step (no child of slurmd) and the
# jobs: who has a file of FOLDER open, be it only a log.
slurm_processes() {
  find /proc/[0-9]*/fd -lname "$1/*" 2>/dev/null | cut -d / -f 3 | sort -nu
}

# slurm_stop FOLDER: whatever is left of the cluster, however far its start came, and FOLDER.
slurm_stop() {
  local i pids
  for ((i = 0; i < 50; ++i)); do  # more than once, for what was just being started
    mapfile -t pids < <(slurm_processes "$1")
    if ((${#pids[@]} == 0)); then break; fi
    kill -KILL "${pids[@]}" 2>/dev/null
    sleep 0.1
  done
  rm -rf "$1"
}
