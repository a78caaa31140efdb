// Mounting without being root: fusermount3, which is, opens the device and sends it back over a socket. Node has no call that takes
// a descriptor from a socket, so the C library is called.
import { AetherError } from '../../core/errors.ts'
import { runTool } from './run-tool.ts'

/** @returns a descriptor of the device */
export async function mountAsUser(path: string, options: readonly string[]): Promise<number> {
  const library = await openLibrary()
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

interface Library {
  socketPair(): [ours: number, theirs: number]
  receiveDescriptor(socket: number): number | undefined
  close(fd: number): void
}

const AF_UNIX = 1
const SOCK_STREAM = 1
/** So that no other program that is started gets it; Node hands on what it is told to. */
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000

async function openLibrary(): Promise<Library> {
  const ffi = await importFfi()
  const { functions: c } = ffi.dlopen(null, {
    socketpair: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'buffer'] },
    recvmsg: { return: 'i64', arguments: ['i32', 'buffer', 'i32'] },
    close: { return: 'i32', arguments: ['i32'] },
  })

  function socketPair(): [number, number] {
    const pair = Buffer.alloc(8)
    if (c.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !== 0)
      throw new AetherError('internal', 'The system gave no pair of sockets')
    return [pair.readInt32LE(0), pair.readInt32LE(4)]
  }

  /** With one byte comes the descriptor, as cmsg(3) says; it is there already, or it does not come. */
  function receiveDescriptor(socket: number): number | undefined {
    const [byte, control] = [Buffer.alloc(1), Buffer.alloc(24)]
    const vector = pointers(ffi.getRawPointer(byte), 1n)
    const message = pointers(0n, 0n, ffi.getRawPointer(vector), 1n, ffi.getRawPointer(control), 24n, 0n)
    if (c.recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 1n) return undefined
    const isDescriptor = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS
    return isDescriptor ? control.readInt32LE(16) : undefined
  }

  return { socketPair, receiveDescriptor, close: (fd) => void c.close(fd) }
}

function pointers(...values: bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(value, i * 8)
  return bytes
}

/** Node warns of what is new in it; users of this program are not to act on that. */
async function importFfi(): Promise<typeof import('node:ffi')> {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return await import('node:ffi')
  } catch (cause) {
    throw new AetherError('invalid', 'This Node cannot mount for users that are not root: it has no "node:ffi"', {
      cause,
      hint: 'Use Node 26.10 or newer, or mount as root',
    })
  } finally {
    process.emitWarning = emitWarning
  }
}
