// The few calls of the C library that Node has nothing for: it takes no descriptor from a socket, and cannot end while a thread of it
// waits in the kernel.
import { AetherError } from '../../core/errors.ts'

export interface CLibrary {
  socketPair(): [ours: number, theirs: number]
  receiveDescriptor(socket: number): number | undefined
  close(fd: number): void
  /** @param argument goes in and out @returns -1 when it failed */
  ioctl(fd: number, request: number, argument: Buffer): number
  /** Ends the process without waiting for any of its threads. */
  exit(code: number): void
}

const AF_UNIX = 1
const SOCK_STREAM = 1
/** So that no other program that is started gets it; Node hands on what it is told to. */
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000

export async function openCLibrary(): Promise<CLibrary> {
  const ffi = await importFfi()
  const { functions: c } = ffi.dlopen(null, {
    socketpair: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'buffer'] },
    recvmsg: { return: 'i64', arguments: ['i32', 'buffer', 'i32'] },
    close: { return: 'i32', arguments: ['i32'] },
    ioctl: { return: 'i32', arguments: ['i32', 'u64', 'buffer'] },
    _exit: { return: 'void', arguments: ['i32'] },
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

  return {
    socketPair,
    receiveDescriptor,
    close: (fd) => void c.close(fd),
    ioctl: (fd, request, argument) => c.ioctl(fd, BigInt(request), argument),
    exit: (code) => c._exit(code),
  }
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
