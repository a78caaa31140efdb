// What a process that goes on running has used so far, from /proc: all of its threads, also those that have ended.
import { readFileSync, writeFileSync } from 'node:fs'

/** Ticks of the kernel's clock in a second: 100 on every Linux that Node runs on. */
const TICKS = 100

/** Seconds of processor time, user and system. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program is in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Most memory that it had at once since the last `resetPeak`, in bytes. */
export function peakOf(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
