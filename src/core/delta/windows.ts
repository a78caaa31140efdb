// Which parts of the old image are the dictionary of a group: what lies around the places where its operations leave the
// old image and come back to it. Both sides find this out from the operations alone. docs/format.md, section 10.3.
import type { DeltaOp, GroupHead } from './delta-format.ts'

/** A range of the old image. */
export interface Window {
  start: number
  end: number
}

/** Bytes between leaving and coming back for which a window is still one, beyond four times what is new there. */
export const BRIDGE = 4096

export interface WindowList {
  /** The windows that an operation adds. @param back where the next operation of the group comes back to the old image */
  add(op: DeltaOp, back?: number): Window[]
}

/**
 * None is empty, and none begins in the one before.
 * @param pads how far windows reach before and behind the places
 * @param length bytes of the old image
 */
export function createWindowList({ before, after }: Pick<GroupHead, 'before' | 'after'>, length: number): WindowList {
  let last: Window = { start: 0, end: 0 }

  function add(op: DeltaOp, back = op.copyFrom + op.copyLength + op.dataLength): Window[] {
    if (op.dataLength === 0) return []
    return around(op, back)
      .map(({ start, end }) => ({ start: Math.max(0, start - before), end: Math.min(length, end + after) }))
      .map(cut)
      .filter(({ start, end }) => start < end)
  }

  function cut({ start, end }: Window): Window {
    const overlaps = start >= last.start && start < last.end
    const window = { start: overlaps ? last.end : start, end }
    if (window.start < end) last = window
    return window
  }

  return { add }
}

function around({ copyFrom, copyLength, dataLength }: DeltaOp, back: number): Window[] {
  const leave = copyFrom + copyLength
  if (back >= leave && back - leave <= 4 * dataLength + BRIDGE) return [{ start: leave, end: back }]
  return [
    { start: leave, end: leave },
    { start: back, end: back },
  ]
}

/** The windows of a whole group, in the order of its operations. */
export function windowsOf(head: Pick<GroupHead, 'ops' | 'before' | 'after'>, length: number): Window[] {
  const list = createWindowList(head, length)
  return head.ops.flatMap((op, i) => list.add(op, head.ops[i + 1]?.copyFrom))
}

/** A dictionary that began with zstd's magic number would be read as a trained one; this byte in front keeps it raw. */
export const DICTIONARY_PREFIX = 0

/** Bytes of the dictionary with these windows, 0 for none. */
export function dictionaryLength(windows: readonly Window[]): number {
  return windows.length === 0 ? 0 : windows.reduce((sum, { start, end }) => sum + end - start, 1)
}
