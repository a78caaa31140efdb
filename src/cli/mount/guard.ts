// When this process is killed, nobody would answer the kernel any more, and whoever looks into the folder would get errors until
// somebody unmounts it. So a shell waits for that: it holds the other end of a pipe which the system closes.
import { spawn } from 'node:child_process'
import { OUR_TYPE } from './mount-table.ts'

export interface Guard {
  /** The folder is unmounted; there is nothing to guard. */
  dismiss(): void
}

// A line says that all is well, the end of the pipe without one that it is not. By then something else may be mounted there.
const SCRIPT = `
read -r line && exit 0
grep -q " $2 .* - ${OUR_TYPE} " /proc/self/mountinfo || exit 0
if [ "$(id -u)" = 0 ]; then umount -l "$1"; else fusermount3 -u -z "$1"; fi
`

/** @param device major and minor number of the mount: "0:39" */
export function guardMount(path: string, device: string): Guard {
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', path, device], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true, // signals of a terminal are for this process alone
  })
  shell.on('error', () => {}) // without a shell it is the next mount at this place that cleans up
  shell.stdin?.on('error', () => {})
  shell.unref()
  return { dismiss: () => void shell.stdin?.end('done\n') }
}
