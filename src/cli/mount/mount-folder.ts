// Takes the place of a folder, and gives it back: by mount(8) as root, by fusermount3 as anybody else.
import { spawn } from 'node:child_process'
import { close as closeFile, open as openFile } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { AetherError, systemCode } from '../../core/errors.ts'
import { MAX_READ } from '../../protocols/fuse/constants.ts'
import { mountAsUser } from './mount-as-user.ts'
import { mountAt, OUR_TYPE, readMountTable } from './mount-table.ts'
import { runTool, type ToolOutcome } from './run-tool.ts'

const [open, close] = [promisify(openFile), promisify(closeFile)]
const DEVICE = '/dev/fuse'

export interface MountedFolder {
  /** Descriptor of the device, on which the kernel asks. */
  fd: number
  /** Major and minor number: "0:39". */
  device: string
}

export interface MountOptions {
  /** What df and mount show as the source. */
  source: string
  /** Whether others than this user, root too, may go in. */
  allowOther: boolean
}

/** @param path absolute, without links in it */
export async function mountFolder(path: string, options: MountOptions): Promise<MountedFolder> {
  await requireDevice()
  const fd = isRoot() ? await mountAsRoot(path, options) : await mountAsUser(path, optionWords(options))
  const device = mountAt(await readMountTable(), path)?.device
  if (device === undefined) throw new AetherError('internal', `There is no mount at "${path}" after it was mounted`)
  return { fd, device }
}

/**
 * Gives the folder back. Files that are open in it fail from then on, as nobody will answer for them.
 * @param device as `mountFolder` told it
 */
export async function unmountFolder(path: string, device: string): Promise<void> {
  if ((await unmount(path, [])).exit === 0) return
  if (!isRoot()) await abortConnection(device)
  const outcome = await unmount(path, isRoot() ? ['-f', '-l'] : ['-z'])
  if (outcome.exit === 0 || mountAt(await readMountTable(), path)?.type !== OUR_TYPE) return
  throw failed(`Cannot unmount "${path}"`, isRoot() ? 'umount' : 'fusermount3', outcome)
}

/**
 * For the end of the process in the middle of something: its threads wait for the kernel, and it would wait for them. Does not look at
 * the folder, which nobody answers for any more.
 */
export function unmountWhileExiting(path: string): void {
  const [command, ...words] = isRoot() ? ['umount', '-c', '-f', '-l', path] : ['fusermount3', '-u', '-z', path]
  spawn(command!, words, { stdio: 'ignore', cwd: '/', detached: true }).on('error', () => {})
}

function unmount(path: string, how: string[]): Promise<ToolOutcome> {
  return isRoot() ? runTool('umount', [...how, path]) : runTool('fusermount3', ['-u', ...how, path])
}

/** What root does with "umount -f". Where the kernel does not show its connections, open files hold the process up. */
async function abortConnection(device: string): Promise<void> {
  const [, minor] = device.split(':')
  await writeFile(`/sys/fs/fuse/connections/${minor}/abort`, '1').catch(() => {})
}

/** For hints. */
export function unmountCommand(folder: string): string {
  return isRoot() ? `umount ${folder}` : `fusermount3 -u ${folder}`
}

function isRoot(): boolean {
  return process.geteuid?.() === 0
}

async function requireDevice(): Promise<void> {
  if (process.platform !== 'linux')
    throw new AetherError('invalid', 'Datasets can be mounted on Linux only', {
      hint: 'Elsewhere read them through WebDAV or NFS, or pull them: aetherfs pull <folder> <reference>',
    })
  await access(DEVICE).catch((cause: unknown) => {
    throw new AetherError('not-found', `There is no ${DEVICE} on this machine`, {
      cause,
      hint: 'Load the module of the kernel with "modprobe fuse"; give a container --device /dev/fuse --cap-add SYS_ADMIN',
    })
  })
}

async function mountAsRoot(path: string, options: MountOptions): Promise<number> {
  const fd = await openDevice()
  const rights = ['fd=3', 'rootmode=40000', `user_id=${process.getuid!()}`, `group_id=${process.getgid!()}`]
  const words = [...optionWords(options), ...rights].join(',')
  const outcome = await runTool('mount', ['-i', '-t', 'fuse', '-o', words, options.source, path], { fd })
  if (outcome.exit === 0) return fd
  await close(fd)
  throw failed(`Cannot mount at "${path}"`, 'mount', outcome)
}

async function openDevice(): Promise<number> {
  try {
    return await open(DEVICE, 'r+')
  } catch (cause) {
    const code = systemCode(cause)
    const hint =
      code === 'ENODEV' || code === 'ENXIO'
        ? 'The kernel has no FUSE: load its module with "modprobe fuse"'
        : 'Give a container --device /dev/fuse --cap-add SYS_ADMIN'
    throw new AetherError(code === 'EPERM' || code === 'EACCES' ? 'denied' : 'not-found', `Cannot open ${DEVICE}`, {
      cause,
      hint,
    })
  }
}

/** What both ways of mounting take. Permissions are checked by the kernel: everything may be read, and nothing written. */
function optionWords({ allowOther, source }: MountOptions): string[] {
  const words = ['ro', 'nosuid', 'nodev', 'default_permissions', `max_read=${MAX_READ}`, 'subtype=aetherfs']
  if (!isRoot()) words.push(`fsname=${source.replaceAll(/[\\,]/g, '\\$&')}`)
  return allowOther ? [...words, 'allow_other'] : words
}

function failed(what: string, tool: string, { exit, stderr }: ToolOutcome): AetherError {
  if (exit === undefined)
    return new AetherError('not-found', `${what}: there is no program "${tool}"`, {
      hint: `It is in the package ${tool === 'fusermount3' ? 'fuse3' : 'mount'} of Debian, Ubuntu and others`,
    })
  const denied = /permission|superuser|must be root|not permitted/i.test(stderr)
  return new AetherError(denied ? 'denied' : 'internal', `${what}: ${stderr || `${tool} ended with ${exit}`}`, {
    hint: denied ? 'Mounting needs root, or fusermount3 and a /dev/fuse that this user may open' : undefined,
  })
}
