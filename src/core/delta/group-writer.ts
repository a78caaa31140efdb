// Gathers operations into one group after the other, with the new bytes compressed against the old image around them.
import type { Peeker } from './byte-source.ts'
import { type DeltaOp, encodeHead, MAX_DICTIONARY, MAX_GROUP_DATA, MAX_GROUP_OPS, packData } from './delta-format.ts'
import {
  BRIDGE,
  createWindowList,
  DICTIONARY_PREFIX,
  dictionaryLength,
  type Window,
  type WindowList,
  windowsOf,
} from './windows.ts'

export interface GroupWriter {
  /** Takes the next operation; answers a group that was full without it. */
  add(op: DeltaOp): Promise<Uint8Array[]>
  /** The last group, if there is one. */
  finish(): Promise<Uint8Array[]>
}

/** Old bytes on either side of what is new. */
const PAD = 1024
/** The same for a group of few operations, which may as well see more. */
const WIDE_PAD = 32 * 1024
const FEW_OPS = 8

interface Draft {
  ops: DeltaOp[]
  data: Uint8Array[]
  dataLength: number
  windows: WindowList
  /** The bytes of the windows so far: taken when they were near, and not when the group is full. */
  dictionary: Uint8Array[]
  dictionaryLength: number
}

export function createGroupWriter(from: Peeker, to: Peeker): GroupWriter {
  let draft = newDraft()
  let at = 0

  function newDraft(): Draft {
    const windows = createWindowList({ before: PAD, after: PAD }, from.length)
    return { ops: [], data: [], dataLength: 0, windows, dictionary: [], dictionaryLength: 1 }
  }

  async function add(op: DeltaOp): Promise<Uint8Array[]> {
    const full = fits(op) ? [] : await finish()
    await takeWindows(op.copyFrom)
    if (op.dataLength > 0) draft.data.push(Uint8Array.from(await to.range(at + op.copyLength, op.dataLength)))
    at += op.copyLength + op.dataLength
    draft.ops.push(op)
    draft.dataLength += op.dataLength
    return full
  }

  function fits(op: DeltaOp): boolean {
    const { ops, dataLength, dictionaryLength: taken } = draft
    const last = ops.at(-1)
    if (last === undefined) return true
    const isRoom = taken + roomOf(last) + roomOf(op) <= MAX_DICTIONARY
    return isRoom && ops.length < MAX_GROUP_OPS && dataLength + op.dataLength <= MAX_GROUP_DATA
  }

  /** Those of the last operation, which depend on the one behind it. */
  async function takeWindows(back?: number): Promise<void> {
    const last = draft.ops.at(-1)
    if (last === undefined) return
    for (const { start, end } of draft.windows.add(last, back)) {
      draft.dictionary.push(Uint8Array.from(await from.range(start, end - start)))
      draft.dictionaryLength += end - start
    }
  }

  async function finish(): Promise<Uint8Array[]> {
    if (draft.ops.length === 0) return []
    await takeWindows()
    const { ops, data } = draft
    const wide = await wideDictionary(ops)
    const dictionary = wide ?? joined(draft.dictionary)
    const pad = wide ? WIDE_PAD : PAD
    draft = newDraft()
    const { codec, bytes } = packData(Buffer.concat(data), dictionary)
    return [encodeHead({ ops, before: pad, after: pad, codec, storedLength: bytes.length }), bytes]
  }

  async function wideDictionary(ops: DeltaOp[]): Promise<Uint8Array | undefined> {
    if (ops.length > FEW_OPS) return undefined
    const windows = windowsOf({ ops, before: WIDE_PAD, after: WIDE_PAD }, from.length)
    if (dictionaryLength(windows) > MAX_DICTIONARY) return undefined
    return joined(await rangesOf(windows))
  }

  async function rangesOf(windows: readonly Window[]): Promise<Uint8Array[]> {
    const ranges: Uint8Array[] = []
    for (const { start, end } of windows) ranges.push(await from.range(start, end - start))
    return ranges
  }

  return { add, finish }
}

function joined(windows: readonly Uint8Array[]): Uint8Array {
  return windows.length === 0 ? new Uint8Array() : Buffer.concat([Uint8Array.of(DICTIONARY_PREFIX), ...windows])
}

/** Bytes that an operation may add to the dictionary, at most. */
function roomOf({ dataLength }: DeltaOp): number {
  return dataLength === 0 ? 0 : 4 * dataLength + BRIDGE + 4 * PAD
}
