// The codec of deltas alone, in a process of its own, so that its time and its memory are nobody else's:
//   delta-codec.ts encode <old folder> <new folder> <delta>
//   delta-codec.ts apply <old folder> <new folder> <delta>
// Prints a line of JSON. What records tell a hub, hashes and chunks, is found out beforehand and not in the times.
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { openDelta } from '../src/core/delta/apply.ts'
import { imageLength } from '../src/core/delta/delta-format.ts'
import { encodeDelta } from '../src/core/delta/encode.ts'
import { findAnchors } from '../src/dataset/delta/find-anchors.ts'
import { lengthOf } from '../src/dataset/delta/piece-queue.ts'
import { type OutlinedFolder, outlineFolder } from './data/outline.ts'

/** Bytes of one read of what is copied, as a pull reads. */
const READ_BYTES = 512 * 1024

export interface CodecUsage {
  /** Seconds. */
  wall: number
  /** Seconds of processor time, of all threads. */
  cpu: number
  /** Encoding: bytes of the new version that are in no chunk of the old one. Applying: bytes of the new version. */
  content: number
  /** Bytes of the delta, written or read. */
  bytes: number
}

const [work = '', before = '', after = '', path = ''] = process.argv.slice(2)
const [from, to] = [outlineFolder(before), outlineFolder(after)]
const usage = work === 'encode' ? await encode(from, to, path) : await apply(from, to, path)
process.stdout.write(`${JSON.stringify(usage)}\n`)
await Promise.all([from, to].map(({ content }) => content.close()))

async function encode(from: OutlinedFolder, to: OutlinedFolder, path: string): Promise<CodecUsage> {
  const header = { from: from.digest, to: to.digest, fromLengths: from.lengths, toLengths: to.lengths }
  let content = imageLength(to.lengths)
  const spent = stopwatch()
  const common = await findAnchors(from, to)
  for (const { length } of common.anchors) content -= length
  const file = createWriteStream(path)
  await pipeline(encodeDelta({ header, from: from.image, to: to.image, ...common }), file)
  return { ...spent(), content, bytes: file.bytesWritten }
}

/** Without writing what comes out: that is the disk's time. */
async function apply(from: OutlinedFolder, to: OutlinedFolder, path: string): Promise<CodecUsage> {
  const content = imageLength(to.lengths)
  const buffer = Buffer.alloc(READ_BYTES)
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  const spent = stopwatch()
  const delta = await openDelta(file)
  let made = 0
  for await (const piece of delta.pieces(from.image)) {
    made += lengthOf(piece)
    if ('bytes' in piece) continue
    for (let done = 0; done < piece.length; done += READ_BYTES) {
      const length = Math.min(READ_BYTES, piece.length - done)
      await from.image.read(piece.copyFrom + done, length, undefined, buffer.subarray(0, length))
    }
  }
  if (made !== content) throw new Error(`The delta makes ${made} bytes where ${content} are due`)
  return { ...spent(), content, bytes: file.bytesRead }
}

function stopwatch(): () => Pick<CodecUsage, 'wall' | 'cpu'> {
  const [started, before] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 }
  }
}
