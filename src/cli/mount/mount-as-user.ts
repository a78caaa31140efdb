// Mounting without being root: fusermount3, which is, opens the device and sends it back over a socket.
import { AetherError } from '../../core/errors.ts'
import { openCLibrary } from './c-library.ts'
import { runTool } from './run-tool.ts'

/** @returns a descriptor of the device */
export async function mountAsUser(path: string, options: readonly string[]): Promise<number> {
  const library = await openCLibrary()
  const [ours, theirs] = library.socketPair()
  const args = ['-o', options.join(','), '--', path]
  const outcome = await runTool('fusermount3', args, { fd: theirs, env: { _FUSE_COMMFD: '3' } })
  library.close(theirs)
  const fd = outcome.exit === 0 ? library.receiveDescriptor(ours) : undefined
  library.close(ours)
  if (fd !== undefined) return fd
  if (outcome.exit === undefined)
    throw new AetherError('not-found', `Cannot mount at "${path}": there is no program "fusermount3"`, {
      hint: 'It is in the package fuse3 of Debian, Ubuntu and others; root can do without it',
    })
  throw new AetherError('denied', `Cannot mount at "${path}": ${outcome.stderr || 'fusermount3 gave no device'}`, {
    hint: /allow_other/.test(outcome.stderr)
      ? 'Root has to write "user_allow_other" into /etc/fuse.conf first'
      : 'This user has to own the folder and to be allowed to open /dev/fuse, which usually is so for all: chmod 0666 /dev/fuse',
  })
}
