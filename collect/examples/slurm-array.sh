#!/bin/sh
#SBATCH --job-name=shunt-collect
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --mem=512M
#SBATCH --time=08:00:00
#SBATCH --requeue
#
# One part of the traffic for each task of a Slurm array. What is stored is never asked again, so a
# task that was requeued or is submitted again goes on where it ended.
#
#   sbatch --export=ALL,PROMPTS=prompts.jsonl,CONFIG=shunt.yaml,OUT=shards slurm-array.sh
#   shunt merge shards/*.db -o all.db      (afterwards: sbatch --dependency=afterok:JOB)
#
# Keys come from the environment (api_key_env in the config). A spend cap is for each task: divide it.
set -eu
i=$SLURM_ARRAY_TASK_ID
n=${SLURM_ARRAY_TASK_COUNT:-8}
store=$OUT/shard-$i.db
mkdir -p "$OUT"
shunt import --store "$store" "$PROMPTS"
exec shunt collect --store "$store" --config "$CONFIG" --shard "$i/$n" --progress=never ${COLLECT_OPTIONS:-}
