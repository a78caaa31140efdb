// Extended attributes: which version this is, and what the bytes are to hash to.
//
//   user.aetherfs.reference   geo:latest@sha256:…, as the node was reached; what pull and show take
//   user.aetherfs.digest      sha256:…, of the snapshot
//   user.aetherfs.sha256      of a file: what sha256sum prints
import { formatDigest } from '../../core/id.ts'
import type { TagName } from '../../core/names.ts'
import type { Place, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { ERRNO } from './constants.ts'
import { encodeSize } from './replies.ts'
import { done, failed, type Reply } from './reply.ts'

export interface Shown {
  node: TreeNode
  /** The tag by which it was reached, where that is known. */
  tag: TagName | undefined
}

const PREFIX = 'user.aetherfs.'

export function attributeValue(shown: Shown, name: string | undefined, size: number): Reply {
  // Programs like ls ask each file for ACLs and labels, and stop when they hear that there are none of that kind.
  if (name === undefined || !name.startsWith('user.')) return failed(ERRNO.EOPNOTSUPP)
  const value = valuesOf(shown).get(name)
  return value === undefined ? failed(ERRNO.ENODATA) : sized(Buffer.from(value), size)
}

export function attributeNames(shown: Shown, size: number): Reply {
  return sized(Buffer.from([...valuesOf(shown).keys()].map((name) => `${name}\0`).join('')), size)
}

function sized(value: Buffer, size: number): Reply {
  if (size === 0) return done(encodeSize(value.length))
  return value.length > size ? failed(ERRNO.ERANGE) : done(value)
}

function valuesOf({ node, tag }: Shown): Map<string, string> {
  const values = new Map<string, string>()
  const set = (name: string, value: string | undefined) => value !== undefined && values.set(PREFIX + name, value)
  const digest = node.kind === 'folder' ? node.digest : node.place.digest
  set('digest', digest && formatDigest(digest))
  set('reference', referenceOf(node.place, tag, digest && formatDigest(digest)))
  set('sha256', node.kind === 'file' ? node.hash : undefined)
  return values
}

function referenceOf(place: Place, tag: TagName | undefined, digest: string | undefined): string | undefined {
  if (digest === undefined || !('dataset' in place)) return undefined
  const name = place.level === 'tag' ? place.tag : tag
  return `${place.dataset}${name === undefined ? '' : `:${name}`}@${digest}`
}
