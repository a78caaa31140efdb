import type { ReadableTree } from '../dataset/tree/readable-tree.ts'
import type { Caller } from '../hub/hub.ts'

/** What a caller may see. */
export type Trees = (caller: Caller) => ReadableTree
