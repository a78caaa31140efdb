// Receipts: what a hub signs when it has checked and stored a block, so that any hub of the store takes the block in a publish.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import type { BlockInfo } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import { type BlockId, parseBlockId } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { Caller } from './hub.ts'
import { settleWrite } from './settle-write.ts'

/** How long a receipt is good, in milliseconds. Garbage collection leaves younger blocks alone. */
export const RECEIPT_LIFETIME = 24 * 3600 * 1000
/** Longest receipt that is looked at, in characters. */
const MAX_RECEIPT = 2048
/** Bytes of the key that receipts are signed with. */
export const RECEIPT_KEY_BYTES = 32
const DERIVED_BYTES = 32

export interface Receipts {
  sign(caller: Caller, dataset: DatasetName, block: BlockInfo): string
  /** @throws {AetherError} `denied` when it is forged, expired, another caller's or another dataset's. */
  check(caller: Caller, dataset: DatasetName, receipt: string): BlockInfo
  /** 32 bytes that every hub of the store makes of the same label, and nobody else. */
  derivedSecret(label: string): Uint8Array
}

const Payload = z.strictObject({
  subject: z.string(),
  dataset: z.string(),
  id: z.string(),
  size: z.int(),
  tailSize: z.int(),
  tailHash: z.string(),
  /** Milliseconds since 1970. */
  expires: z.number(),
})

export async function openReceipts(storage: Storage, now: () => number): Promise<Receipts> {
  const key = await receiptKey(storage)

  function mac(payload: string): Buffer {
    return createHmac('sha256', key).update(payload).digest()
  }

  function sign(caller: Caller, dataset: DatasetName, { id, size, tailSize, tailHash }: BlockInfo): string {
    const expires = now() + RECEIPT_LIFETIME
    const payload = Buffer.from(
      JSON.stringify({ subject: caller.subject, dataset, id, size, tailSize, tailHash, expires }),
    ).toString('base64url')
    return `${payload}.${mac(payload).toString('base64url')}`
  }

  function check(caller: Caller, dataset: DatasetName, receipt: string): BlockInfo {
    const [payload = '', signature = ''] = receipt.length > MAX_RECEIPT ? [] : receipt.split('.')
    const given = Buffer.from(signature, 'base64url')
    const right = mac(payload)
    if (given.length !== right.length || !timingSafeEqual(given, right))
      throw refused('it was not signed by a hub of this store')
    const claim = Payload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()))
    if (claim.subject !== caller.subject) throw refused('it was given to someone else')
    if (claim.dataset !== dataset) throw refused(`it is for the dataset "${claim.dataset}"`)
    if (claim.expires < now()) throw refused('it has expired')
    return {
      id: parseBlockId(claim.id) as BlockId,
      size: claim.size,
      tailSize: claim.tailSize,
      tailHash: claim.tailHash,
    }
  }

  return {
    sign,
    check,
    derivedSecret: (label) => new Uint8Array(hkdfSync('sha256', key, '', label, DERIVED_BYTES)),
  }
}

/** The signing key of this store; the first hub makes it. Whichever hub that was, its key is the one that counts. */
async function receiptKey(storage: Storage): Promise<Uint8Array> {
  const isThere = async () => (await storage.head(keys.receiptKey)) !== undefined
  const make = () => storage.put(keys.receiptKey, randomBytes(RECEIPT_KEY_BYTES), { ifAbsent: true })
  if (!(await isThere())) await settleWrite(make, isThere)
  const { bytes } = await storage.get(keys.receiptKey)
  if (bytes.length !== RECEIPT_KEY_BYTES)
    throw new AetherError(
      'integrity',
      `The store's key for receipts (${keys.receiptKey}) is damaged: ${bytes.length} bytes`,
    )
  return bytes
}

function refused(reason: string): AetherError {
  return new AetherError('denied', `A receipt is not accepted: ${reason}`, {
    hint: 'Push again: blocks without a good receipt are sent anew',
  })
}
