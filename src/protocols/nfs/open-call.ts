// From the bytes of a request to those of its reply. What waits, bounds and sends stands in connection.ts.
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Procedure, Program, Work } from './program.ts'
import { frameRecord } from './record-marking.ts'
import { ACCEPT, acceptedReply, otherVersionReply, parseCall, type RpcCall } from './rpc-message.ts'
import type { XdrWriter } from './xdr-writer.ts'

/** A request that has been read, and not been answered yet. */
export interface OpenCall {
  /** Bytes of the answer at most, where they may be many. */
  bytes: number
  /** The reply as it goes to the network. Never fails: what goes wrong is told in the reply. */
  answer(signal: AbortSignal): Promise<Uint8Array[]>
  /** The reply when there was no room to carry it out. */
  fail(error: AetherError): Uint8Array[]
}

/** A call as metrics and log see it. */
export interface SeenCall {
  /** "nfs READ", or what there is none of. */
  procedure: string
  /** "ok", or the code of the error. */
  outcome: string
  ms: number
  /** Bytes of the reply. */
  bytes: number
  error?: AetherError
}

export type OnCall = (call: SeenCall) => void

/** @returns what opens calls; it throws an AetherError `invalid` for bytes that cannot be answered */
export function createCallOpener(programs: readonly Program[], onCall: OnCall): (record: Uint8Array) => OpenCall {
  function open(record: Uint8Array): OpenCall {
    const parsed = parseCall(record)
    if ('refusal' in parsed) return refused(parsed.refusal, 'rpc', 'denied')
    const { call } = parsed
    const program = programs.find(({ number }) => number === call.program)
    if (!program) return refused(acceptedReply(call.xid, ACCEPT.noProgram), 'unknown program', 'not-found')
    if (program.version !== call.version)
      return refused(otherVersionReply(call.xid, program.version), `${program.name} of another version`, 'not-found')
    const procedure = program.procedures[call.procedure]
    if (!procedure)
      return refused(acceptedReply(call.xid, ACCEPT.noProcedure), `${program.name} unknown procedure`, 'not-found')
    return opened(call, program, procedure)
  }

  function opened(call: RpcCall, program: Program, procedure: Procedure): OpenCall {
    const name = `${program.name} ${procedure.name}`
    const work = readWork(call, procedure)
    if (work === undefined) return refused(acceptedReply(call.xid, ACCEPT.garbage), name, 'invalid')
    const began = performance.now()

    function tell(reply: XdrWriter, error?: AetherError): Uint8Array[] {
      const facts = { procedure: name, outcome: error?.code ?? 'ok', ms: performance.now() - began }
      onCall({ ...facts, bytes: reply.length, ...(error && { error }) })
      return frameRecord(reply.parts())
    }

    const fail = (error: AetherError) => tell(failureReply(call.xid, program, procedure, error), error)
    return {
      bytes: work.bytes ?? 0,
      fail,
      async answer(signal) {
        const reply = acceptedReply(call.xid, ACCEPT.success)
        if (procedure.failureWords !== undefined) reply.u32(0)
        try {
          await work.write(reply, signal)
          return tell(reply)
        } catch (error) {
          return fail(toAetherError(error))
        }
      },
    }
  }

  function refused(reply: XdrWriter, procedure: string, outcome: string): OpenCall {
    onCall({ procedure, outcome, ms: 0, bytes: reply.length })
    const parts = frameRecord(reply.parts())
    return { bytes: 0, answer: async () => parts, fail: () => parts }
  }

  return open
}

/** Undefined when the arguments cannot be read. */
function readWork({ args }: RpcCall, procedure: Procedure): Work | undefined {
  try {
    return procedure.read(args)
  } catch (error) {
    if (error instanceof AetherError && error.code === 'invalid') return undefined
    throw error
  }
}

function failureReply(xid: number, program: Program, { failureWords }: Procedure, error: AetherError): XdrWriter {
  if (failureWords === undefined) return acceptedReply(xid, ACCEPT.failed)
  const reply = acceptedReply(xid, ACCEPT.success).u32(program.statusOf(error))
  for (let word = 0; word < failureWords; word++) reply.u32(0)
  return reply
}
