# shellcheck shell=bash
# A Slurm of its own for a test: munged, slurmctld and one node's slurmd with two CPUs, as the user
# who calls, on loopback and in one folder. To be sourced.

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

# free_ports COUNT: that many, at a time when nobody has them.
free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}

# slurm_config FOLDER: no cgroups, accounting or tasks' affinity, which containers do not have.
# cred_expire is how long a requeued job waits (120 s unless given, 6 at least); NoInAddrAny and
# NoCtldInAddrAny bind to loopback only; with ReturnToService=2 a node that was lost comes back.
slurm_config() {
  local host=${HOSTNAME%%.*} ports user
  user=$(id -un)
  read -ra ports < <(free_ports 2)
  cat <<CONFIG
ClusterName=normsweep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$1/munge/socket,cred_expire=6
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
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
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=2 State=UNKNOWN
PartitionName=main Nodes=node1 Default=YES MaxTime=INFINITE State=UP
CONFIG
}

# slurm_start FOLDER: after it SLURM_CONF is set, and sbatch and its kin speak to this cluster.
# Status 1 where a daemon does not start.
slurm_start() {
  slurm_folder=$1
  mkdir -p "$1"/{munge,state,spool}
  chmod 700 "$1/munge"
  (umask 077 && head -c 1024 /dev/urandom >"$1/munge/key")
  munged --key-file="$1/munge/key" --socket="$1/munge/socket" --pid-file="$1/munge/pid" \
    --log-file="$1/munge/log" --seed-file="$1/munge/seed" --force || return
  slurm_config "$1" >"$1/slurm.conf"
  export SLURM_CONF=$1/slurm.conf
  slurmctld -i || return
  slurm_start_node
}

# slurm_start_node: as after the machine's start (-b); waits until it takes jobs.
slurm_start_node() {
  local i
  slurmd -b || return
  for ((i = 0; i < 1200; ++i)); do
    if [[ $(sinfo --noheader --format=%T 2>/dev/null) =~ ^(idle|mixed|allocated)$ ]]; then return; fi
    sleep 0.1
  done
  return 1
}

# slurm_lose_node: its daemon and all that it runs are gone at once, as after a power failure. Slurm
# sets a node that does not answer DOWN after SlurmdTimeout (300 s as it comes); here we do.
slurm_lose_node() {
  local pids
  mapfile -t pids < <(slurm_node_processes)
  kill -KILL "${pids[@]}"
  scontrol update NodeName=node1 State=DOWN Reason=lost
}

# The node's daemon, and the keeper of each job's step (no child of it) with all that it started:
# what slurmd runs as a job has its file in the node's folder.
slurm_node_processes() {
  local script
  cat "$slurm_folder/slurmd.pid" 2>/dev/null
  for script in $(pgrep -f "$slurm_folder/spool/job"); do
    slurm_tree "$(ps -o ppid= -p "$script" | tr -d ' ')"
  done
}

# slurm_tree PID: it and what it has started.
slurm_tree() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do slurm_tree "$child"; done
}

# slurm_stop: whatever is left of the cluster, however far its start came.
slurm_stop() {
  local file pids
  [[ -n ${slurm_folder:-} ]] || return 0
  mapfile -t pids < <(
    slurm_node_processes
    for file in slurmctld.pid munge/pid; do cat "$slurm_folder/$file" 2>/dev/null; done
  )
  kill -KILL "${pids[@]}" 2>/dev/null
}
