// What is mounted where, as the kernel says it: /proc/self/mountinfo, described in proc_pid_mountinfo(5). Reading it touches no
// mount, so that it cannot wait for one whose process is gone or busy.
import { readFile } from 'node:fs/promises'

export interface MountEntry {
  /** Major and minor number of its device: "0:39". */
  device: string
  path: string
  /** "fuse.aetherfs" for ours. */
  type: string
  source: string
}

export const OUR_TYPE = 'fuse.aetherfs'

export async function readMountTable(): Promise<MountEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'))
}

/** In the order in which they were mounted. Lines that are of another form are left out. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [front = '', back] = line.split(' - ')
    const [, , device, , path] = front.split(' ')
    const [type, source] = back?.split(' ') ?? []
    if (device === undefined || path === undefined || type === undefined || source === undefined) return []
    return [{ device, path: unescaped(path), type, source: unescaped(source) }]
  })
}

/** The mount that is seen at a path: the last one of several that lie on top of each other. */
export function mountAt(table: readonly MountEntry[], path: string): MountEntry | undefined {
  return table.findLast((entry) => entry.path === path)
}

/** Spaces and the like stand there as octal numbers of their bytes. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
