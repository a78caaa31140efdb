// Calls and replies of ONC RPC version 2 (RFC 5531). The credentials that are taken say nothing that anybody could check.
import { AetherError } from '../../core/errors.ts'
import { createXdrReader, type XdrReader } from './xdr-reader.ts'
import { createXdrWriter, type XdrWriter } from './xdr-writer.ts'

export const RPC_VERSION = 2
export const AUTH_NONE = 0
export const AUTH_SYS = 1

export interface RpcCall {
  xid: number
  program: number
  version: number
  procedure: number
  /** What comes behind the header. */
  args: XdrReader
}

const CALL = 0
const REPLY = 1
const ACCEPTED = 0
const DENIED = 1
const RPC_MISMATCH = 0
const AUTH_ERROR = 1
const AUTH_BADCRED = 1

export const ACCEPT = { success: 0, noProgram: 1, otherVersion: 2, noProcedure: 3, garbage: 4, failed: 5 } as const

const MAX_CREDENTIAL = 400
const MAX_MACHINE_NAME = 255
const MAX_GROUPS = 16

/**
 * A call, or the reply that refuses it.
 * @throws {AetherError} `invalid` when it is no call, or its header is not whole
 */
export function parseCall(record: Uint8Array): { call: RpcCall } | { refusal: XdrWriter } {
  const args = createXdrReader(record)
  const xid = args.u32()
  if (args.u32() !== CALL) throw new AetherError('invalid', 'A client has sent something that is no call')
  if (args.u32() !== RPC_VERSION) return { refusal: otherRpcVersionReply(xid) }
  const [program, version, procedure] = [args.u32(), args.u32(), args.u32()]
  const isTaken = isGoodCredential(args.u32(), args.opaque(MAX_CREDENTIAL))
  args.u32() // the verifier, which is empty for the credentials that are taken
  args.opaque(MAX_CREDENTIAL)
  return isTaken ? { call: { xid, program, version, procedure, args } } : { refusal: badCredentialReply(xid) }
}

function isGoodCredential(flavor: number, body: Uint8Array): boolean {
  return flavor === AUTH_NONE || (flavor === AUTH_SYS && isSystemCredential(body))
}

function isSystemCredential(body: Uint8Array): boolean {
  try {
    const reader = createXdrReader(body)
    reader.u32() // a stamp
    reader.opaque(MAX_MACHINE_NAME)
    reader.fixed(8) // user and group
    const groups = reader.u32()
    reader.fixed(Math.min(groups, MAX_GROUPS) * 4)
    return groups <= MAX_GROUPS
  } catch (error) {
    if (error instanceof AetherError) return false
    throw error
  }
}

/** A reply to a call that was understood so far; for `success`, the results are to be written behind it. */
export function acceptedReply(xid: number, outcome: (typeof ACCEPT)[keyof typeof ACCEPT]): XdrWriter {
  return createXdrWriter().u32(xid).u32(REPLY).u32(ACCEPTED).u32(AUTH_NONE).u32(0).u32(outcome)
}

/** There is a program of this number, and it has this version only. */
export function otherVersionReply(xid: number, version: number): XdrWriter {
  return acceptedReply(xid, ACCEPT.otherVersion).u32(version).u32(version)
}

function otherRpcVersionReply(xid: number): XdrWriter {
  return createXdrWriter().u32(xid).u32(REPLY).u32(DENIED).u32(RPC_MISMATCH).u32(RPC_VERSION).u32(RPC_VERSION)
}

function badCredentialReply(xid: number): XdrWriter {
  return createXdrWriter().u32(xid).u32(REPLY).u32(DENIED).u32(AUTH_ERROR).u32(AUTH_BADCRED)
}
